//! How deeply a text nests, measured from its bytes before any parser sees it.
//!
//! Takes a text; gives the depth of its deepest point. Never recurses, never fails, never builds a tree. Parsers and
//! tree visitors recurse, and a stack overflow cannot be caught: so depth is measured first, and what is too deep is
//! refused.
//!
//! The scan is rough on purpose and errs upwards: where a byte may be code or text (a slash after `}`, the words
//! between JSX tags), its brackets count. Closing brackets only close what was opened on the same side of a JSX tag.

mod lexis;
mod markup;
mod rust;
mod scan;
mod text;

use crate::source::Language;

use scan::{LEVEL, Scan};

/// The deepest point of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// In levels of brackets; long chains of operators count for a fraction each.
    pub levels: u32,
    /// Where that depth is reached first.
    pub offset: u32,
}

/// The offset at which `text` first nests deeper than `limit` levels.
#[must_use]
pub fn depth_exceeds(text: &str, language: Language, limit: u32) -> Option<u32> {
    let depth = deepest(text, language, limit);
    (depth.levels > limit).then_some(depth.offset)
}

/// The deepest point of `text`; the scan stops at the first point deeper than `stop_above`.
#[must_use]
pub fn deepest(text: &str, language: Language, stop_above: u32) -> Depth {
    let mut scan = Scan::new(text, language, stop_above);
    scan.run();
    Depth {
        levels: scan.deepest / LEVEL,
        offset: u32::try_from(scan.deepest_at).expect("invariant: files over 4 GiB are refused when they are read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str, language: Language) -> u32 {
        deepest(text, language, u32::MAX / LEVEL - 1).levels
    }

    /// The text is as deep as expected, give or take the operators in it.
    fn check(text: &str, expected: u32) {
        let levels = levels(text, Language::Tsx);
        assert!((expected..=expected + 1).contains(&levels), "{levels} levels, not {expected}, in {text:?}");
    }

    fn check_deep(text: &str, at_least: u32) {
        for language in [Language::TypeScript, Language::Tsx] {
            let levels = levels(text, language);
            assert!(
                levels >= at_least,
                "{levels} levels, fewer than {at_least}, in {:?}…",
                &text[..40.min(text.len())]
            );
        }
    }

    #[test]
    fn rust_hides_its_own() {
        for (text, expected) in [
            ("fn f<'a>(x: &'a str) { g((x)) }", 3),
            ("let c = '('; let d = '\\''; let e = 'é'; 'outer: loop { break 'outer }", 1),
            ("let s = \"((\n((\"; f(r#\"\"((((\"#, br\"((\")", 1),
            ("/* ( /* ( */ ( */ x // ((((", 0),
            ("let r#type = a / (b / c);", 1),
        ] {
            let levels = levels(text, Language::Rust);
            assert!((expected..=expected + 1).contains(&levels), "{levels} levels, not {expected}, in {text:?}");
        }
    }

    #[test]
    fn brackets_nest() {
        check("f(a, [b, { c: (d) }])", 4);
        check("f(a); g(b); h(c)", 1);
        check("", 0);
    }

    #[test]
    fn text_hides_brackets() {
        check(r#"x = "((((((" + '[[[[\'[[['"#, 0);
        check("// ((((((((\n/* [[[[[ */ x", 0);
        check("x = /[(/]((((\\/((/g", 0);
        check("x = `(((( ${ y } ((((`", 1);
        check("x = `${`${`${ y }`}`}`", 3);
        check("#!/usr/bin/env ((((\nx", 0);
        check("<p>it's {a} don't (see {b}) can't</p>", 3);
    }

    #[test]
    fn a_slash_after_a_brace_hides_nothing() {
        check("{} /'/; ((((x))))", 4);
        check("if (a) /'/.test(((b)))", 4);
    }

    #[test]
    fn statements_end_chains() {
        check(&"a.b.c.d = e + f + g;\n".repeat(1000), 0);
        check(&"a.b.c.d = e + f + g\n".repeat(1000), 0);
        check(&"const f = (x) => x!\n".repeat(1000), 1);
        check(&"if (a) b()\n".repeat(1000), 2);
        check(&"if (a) { b() } else { c() }\n".repeat(1000), 2);
        check(&"class A { b() {} c = 1 }\n".repeat(1000), 2);
        check(&format!("switch (a) {{ {} }}", "case 1: b(); break; ".repeat(1000)), 2);
        check(&format!("switch (a) {{ {} }}", "case 1: ".repeat(1000)), 1);
        check(&format!("interface A {{ {} }}", "b: Map<string, C<D>>\n".repeat(1000)), 3);
        check(&format!("x = {{ {} }}", "b: c ? d : e, ".repeat(1000)), 1);
        check(&"<p>a < b. <b>c</b></p>;\n".repeat(1000), 2);
    }

    #[test]
    fn every_sort_of_nesting_counts() {
        let deep = |unit: &str| unit.repeat(1000);
        for unit in [
            "(",
            "[",
            "{",
            "a(",
            "`${",
            "[{a:",
            "{ if (a) ",
            "() => { ",
            "V<V, ",
            "if (a) ",
            "else if (a) ",
            "while(a)\n",
        ] {
            check_deep(&deep(unit), 900);
        }
        assert!(levels(&format!("x = {}", deep("<a>")), Language::Tsx) >= 900);
        check_deep(&format!("if (a) b; {}", deep("else if (a) b; ")), 900);
        check_deep(&format!("if (a) {{}} {}", deep("else if (a) { b } ")), 900);
        for unit in ["!", "<a>", "a = ", "a => ", "a ? b : ", "typeof ", "- ", "await ", "a\n= "] {
            check_deep(&deep(unit), 200);
        }
        for unit in ["+ 1 ", ".b()", "\n.b()", "(a)", "[0]", "`a`", "?.b", "&& b "] {
            check_deep(&format!("a{}", deep(unit)), 120);
        }
    }

    #[test]
    fn the_scan_says_where() {
        assert_eq!(depth_exceeds("((((x))))", Language::TypeScript, 2), Some(3));
        assert_eq!(depth_exceeds("((((x))))", Language::TypeScript, 4), None);
    }
}
