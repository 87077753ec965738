//! Front ends: text to intermediate form.
//!
//! Takes one source file; gives its module and a list of what could not be read. Never fails and never panics: text
//! that nests too deeply for any parser is refused before one sees it ([`nesting`]), what the precise parser refuses is
//! healed ([`healing`]), and a bug in a front end costs only the file in which it occurs. Never reads a file system and
//! never looks at another file.

mod components;
mod graph;
pub mod healing;
pub mod nesting;
pub mod rust;
pub mod typescript;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ir::{Module, ParseIssue};
use crate::source::{FileId, Language, LineIndex, SourceFile, Span};

/// The stack a thread should have that lowers files. Only what is touched takes memory.
pub const STACK_SIZE: usize = 64 << 20;

/// Files that nest deeper are refused. People write up to fifty levels, bundlers up to some hundred; at this depth
/// parser, resolver and lowering together take less than half of [`STACK_SIZE`], without optimisation too.
pub const MAX_LEVELS: u32 = 1_000;

/// Up to here any thread's stack will do.
const SHALLOW_LEVELS: u32 = 48;

/// One language's precise reader.
pub trait FrontEnd: Sync {
    /// The module, or the errors for which there is none.
    fn lower(&self, file: FileId, text: &str, language: Language) -> Result<Module, Vec<ParseIssue>>;

    /// Whether [`FrontEnd::lower`] would give a module; else the offsets of the errors.
    fn accepts(&self, text: &str, language: Language) -> Result<(), Vec<u32>>;
}

/// TypeScript and JavaScript.
#[derive(Debug, Clone, Copy)]
pub struct TypeScript;

impl FrontEnd for TypeScript {
    fn lower(&self, file: FileId, text: &str, language: Language) -> Result<Module, Vec<ParseIssue>> {
        typescript::lower(file, text, language)
    }

    fn accepts(&self, text: &str, language: Language) -> Result<(), Vec<u32>> {
        typescript::accepts(text, language)
    }
}

/// The scripts of a file of markup, which is blank already.
#[derive(Debug, Clone, Copy)]
struct Component {
    /// What of it runs for each instance.
    instance: Option<Span>,
}

impl FrontEnd for Component {
    fn lower(&self, file: FileId, text: &str, language: Language) -> Result<Module, Vec<ParseIssue>> {
        typescript::lower_component(file, text, language, self.instance)
    }

    fn accepts(&self, text: &str, language: Language) -> Result<(), Vec<u32>> {
        typescript::accepts(text, language)
    }
}

/// Rust.
#[derive(Debug, Clone, Copy)]
pub struct Rust;

impl FrontEnd for Rust {
    fn lower(&self, file: FileId, text: &str, language: Language) -> Result<Module, Vec<ParseIssue>> {
        rust::lower(file, text, language)
    }

    fn accepts(&self, text: &str, _language: Language) -> Result<(), Vec<u32>> {
        rust::accepts(text)
    }
}

/// The module of `source`, and what of it could not be read.
///
/// May be called on any thread: a file that nests deeply is lowered on a thread of its own, with [`STACK_SIZE`].
#[must_use]
pub fn lower(file: FileId, source: &SourceFile) -> (Module, Vec<ParseIssue>) {
    match source.language {
        Language::TypeScript | Language::Tsx | Language::JavaScript => {
            lower_with(&TypeScript, file, &source.text, source.language)
        }
        Language::Vue | Language::Svelte => {
            let scripts = components::scripts(&source.text, source.language);
            lower_with(&Component { instance: scripts.instance }, file, &scripts.text, source.language)
        }
        Language::Rust => lower_with(&Rust, file, &source.text, source.language),
    }
}

/// What of a file is script, and how it is written: of files without markup all of it.
pub(crate) struct Script<'t> {
    /// As long as the file, and blank where it is no script.
    pub(crate) text: Cow<'t, str>,
    pub(crate) spans: Vec<Span>,
    pub(crate) is_typed: bool,
}

