//! TypeScript and JavaScript: text to [`Module`].
//!
//! Takes one file's text; gives its intermediate form, or the places where the parser gave up. Never reads another
//! file, never resolves a specifier, never knows a library by name.
//!
//! The rooms: [`exits`] says what leaving a scope runs; [`statements`], [`loops`], [`expressions`], [`operators`],
//! [`conditions`], [`literals`], [`jsx`] and [`patterns`] walk the tree; [`calls`], [`inlining`] and [`promises`] read
//! calls; [`functions`], [`classes`] and [`prototypes`] make functions and classes; [`components`] makes one of a component's
//! script; [`scopes`], [`modules`], [`namespaces`] and [`types`] fill the module's tables. Graphs are written with [`super::graph`].
//!
//! Readings that go beyond the letter of the program:
//! - A promise chain with literal callbacks is control flow, whether or not anybody awaits it. So is an immediately
//!   invoked function, the literal executor of `new Promise`, and the literal callback of `forEach` and `map`.
//! - `a.b = null` and `a.b = undefined` are deletions, except where a class declares its fields.
//! - `super.method()` is a call of kind `Super` whose callee is a field of the `extends` operand.
//! - `xs.map(callback)` yields a temporary that each turn of its loop replaces by `[...itself, value]`.
//! - The temporary of a `new Promise` whose executor was moved starts as [`crate::ir::Operand::Opaque`]: the calls of
//!   `resolve` that happen in other functions do not show in this graph.

mod calls;
mod classes;
mod components;
mod conditions;
mod exits;
mod expressions;
mod functions;
mod inlining;
mod jsx;
mod literals;
mod loops;
mod lowering;
mod modules;
mod namespaces;
mod operators;
mod patterns;
mod promises;
mod prototypes;
mod scopes;
mod statements;
mod types;

use std::borrow::Cow;
use std::cell::RefCell;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Semantic, SemanticBuilder, Stats};
use oxc_span::SourceType;

use crate::ir::{Module, ParseIssue};
use crate::source::{FileId, Language, Span};

use lowering::Lowering;

thread_local! {
    /// One arena for each thread, emptied before each file: most of its memory is reused.
    static ARENA: RefCell<Allocator> = RefCell::new(Allocator::new());
}

/// Lowers one file.
///
/// # Errors
/// When the parser finds nothing in the text that it could go on with: where it stopped, and why. Errors it recovers
/// from, and everything that is a matter of meaning (a name declared twice), are passed over.
pub fn lower(file: FileId, text: &str, language: Language) -> Result<Module, Vec<ParseIssue>> {
    lower_component(file, text, language, None)
}

/// Lowers the scripts of a component: what stands in `instance` runs for each instance.
pub(super) fn lower_component(
    file: FileId,
    text: &str,
    language: Language,
    instance: Option<Span>,
) -> Result<Module, Vec<ParseIssue>> {
    ARENA.with(|arena| match arena.try_borrow_mut() {
        Ok(mut arena) => {
            arena.reset();
            lower_in(&arena, file, text, language, instance)
        }
        Err(_) => lower_in(&Allocator::new(), file, text, language, instance),
    })
}

/// Whether [`lower`] would give a module.
///
/// # Errors
/// The offsets of the parser's errors.
pub fn accepts(text: &str, language: Language) -> Result<(), Vec<u32>> {
    ARENA.with(|arena| {
        let Ok(mut arena) = arena.try_borrow_mut() else {
            return accepts_in(&Allocator::new(), text, language);
        };
        arena.reset();
        accepts_in(&arena, text, language)
    })
}

