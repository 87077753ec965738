//! A mistake in a configuration file, shown where it stands.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{Diagnostic, Label};
use codespan_reporting::files::SimpleFile;
use codespan_reporting::term;

use super::full::Painter;
use super::text::printable;
use crate::config::Mistake;

/// Writes `mistake` to `out`, with the place that has to change where it is known.
///
/// # Errors
///
/// Only what `out` returns.
pub fn write(mistake: &Mistake, out: &mut dyn Write) -> io::Result<()> {
    let file = SimpleFile::new(printable(&mistake.path).into_owned(), &mistake.text);
    let help = mistake.help.iter().map(|help| format!("help: {}", printable(help)));
    let diagnostic = Diagnostic::error()
        .with_message(printable(&mistake.message))
        .with_labels(mistake.span.iter().map(|span| Label::primary((), span.clone())).collect())
        .with_notes(help.collect());
    term::emit_to_write_style(&mut Painter { out }, &term::Config::default(), &file, &diagnostic).map_err(|error| {
        match error {
            codespan_reporting::files::Error::Io(error) => error,
            other => io::Error::other(other),
        }
    })
}