/// The script of a file.
pub(crate) fn script(text: &str, language: Language) -> Script<'_> {
    if language.is_component() {
        let components::Scripts { text, spans, is_typed, .. } = components::scripts(text, language);
        return Script { text: text.into(), spans, is_typed };
    }
    let all = Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX));
    Script { text: text.into(), spans: vec![all], is_typed: language != Language::JavaScript }
}

/// [`lower`] with this front end.
#[must_use]
fn lower_with(front_end: &impl FrontEnd, file: FileId, text: &str, language: Language) -> (Module, Vec<ParseIssue>) {
    let depth = nesting::deepest(text, language, MAX_LEVELS);
    let nothing = |issue| (Module::empty(file, language), vec![issue]);
    if depth.levels > MAX_LEVELS {
        return nothing(too_deep(text, depth.offset));
    }
    let read = || catch_unwind(AssertUnwindSafe(|| read(front_end, file, text, language)));
    let result = if depth.levels <= SHALLOW_LEVELS {
        read()
    } else {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, read);
            thread.map_err(|error| Box::new(error) as _).and_then(|thread| thread.join().and_then(|result| result))
        })
    };
    result.unwrap_or_else(|_| {
        let message = "this file could not be read: the parser failed on it".to_owned();
        nothing(ParseIssue { span: Span::default(), message })
    })
}

fn read(front_end: &impl FrontEnd, file: FileId, text: &str, language: Language) -> (Module, Vec<ParseIssue>) {
    let errors = match front_end.lower(file, text, language) {
        Ok(mut module) => {
            module.shrink();
            return (module, Vec::new());
        }
        Err(errors) => errors,
    };
    let accepts = |text: &str| {
        // What is blank may have closed brackets, so a text on its way may nest deeper than the one it came from.
        match nesting::depth_exceeds(text, language, MAX_LEVELS) {
            Some(offset) => Err(vec![offset]),
            None => front_end.accepts(text, language),
        }
    };
    let healed = healing::heal(text, language, accepts);
    let lowered = healed.and_then(|healed| {
        let module = front_end.lower(file, &healed.text, language).ok()?;
        Some((module, healed.blanked))
    });
    match lowered {
        Some((module, blanked)) => (module, issues(&blanked)),
        None => (Module::empty(file, language), vec![unreadable(text, errors)]),
    }
}

/// One issue for each blanked part, as many as anybody reads.
fn issues(blanked: &[healing::Blanked]) -> Vec<ParseIssue> {
    const MAX_ISSUES: usize = 20;
    let parts = blanked.iter().filter_map(|blanked| {
        let message = match blanked.why {
            healing::Why::Broken => "syntax error: this part could not be read; the rest of the file was",
            healing::Why::Conflict => "merge conflict: this part was left out; the first side was read",
            healing::Why::ConflictMarker => return None,
        };
        Some(ParseIssue { span: blanked.span, message: message.to_owned() })
    });
    let mut issues: Vec<ParseIssue> = parts.collect();
    let more = issues.len().saturating_sub(MAX_ISSUES);
    issues.truncate(MAX_ISSUES);
    if more > 0
        && let Some(last) = issues.last_mut()
    {
        last.message.push_str(&format!("; so with {more} more parts of it"));
    }
    issues
}

fn unreadable(text: &str, errors: Vec<ParseIssue>) -> ParseIssue {
    let first = errors.into_iter().next();
    let (span, reason) = first.map_or((Span::default(), String::new()), |error| (error.span, error.message));
    // A parser may stop behind the text, and within a character: a line separator that ends a string is three bytes long.
    let (start, end) = (text.floor_char_boundary(span.start as usize), text.ceil_char_boundary(span.end as usize));
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span::new(offset(start), offset(end.max(start)));
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    ParseIssue { span, message: format!("syntax error: this file could not be read{reason}") }
}

fn too_deep(text: &str, offset: u32) -> ParseIssue {
    let line = LineIndex::new(text).position(offset).line;
    let message = format!("nested too deeply to be read: more than {MAX_LEVELS} levels at line {line}");
    ParseIssue { span: Span::new(offset, offset), message }
}
