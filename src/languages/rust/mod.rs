//! Rust: text to [`Module`].
//!
//! Takes one file's text; gives its intermediate form, or the places where the parser gave up. Never reads another
//! file, never resolves a path beyond the file, never knows a crate by name.
//!
//! The rooms: [`items`], [`implementations`], [`attributes`], [`types`] and [`paths`] fill the module's tables; [`blocks`], [`expressions`], [`control`],
//! [`patterns`], [`plumbing`] and [`macros`] walk bodies; [`drops`] says what leaving a scope drops; [`comments`]
//! finds what the tokenizer drops, with [`lexis`].
//!
//! Readings that go beyond the letter of the program:
//! - `?` is what `await` is to a promise: it takes the settled value, or leaves through the exceptional edge. A function
//!   that returns a `Result` or an `Option` is therefore marked as async. `.await` alone waits and gives the same value.
//! - `Ok(x)`, `Some(x)`, `&x`, `*x`, `Box::new(x)` and casts are `x`: they hold the same resource.
//! - Panics are not followed: what a panic leaks, the process that unwinds drops.
//! - What is compiled for tests only is left out.
//! - A struct literal constructs its struct: each struct has a constructor that stores the fields it is given.
//! - Moves are followed on every path, so a scope drops only what it still has.

mod attributes;
mod blocks;
mod comments;
mod control;
mod defaults;
mod drops;
mod expressions;
mod implementations;
mod items;
pub(super) mod lexis;
mod lowering;
mod macros;
mod paths;
mod patterns;
mod placed;
mod platforms;
mod plumbing;
mod types;

use std::borrow::Cow;
use std::str::FromStr as _;

use proc_macro2::TokenStream;

use crate::ir::{Module, ParseIssue};
use crate::source::{FileId, Language, Span};

use lowering::Lowering;

/// Lowers one file.
///
/// # Errors
/// Where the parser stopped, and why: it gives no tree for a text with an error in it.
pub fn lower(file: FileId, text: &str, language: Language) -> Result<Module, Vec<ParseIssue>> {
    let result = parse(text).map(|tree| Lowering::new(file, language, text).module(&tree));
    forget_spans();
    result.map_err(|issue| vec![issue])
}

/// Whether [`lower`] would give a module.
///
/// # Errors
/// The offset at which the parser stopped.
pub fn accepts(text: &str) -> Result<(), Vec<u32>> {
    let result = parse(text).map(drop);
    forget_spans();
    result.map_err(|issue| vec![issue.span.start])
}

/// Shows a file's tree to those who rewrite text; its spans are ranges only as long as this lasts. `None` when the parser
/// refuses the file.
pub(crate) fn with_tree<R>(text: &str, look: impl FnOnce(&syn::File) -> R) -> Option<R> {
    let seen = parse(text).ok().map(|tree| look(&tree));
    forget_spans();
    seen
}

/// The tokenizer keeps every text it has read for the sake of spans; ours have become byte ranges by now.
fn forget_spans() {
    proc_macro2::extra::invalidate_current_thread_spans();
}

fn parse(text: &str) -> Result<syn::File, ParseIssue> {
    let readable = readable(text);
    let tokens = TokenStream::from_str(&readable).map_err(|error| issue(error.span(), &error.to_string()))?;
    syn::parse2(tokens).map_err(|error| issue(error.span(), &error.to_string()))
}

fn issue(span: proc_macro2::Span, message: &str) -> ParseIssue {
    ParseIssue { span: range(span), message: message.trim_end_matches('.').to_owned() }
}

/// The text as the tokenizer takes it, byte for byte as long: it would cut a byte-order mark off, and with it shift every
/// position. A `#!` line is blank; as a comment it might become a `///` one.
fn readable(text: &str) -> Cow<'_, str> {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &text[mark..];
    let is_shebang = rest.strip_prefix("#!").is_some_and(|after| !after.trim_start().starts_with('['));
    let shebang = if is_shebang { rest.find('\n').unwrap_or(rest.len()) } else { 0 };
    match mark + shebang {
        0 => Cow::Borrowed(text),
        blank => Cow::Owned(" ".repeat(blank) + &text[blank..]),
    }
}

pub(crate) fn range(span: proc_macro2::Span) -> Span {
    let range = span.byte_range();
    let offset = |at: usize| u32::try_from(at).expect("invariant: files over 4 GiB are refused when they are read");
    Span::new(offset(range.start), offset(range.end.max(range.start)))
}

/// From the first token of a node to its last.
fn span_of(node: &impl syn::spanned::Spanned) -> Span {
    // The joined span of a fallback token stream covers all of it.
    range(node.span())
}
