//! Every page `rules/<id>.md` is documentation, the text of `leaklint explain`, and a test: its headings are fixed, and
//! its fenced TypeScript, JavaScript and Rust is run under all rules.
//!
//! A bare `//~` in a block means the page's rule. Blocks of one section that each begin with `// file: path` form one
//! project; a block without that line is a project by itself. What is not marked must not be found.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use leaklint::rules::RuleId;
use libtest_mimic::{Arguments, Failed, Trial};
use support::project::{Project, file_line};

/// The headings of a page, in order. The last two may each be missing, not both.
const HEADINGS: [&str; 7] = [
    "## What it finds",
    "## Why it hurts",
    "## Examples",
    "### Leaks",
    "### Does not leak",
    "## How to fix",
    "## When not to worry",
];
const LIMITS: &str = "## Limits";

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for &rule in RuleId::ALL {
        trials.push(Trial::test(format!("{rule}::form"), move || form(rule).map_err(Failed::from)));
        for (title, project) in projects(rule.page()) {
            let check = move || project.check(Some(rule.as_str())).map_err(Failed::from);
            trials.push(Trial::test(format!("{rule}::{title}"), check));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn form(rule: RuleId) -> Result<(), String> {
    let page = rule.page();
    let mut lines = page.lines();
    if lines.next() != Some(&format!("# {rule}")) {
        return Err(format!("the title is not `# {rule}`"));
    }
    // `leaklint rules` prints it as one line.
    let summary = lines.skip(1).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    if summary.is_empty() || summary.starts_with('#') || !summary.ends_with('.') || summary.contains(". ") {
        return Err(format!("no sentence under the title that sums the rule up: {summary:?}"));
    }
    let mut headings: Vec<_> = prose(page).filter(|line| line.starts_with("## ") || line.starts_with("### ")).collect();
    if headings.last() == Some(&LIMITS) {
        headings.pop();
    } else if headings.len() < HEADINGS.len() {
        return Err(format!("neither `{}` nor `{LIMITS}`", HEADINGS[HEADINGS.len() - 1]));
    }
    if !HEADINGS.starts_with(&headings) || headings.len() + 1 < HEADINGS.len() {
        return Err(format!("the headings are {headings:?}, not {HEADINGS:?}"));
    }
    if !examples(page, "Leaks").iter().any(|block| block.contains("//~")) {
        return Err("no example under `### Leaks` has a mark".to_owned());
    }
    let quiet = examples(page, "Does not leak");
    if quiet.is_empty() || quiet.iter().any(|block| block.contains("//~")) {
        return Err("`### Does not leak` needs examples, without marks".to_owned());
    }
    Ok(())
}

/// The blocks under a heading of the third level and the deeper headings below it.
fn examples(page: &str, heading: &str) -> Vec<String> {
    let from = sections(page).into_iter().skip_while(|section| section.heading != heading);
    let under = from.enumerate().take_while(|(index, section)| *index == 0 || section.depth > 3);
    under.flat_map(|(_, section)| section.blocks).collect()
}

/// The projects of a page, each with a title for its test.
fn projects(page: &str) -> Vec<(String, Project)> {
    let mut projects = Vec::new();
    for section in sections(page) {
        let mut joint = Project::default();
        let blocks = section.blocks.iter().zip(&section.extensions);
        let (files, alone): (Vec<_>, Vec<_>) = blocks.partition(|(block, _)| file_line(block).is_some());
        for (block, _) in &files {
            joint.add(file_line(block).unwrap(), block.as_bytes());
        }
        if !files.is_empty() {
            projects.push((section.title(0), joint));
        }
        for (number, (block, extension)) in (1..).zip(alone) {
            let mut project = Project::default();
            project.add(&format!("src/example.{extension}"), block.as_bytes());
            projects.push((section.title(number), project));
        }
    }
    projects
}

/// What stands under one heading of any depth.
struct Section {
    heading: String,
    depth: usize,
    /// Its number on the page, since headings of the fourth level may repeat.
    number: usize,
    blocks: Vec<String>,
    /// By block: what a file with it is called.
    extensions: Vec<&'static str>,
}

impl Section {
    fn title(&self, block: usize) -> String {
        format!("{:02}::{}::{block}", self.number, self.heading.to_lowercase().replace(' ', "_"))
    }
}

fn sections(page: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut block: Option<(Option<&'static str>, String)> = None;
    for line in page.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(language)) => {
                block = Some((extension(language.trim()), String::new()));
            }
            (Some(_), Some(_)) => {
                if let (Some((Some(extension), text)), Some(section)) = (block.take(), sections.last_mut()) {
                    section.blocks.push(text);
                    section.extensions.push(extension);
                }
            }
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) if line.starts_with('#') => sections.push(Section {
                depth: line.chars().take_while(|&c| c == '#').count(),
                heading: line.trim_start_matches('#').trim().to_owned(),
                number: sections.len(),
                blocks: Vec::new(),
                extensions: Vec::new(),
            }),
            (None, None) => {}
        }
    }
    sections
}

/// The extension of a block that is run, by the language its fence names.
fn extension(language: &str) -> Option<&'static str> {
    match language {
        "ts" | "typescript" => Some("ts"),
        "tsx" => Some("tsx"),
        "vue" => Some("vue"),
        "svelte" => Some("svelte"),
        "js" | "javascript" => Some("js"),
        "jsx" => Some("jsx"),
        "rust" | "rs" => Some("rs"),
        _ => None,
    }
}

/// A page's lines outside fences.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut in_block = false;
    page.lines().filter(move |line| {
        let fence = line.starts_with("```");
        in_block ^= fence;
        !in_block && !fence
    })
}
