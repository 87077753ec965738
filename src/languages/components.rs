//! Files of markup with scripts in them: everything but the scripts is blanked, so that offsets and lines stay.
//!
//! Only scripts at the left margin count where any is there: those further in belong to the markup they stand in.

use std::ops::Range;

use memchr::memmem;

use crate::source::{Language, Span};

/// What of a file is script.
#[derive(Debug)]
pub(super) struct Scripts {
    /// As long as the file, and blank where it is no script.
    pub(super) text: String,
    /// What runs for each instance of the component; the rest runs once.
    pub(super) instance: Option<Span>,
    /// Where the scripts are.
    pub(super) spans: Vec<Span>,
    /// Whether types may be written in them.
    pub(super) is_typed: bool,
}

struct Script {
    body: Range<usize>,
    is_instance: bool,
    is_at_margin: bool,
    is_typed: bool,
}

pub(super) fn scripts(text: &str, language: Language) -> Scripts {
    let mut found = find(text, language);
    if found.iter().any(|script| script.is_at_margin) {
        found.retain(|script| script.is_at_margin);
    }
    let mut bytes: Vec<u8> = text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { byte } else { b' ' }).collect();
    for script in &found {
        bytes[script.body.clone()].copy_from_slice(&text.as_bytes()[script.body.clone()]);
    }
    let span = |script: &Script| {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span::new(offset(script.body.start), offset(script.body.end))
    };
    Scripts {
        text: String::from_utf8(bytes).expect("invariant: scripts are whole and the rest is ASCII"),
        instance: found.iter().find(|script| script.is_instance).map(span),
        spans: found.iter().map(span).collect(),
        is_typed: !found.is_empty() && found.iter().all(|script| script.is_typed),
    }
}

fn find(text: &str, language: Language) -> Vec<Script> {
    let bytes = text.as_bytes();
    let mut scripts = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'<', &bytes[at..]).map(|offset| at + offset) {
        let rest = &bytes[next..];
        if rest.starts_with(b"<!--") {
            let Some(end) = memmem::find(rest, b"-->") else { break };
            at = next + end + 3;
            continue;
        }
        at = next + 1;
        let is_script = rest.len() > 7
            && rest[..7].eq_ignore_ascii_case(b"<script")
            && (rest[7] == b'>' || rest[7].is_ascii_whitespace());
        if !is_script {
            continue;
        }
        let Some(head) = tag_end(rest) else { break };
        let Some(length) = memmem::find(&rest[head..], b"</script") else { break };
        let attributes = &text[next + 7..next + head - 1];
        let body = next + head..next + head + length;
        at = body.end;
        if is_program(attributes) {
            let is_at_margin = next == 0 || bytes[next - 1] == b'\n' || text[..next] == *"\u{feff}";
            let is_typed =
                attribute(attributes, "lang").is_some_and(|lang| lang.starts_with("ts") || lang == "typescript");
            let is_instance = is_instance(attributes, language);
            scripts.push(Script { body, is_instance, is_at_margin, is_typed });
        }
    }
    scripts
}

/// The length of a tag, up to and with its `>`; attributes may hold one in quotes.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of an attribute; empty where it has none.
fn attribute<'t>(attributes: &'t str, name: &str) -> Option<&'t str> {
    attributes.split_ascii_whitespace().find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key == name).then(|| value.trim_matches(['"', '\'']))
    })
}

/// Whether a script is code that we read: not data, not another language.
fn is_program(attributes: &str) -> bool {
    let language = attribute(attributes, "lang").unwrap_or_default();
    let kind = attribute(attributes, "type").unwrap_or_default();
    matches!(language, "" | "ts" | "tsx" | "js" | "jsx" | "typescript" | "javascript")
        && matches!(kind, "" | "module" | "text/javascript" | "text/typescript")
}

fn is_instance(attributes: &str, language: Language) -> bool {
    match language {
        Language::Vue => attribute(attributes, "setup").is_some(),
        _ => attribute(attributes, "module").is_none() && attribute(attributes, "context") != Some("module"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, language: Language, expected: &str, instance: Option<&str>) {
        let scripts = scripts(text, language);
        assert_eq!(scripts.text.len(), text.len());
        let lines = |text: &str| text.matches('\n').count();
        assert_eq!(lines(&scripts.text), lines(text));
        assert_eq!(scripts.text.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
        let found = scripts.instance.map(|span| text[span.range()].trim());
        assert_eq!(found, instance, "{text}");
    }

    #[test]
    fn scripts_of_components() {
        check("<template>ä<b v-if=\"a > b\"/></template>\n<script>\na\n</script>", Language::Vue, "a", None);
        check("<script>\na\n</script>\n<script setup lang=\"ts\">b</script>", Language::Vue, "a b", Some("b"));
        check(
            "<script lang='ts' generic=\"T extends Record<string, string>\" setup>\nb</script>",
            Language::Vue,
            "b",
            Some("b"),
        );
        check("<script context=\"module\">a</script>\n<script>b</script>", Language::Svelte, "a b", Some("b"));
        check("<script module>a</script>", Language::Svelte, "a", None);
        check("<script>a</script>\n<svelte:head>\n <script>b</script></svelte:head>", Language::Svelte, "a", Some("a"));
    }

    #[test]
    fn what_is_no_script() {
        check("<script type=\"application/ld+json\">{}</script>", Language::Vue, "", None);
        check("<script lang=\"coffee\">a</script>", Language::Vue, "", None);
        check("<!-- <script>a</script> -->", Language::Svelte, "", None);
        check("<script>a", Language::Svelte, "", None);
        check("<scripts>a</scripts>", Language::Svelte, "", None);
    }
}
