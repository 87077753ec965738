//! Every entry of the catalogue both ways: what it says is made leaks in some function of `fixtures/catalogue` and is right
//! in another, every way to make it is met, and every entry point runs something.
//!
//! A file there is one project, and so is a directory, named after the library it is about. Marks say what is found, as in
//! `fixtures/rules`; the catalogue is read from its files, so that this test says of them what the binary will.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use leaklint::analysis::evaluate::CallTarget;
use leaklint::analysis::facts::Facts;
use leaklint::analysis::frequency::Evidence;
use leaklint::analysis::value::{AcquiredKind, Value};
use leaklint::catalogue::schema::{Library, Resource, ResourceKind, Shared, Wrapper};
use leaklint::catalogue::{Catalogue, ResourceId, of_crate, parse_library};
use leaklint::findings::{Finding, Severity};
use leaklint::linking::{FunctionRef, OpRef, Program};
use leaklint::rules::{self, RuleId};
use leaklint::source::{LineIndex, Location};
use support::marks::Expectation;
use support::project::Project;
use support::{directories, files, is_source, repository};

/// What the catalogue's files say.
fn libraries(language: &str) -> Vec<(String, Library)> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let library = parse_library(&path.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"));
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (stem, if language == "rust" { of_crate(library) } else { library })
    };
    files(&repository(&format!("rules/catalogue/{language}"))).into_iter().map(read).collect()
}

/// The same, with a name of its own for each entry point and each way to make a resource, so that what is met tells
/// which it was.
fn told_apart(mut libraries: Vec<(String, Library)>) -> Vec<Library> {
    let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (stem, library) in &mut libraries {
        for (number, entry) in library.entries.iter_mut().enumerate() {
            entry.label = entry_name(stem, number);
        }
        for resource in std::mem::take(&mut library.resources) {
            for (number, way) in resource.create.iter().enumerate().skip(1) {
                let mut other = resource.clone();
                other.id = format!("{}#{number}", resource.id);
                other.create = vec![way.clone()];
                other.types.clear();
                other.taken_from.clear();
                other.registration = None;
                ways.entry(resource.id.clone()).or_default().push(other.id.clone());
                library.resources.push(other);
            }
            let mut resource = resource;
            resource.create.truncate(1);
            library.resources.push(resource);
        }
    }
    for (_, library) in &mut libraries {
        let patterns = library.entries.iter_mut().map(|it| &mut it.registered_by);
        for patterns in patterns.chain(library.functions.iter_mut().map(|it| &mut it.call)) {
            for pattern in patterns.clone() {
                let Some((resource, method)) = pattern.strip_prefix('<').and_then(|it| it.split_once(">.")) else {
                    continue;
                };
                let others = ways.get(resource).into_iter().flatten();
                patterns.extend(others.map(|other| format!("<{other}>.{method}")));
            }
        }
    }
    libraries.into_iter().map(|(_, library)| library).collect()
}

fn entry_name(stem: &str, number: usize) -> String {
    format!("the entry {stem} {number}")
}

/// What fixtures show of the catalogue.
#[derive(Debug, Default)]
struct Shown {
    /// Resources that leak somewhere, and those that do not somewhere.
    leaks: BTreeSet<String>,
    silent: BTreeSet<String>,
    /// Ways to make one that are met.
    ways: BTreeSet<String>,
    /// Entry points that run something.
    entries: BTreeSet<String>,
    /// Wrappers that are called.
    wrappers: BTreeSet<String>,
    /// Resources that lack a limit somewhere.
    unlimited: BTreeSet<String>,
    complaints: Vec<String>,
}

impl Shown {
    fn by(project: &Project, name: &str, catalogue: &Catalogue) -> Self {
        let (mut shown, found) = project.inspect(catalogue, |facts| {
            let findings = rules::judge(facts);
            let found: Vec<_> = findings.iter().map(|finding| expectation(facts.program, finding)).collect();
            (Self::of(facts, &findings), found)
        });
        let expected = project.marks(None).unwrap();
        let count = |of: &[Expectation], what: &Expectation| of.iter().filter(|it| *it == what).count();
        let all: BTreeSet<_> = found.iter().chain(&expected).collect();
        for what in all {
            let (is, should) = (count(&found, what), count(&expected, what));
            if is != should {
                shown.complaints.push(format!("{name}: {what}: found {is} times, marked {should} times"));
            }
        }
        shown
    }