/// Shows a file's tree, with what its names mean, to those who rewrite text. `None` when the parser refuses the file.
pub(crate) fn with_tree<R>(text: &str, language: Language, look: impl FnOnce(&Semantic<'_>) -> R) -> Option<R> {
    let arena = Allocator::new();
    let readable = readable(text);
    let program = dialects(language).iter().find_map(|&dialect| parse(&arena, &readable, dialect).ok())?;
    let program = arena.alloc(program);
    let built = SemanticBuilder::new().with_build_nodes(true).build(program);
    Some(look(&built.semantic))
}

/// How much of a text a compiler would refuse without knowing types: names declared twice, `await` where there is none.
pub(crate) fn complaints(text: &str, language: Language) -> usize {
    let arena = Allocator::new();
    let readable = readable(text);
    let Some(program) = dialects(language).iter().find_map(|&dialect| parse(&arena, &readable, dialect).ok()) else {
        return usize::MAX;
    };
    let program = arena.alloc(program);
    SemanticBuilder::new().with_check_syntax_error(true).build(program).diagnostics.len()
}

fn accepts_in(arena: &Allocator, text: &str, language: Language) -> Result<(), Vec<u32>> {
    let readable = readable(text);
    let mut refusal = None;
    for &dialect in dialects(language) {
        match parse(arena, &readable, dialect) {
            Ok(_) => return Ok(()),
            Err(issues) => {
                refusal.get_or_insert(issues);
            }
        }
    }
    Err(refusal.unwrap_or_default().into_iter().map(|issue| issue.span.start).collect())
}

fn lower_in(
    arena: &Allocator,
    file: FileId,
    text: &str,
    language: Language,
    instance: Option<Span>,
) -> Result<Module, Vec<ParseIssue>> {
    let readable = readable(text);
    let mut refusal = None;
    for &dialect in dialects(language) {
        match parse(arena, &readable, dialect) {
            Ok(program) => {
                let program = arena.alloc(program);
                let scoping = SemanticBuilder::new().with_stats(estimate(text)).build(program).semantic.into_scoping();
                return Ok(Lowering::new(file, language, text, program, scoping).module(program, instance));
            }
            Err(issues) => {
                refusal.get_or_insert(issues);
            }
        }
    }
    Err(refusal.unwrap_or_default())
}

/// About as much as a text of this length has of each: room made beforehand, which is cheaper than to go through the
/// tree for the counts.
fn estimate(text: &str) -> Stats {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let (nodes, scopes, symbols, references) = (0, length / 128, length / 64, length / 24);
    Stats::new(nodes, scopes, symbols, references)
}

/// The dialects to try, the likeliest first. JavaScript may carry types that a build step strips.
fn dialects(language: Language) -> &'static [SourceType] {
    const TYPESCRIPT: &[SourceType] = &[SourceType::ts()];
    const TSX: &[SourceType] = &[SourceType::tsx()];
    const JAVASCRIPT: &[SourceType] =
        &[SourceType::unambiguous().with_jsx(true), SourceType::script().with_jsx(true), SourceType::tsx()];
    const COMPONENT: &[SourceType] = &[SourceType::ts(), SourceType::tsx()];
    match language {
        Language::TypeScript => TYPESCRIPT,
        Language::Tsx => TSX,
        Language::JavaScript => JAVASCRIPT,
        Language::Vue | Language::Svelte => COMPONENT,
        Language::Rust => &[],
    }
}

/// The text as the parser takes it, byte for byte as long: it counts a byte-order mark as white space, but then does
/// not see the `#!` behind it.
fn readable(text: &str) -> Cow<'_, str> {
    match text.strip_prefix("\u{feff}#!") {
        Some(rest) => Cow::Owned(format!("   //{rest}")),
        None => Cow::Borrowed(text),
    }
}

fn parse<'a>(arena: &'a Allocator, text: &'a str, dialect: SourceType) -> Result<Program<'a>, Vec<ParseIssue>> {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(arena, text, dialect).with_options(options).parse();
    if !parsed.panicked {
        return Ok(parsed.program);
    }
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    Err(parsed
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let label = diagnostic.labels.first();
            let start = label.map_or(0, |label| label.offset()).min(end);
            let length = label.map_or(0, |label| label.len());
            ParseIssue {
                span: Span::new(start, start.saturating_add(length).min(end)),
                message: plain_message(&diagnostic.message),
            }
        })
        .collect())
}

/// The parser's message in our style: lower case, no final period.
fn plain_message(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "syntax error".to_owned(),
    }
}
