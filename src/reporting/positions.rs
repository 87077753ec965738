//! Lines and columns of locations, with one line index for each file that is asked about.

use std::cell::OnceCell;

use crate::run::Report;
use crate::source::{LineIndex, Location, Position, SourceFile};

pub(super) struct Positions<'r> {
    files: &'r [SourceFile],
    indices: Vec<OnceCell<LineIndex<'r>>>,
}

/// Where a location is, for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'r> {
    pub(super) path: &'r str,
    pub(super) start: Position,
    pub(super) end: Position,
}

impl<'r> Positions<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let indices = report.files.iter().map(|_| OnceCell::new()).collect();
        Self { files: &report.files, indices }
    }

    pub(super) fn place(&self, location: Location) -> Place<'r> {
        let index = self.lines(location);
        Place {
            path: &self.file(location).display_path,
            start: index.position(location.span.start),
            end: index.position(location.span.end),
        }
    }

    pub(super) fn lines(&self, location: Location) -> &LineIndex<'r> {
        let at = location.file.index();
        self.indices[at].get_or_init(|| LineIndex::new(&self.files[at].text))
    }

    pub(super) fn file(&self, location: Location) -> &'r SourceFile {
        &self.files[location.file.index()]
    }
}