    fn of(facts: &Facts<'_>, findings: &[Finding]) -> Self {
        let mut shown = Self::default();
        for finding in findings {
            if finding.rule == RuleId::PoolWithoutLimits {
                shown.unlimited.insert(finding.resource.split('#').next().unwrap().to_owned());
            }
            shown.leaks.insert(finding.resource.split('#').next().unwrap().to_owned());
        }
        for (at, resource) in met(facts) {
            let id = facts.evaluator.catalogue.resource(resource).id.as_str();
            shown.ways.insert(id.to_owned());
            if !is_found_in(facts, findings, at) {
                shown.silent.insert(id.split('#').next().unwrap().to_owned());
            }
        }
        shown.wrappers.extend(wrapped(facts));
        for function in facts.program.functions() {
            if let Some(Evidence::Entry { label, .. }) = facts.frequencies.evidence(function) {
                // What stands there says more behind it: the route, or the function's name.
                shown.entries.insert(label.split(' ').take(4).collect::<Vec<_>>().join(" "));
            }
        }
        shown
    }

    fn add(&mut self, other: Self) {
        self.leaks.extend(other.leaks);
        self.silent.extend(other.silent);
        self.ways.extend(other.ways);
        self.entries.extend(other.entries);
        self.wrappers.extend(other.wrappers);
        self.unlimited.extend(other.unlimited);
        self.complaints.extend(other.complaints);
    }
}

/// The resources that operations make, lease, begin or register, with the operations.
fn met(facts: &Facts<'_>) -> Vec<(OpRef, ResourceId)> {
    let mut met = Vec::new();
    let catalogued = |kind: AcquiredKind| match kind {
        AcquiredKind::Catalogued(resource) => Some(resource),
        AcquiredKind::Instance(_) => None,
    };
    for obligation in facts.obligations.iter() {
        met.extend(catalogued(obligation.acquisition.kind).map(|resource| (obligation.acquisition.at, resource)));
    }
    met.extend(facts.registrations().additions.iter().map(|addition| (addition.at, addition.resource)));
    for function in facts.program.functions() {
        for (block, index, op) in facts.program.function(function).ops() {
            let Some(call) = op.call() else { continue };
            let at = function.op(block, index);
            let values = facts.evaluator.call_values(at);
            let acquired = values.resources().map(|id| facts.evaluator.acquisition(id).kind);
            met.extend(acquired.filter_map(catalogued).map(|resource| (at, resource)));
            met.extend(values.iter().filter_map(|value| match value {
                Value::View { view, .. } => Some((at, *view)),
                _ => None,
            }));
            met.extend(facts.evaluator.callee(at).targets.iter().filter_map(|target| match target {
                CallTarget::ResourceMethod { receiver: Value::Borrowed(resource), .. } => Some((at, *resource)),
                _ => None,
            }));
            let takes = |guard: &Resource| {
                call.method_name().is_some_and(|name| guard.taken_by.iter().any(|method| method == name))
            };
            let guards = facts.evaluator.catalogue.resources().filter(|(_, resource)| takes(resource));
            met.extend(guards.map(|(resource, _)| (at, resource)));
        }
    }
    met
}

/// The wrappers that operations call.
fn wrapped(facts: &Facts<'_>) -> BTreeSet<String> {
    let ops = facts.program.functions().flat_map(|function| {
        facts.program.function(function).ops().map(move |(block, index, _)| function.op(block, index))
    });
    let externals = ops.flat_map(|at| facts.evaluator.callee(at).targets.clone()).filter_map(|target| match target {
        CallTarget::External(id) => Some(facts.evaluator.facts(id)),
        _ => None,
    });
    externals.flat_map(|known| [known.wrapper_new, known.wrapper_call]).flatten().map(wrapper_name).collect()
}

fn wrapper_name(wrapper: &Wrapper) -> String {
    format!("{} of {}", wrapper.create.join(", "), wrapper.from.join(", "))
}

/// Whether something is found in the function that an operation is a part of; in what a module does when it is loaded,
/// in the operation itself.
fn is_found_in(facts: &Facts<'_>, findings: &[Finding], at: OpRef) -> bool {
    let program = facts.program;
    let location = around(program, at.function).unwrap_or_else(|| program.op_location(at));
    findings.iter().any(|it| it.location.file == location.file && location.span.contains(it.location.span))
}

/// The outermost function around one, the module's own aside.
fn around(program: &Program, function: FunctionRef) -> Option<Location> {
    let (mut at, mut around) = (function, None);
    while let Some(parent) = program.function(at).parent {
        around = Some(Location { file: at.file, span: program.function(at).span });
        at = at.sibling(parent);
    }
    around
}

fn expectation(program: &Program, finding: &Finding) -> Expectation {
    let file = &program.files[finding.location.file.index()];
    let prefix = if finding.severity == Severity::Note { "note:" } else { "" };
    Expectation {
        path: file.display_path.clone(),
        line: LineIndex::new(&file.text).position(finding.location.span.start).line as usize,
        what: format!("{prefix}{}", finding.rule),
    }
}

fn projects(language: &str) -> Vec<(String, Project)> {
    let folder = repository(&format!("fixtures/catalogue/{language}"));
    let name = |path: &Path| path.strip_prefix(repository("fixtures")).unwrap().display().to_string();
    let single = fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let single = single.filter(|path| path.is_file() && is_source(path));
    let mut projects: Vec<_> = single.map(|path| (name(&path), Project::from_file(&path))).collect();
    projects.extend(directories(&folder).into_iter().map(|path| (name(&path), Project::from_directory(&path))));
    projects.sort_by(|a, b| a.0.cmp(&b.0));
    projects
}

/// Whether any rule speaks of it: not of what holds nothing, nor of what goes by itself and may be made as often as one
/// likes. A process that ends by itself leaks only where its handle's end is not its own.
fn can_leak(resource: &Resource) -> bool {
    match resource.kind {
        ResourceKind::Stateless => false,
        ResourceKind::Guard | ResourceKind::Task => true,
        ResourceKind::Process => !resource.collected || !resource.ended_by_drop.is_empty(),
        _ => !resource.collected || matches!(resource.shared, Shared::Process | Shared::PerRequest),
    }
}

/// Everything that is missing, in one list.
fn missing(libraries: &[(String, Library)], shown: &Shown) -> Vec<String> {
    let mut missing = Vec::new();
    let given: BTreeSet<&String> = libraries
        .iter()
        .flat_map(|(_, library)| {
            let leased = library.resources.iter().flat_map(|it| &it.leases).map(|lease| &lease.resource);
            leased.chain(library.wrappers.iter().filter_map(|it| it.creates.as_ref()))
        })
        .collect();
    // What is only another face of something leaks under that one's name.
    let is_made = |resource: &Resource| {
        !resource.create.is_empty()
            || given.contains(&resource.id)
            || resource.registration.is_some()
            || !resource.taken_from.is_empty()
    };
    for (stem, library) in libraries {
        for resource in &library.resources {
            let id = &resource.id;
            if can_leak(resource) && is_made(resource) && !shown.leaks.contains(id) {
                missing.push(format!("{stem}: `{id}` leaks nowhere"));
            }
            if !shown.silent.contains(id) {
                missing.push(format!("{stem}: `{id}` is nowhere right"));
            }
            // Where the uses may have a deadline of their own, what uses it decides.
            let limited = resource.deadline.is_none() && resource.limits.iter().any(|limit| limit.important);
            if limited && !shown.unlimited.contains(id) {
                missing.push(format!("{stem}: `{id}` has its limits everywhere"));
            }
            for (number, way) in resource.create.iter().enumerate() {
                let name = if number == 0 { id.clone() } else { format!("{id}#{number}") };
                if !shown.ways.contains(&name) {
                    missing.push(format!("{stem}: `{way}` makes `{id}` nowhere"));
                }
            }
        }
        for wrapper in library.wrappers.iter().map(wrapper_name).filter(|it| !shown.wrappers.contains(it)) {
            missing.push(format!("{stem}: `{wrapper}` wraps nothing"));
        }
        for (number, entry) in library.entries.iter().enumerate() {
            if !shown.entries.contains(&entry_name(stem, number)) {
                missing.push(format!("{stem}: nothing is `{}` (number {number})", entry.label));
            }
        }
    }
    missing
}

#[test]
fn every_entry_is_exercised_both_ways() {
    let filter = std::env::var("LIBRARY").ok();
    let chosen = |name: &str| filter.as_deref().is_none_or(|wanted| name == wanted);
    let mut complaints = Vec::new();
    for language in ["typescript", "rust"] {
        let libraries = libraries(language);
        let catalogue = Catalogue::new(told_apart(libraries.clone())).unwrap();
        let mut shown = Shown::default();
        for (name, project) in projects(language) {
            let stem = Path::new(&name).file_stem().unwrap().to_str().unwrap();
            if chosen(stem) {
                shown.add(Shown::by(&project, &name, &catalogue));
            }
        }
        complaints.append(&mut shown.complaints);
        let libraries: Vec<_> = libraries.into_iter().filter(|(stem, _)| chosen(stem)).collect();
        complaints.extend(missing(&libraries, &shown));
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
