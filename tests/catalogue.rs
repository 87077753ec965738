//! The shipped library facts are whole: they parse, they are named after their files, and what they refer to exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use leaklint::catalogue::schema::{Library, Resource, ResourceKind, Shared};
use leaklint::catalogue::{Catalogue, Pattern, of_crate, parse_library};
use walkdir::WalkDir;

/// Every file of the catalogue with its stem, in the order of the names.
fn files() -> Vec<(String, Library)> {
    let crates = below("rust").into_iter().map(|(stem, library)| (stem, of_crate(library)));
    below("typescript").into_iter().chain(crates).collect()
}

fn below(language: &str) -> Vec<(String, Library)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/catalogue").join(language);
    let paths = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter().map(|entry| {
        let path = entry.expect("the catalogue can be listed").into_path();
        assert_eq!(path.extension().and_then(|it| it.to_str()), Some("toml"), "{}", path.display());
        path
    });
    let read = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).expect("the file can be read");
        let library = parse_library(&path.display().to_string(), &text).unwrap_or_else(|error| panic!("{error}"));
        (path.file_stem().expect("a file has a stem").to_string_lossy().into_owned(), library)
    };
    paths.map(read).collect()
}

fn resources() -> Vec<(String, Resource)> {
    files().into_iter().flat_map(|(stem, it)| it.resources.into_iter().map(move |it| (stem.clone(), it))).collect()
}

/// Lower-case letters and digits, everything else one hyphen.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[test]
fn files_are_named_after_their_library() {
    for (stem, library) in files() {
        assert_eq!(stem, slug(&library.name));
    }
}

#[test]
fn what_is_embedded_is_what_the_files_say() {
    let embedded = Catalogue::builtin().libraries().iter().map(|library| format!("{library:?}"));
    let read = files().into_iter().map(|(_, library)| format!("{library:?}"));
    assert!(embedded.eq(read), "the build script has not seen the last change");
}

#[test]
fn references_exist() {
    Catalogue::new(files().into_iter().map(|(_, library)| library).collect()).expect("every reference exists");
}

#[test]
fn resources_are_unique_and_belong_to_their_file() {
    let mut seen = BTreeMap::new();
    for (stem, resource) in resources() {
        if let Some(other) = seen.insert(resource.id.clone(), stem.clone()) {
            panic!("`{}` is in {other} and in {stem}", resource.id);
        }
    }
}

#[test]
fn no_two_libraries_make_the_same_call() {
    let mut seen = BTreeMap::new();
    for (stem, library) in files() {
        let all = &library.packages;
        let of = |from: &Vec<String>| if from.is_empty() { all.clone() } else { from.clone() };
        let created = library.resources.iter().flat_map(|it| it.create.iter().map(|text| (of(&it.from), text)));
        let wrapped = library.wrappers.iter().flat_map(|it| it.create.iter().map(|text| (of(&it.from), text)));
        for (packages, text) in created.chain(wrapped) {
            for package in packages {
                let key = (package, format!("{:?}", Pattern::parse(text).expect("the pattern was read before")));
                if let Some(other) = seen.insert(key.clone(), stem.clone()) {
                    panic!("{key:?} is in {other} and in {stem}");
                }
            }
        }
    }
}

#[test]
fn narrowing_names_packages_of_the_library() {
    for (stem, library) in files() {
        let froms = library.resources.iter().map(|it| &it.from);
        let froms = froms.chain(library.wrappers.iter().map(|it| &it.from));
        let froms = froms.chain(library.functions.iter().map(|it| &it.from));
        let froms = froms.chain(library.entries.iter().map(|it| &it.from));
        for package in froms.flatten() {
            assert!(library.packages.contains(package), "{stem}: `{package}` is none of its packages");
        }
    }
}

#[test]
fn resources_say_what_a_finding_needs() {
    let leases = files().into_iter().flat_map(|(_, it)| it.resources).flat_map(|it| it.leases);
    let taken_back: BTreeSet<String> = leases.filter(|it| !it.returned_by.is_empty()).map(|it| it.resource).collect();
    for (stem, resource) in resources() {
        let id = &resource.id;
        assert!(!resource.noun.is_empty(), "{stem}: `{id}` has no noun");
        if resource.kind == ResourceKind::Stateless {
            continue;
        }
        assert!(!resource.help.is_empty(), "{stem}: `{id}` has no help");
        let released = !resource.release.is_empty()
            || !resource.release_functions.is_empty()
            || taken_back.contains(id)
            || resource.collected;
        assert!(released, "{stem}: nothing releases `{id}`");
    }
}

#[test]
fn resources_are_consistent() {
    use leaklint::catalogue::schema::Opens;
    for (stem, resource) in resources() {
        let id = &resource.id;
        if resource.opens == Opens::Explicitly {
            assert!(!resource.open.is_empty(), "{stem}: nothing opens `{id}`");
        }
        if matches!(resource.kind, ResourceKind::Lease | ResourceKind::Transaction) {
            assert_ne!(resource.shared, Shared::Process, "{stem}: `{id}` is lent, so it is not shared");
        }
        if resource.kind == ResourceKind::Pool {
            assert_ne!(resource.shared, Shared::PerUse, "{stem}: a pool for each use (`{id}`) is none");
        }
        if !resource.release_statements.is_empty() {
            assert!(!resource.release.is_empty(), "{stem}: `{id}` has statements but no method that takes them");
        }
    }
}

#[test]
fn wording_is_in_house_style() {
    let check = |place: &str, text: &str| {
        assert!(!text.ends_with('.'), "{place}: a final period in {text:?}");
        assert_eq!(text, text.trim(), "{place}: space around {text:?}");
    };
    for (stem, library) in files() {
        for resource in &library.resources {
            check(&stem, &resource.noun);
            check(&stem, &resource.help);
            assert!(
                !resource.noun.starts_with("a ") && !resource.noun.starts_with("the "),
                "{stem}: {}",
                resource.noun
            );
            let starts_small = resource.help.chars().next().is_none_or(|c| !c.is_uppercase());
            assert!(starts_small, "{stem}: {:?} starts with a capital", resource.help);
            for limit in &resource.limits {
                check(&stem, &limit.default);
                check(&stem, &limit.why);
            }
        }
        for entry in &library.entries {
            check(&stem, &entry.label);
            let article = ["a ", "an ", "the "].iter().any(|article| entry.label.starts_with(article));
            assert!(article, "{stem}: the label {:?} needs an article", entry.label);
        }
    }
}

#[test]
fn entry_points_can_be_found() {
    for (stem, library) in files() {
        for entry in &library.entries {
            let ways = [
                &entry.registered_by,
                &entry.files,
                &entry.exports,
                &entry.names,
                &entry.directives,
                &entry.decorators,
                &entry.parameter_types,
                &entry.return_types,
                &entry.base_types,
            ];
            assert!(
                entry.makes_elements || ways.iter().any(|way| !way.is_empty()),
                "{stem}: nothing leads to {:?}",
                entry.label
            );
            for package in &entry.needs_package {
                assert!(!package.contains('*'), "{stem}: `{package}` is no package");
            }
            for glob in entry.files.iter().chain(&entry.names) {
                globset::Glob::new(glob).unwrap_or_else(|error| panic!("{stem}: {error}"));
            }
            if !(entry.arguments.is_empty() && entry.argument_paths.is_empty() && entry.events.is_empty()) {
                assert!(!entry.registered_by.is_empty(), "{stem}: arguments of no registration: {:?}", entry.label);
            }
        }
    }
}

#[test]
fn functions_say_something() {
    for (stem, library) in files() {
        for fact in &library.functions {
            assert!(!fact.call.is_empty(), "{stem}: a fact about no function");
            let says = fact.borrows
                || fact.infallible
                || fact.exits
                || fact.forgets.is_some()
                || fact.allocates
                || fact.reclaims
                || fact.comes_from_outside
                || !fact.releases.is_empty()
                || fact.memoises.is_some()
                || fact.evicts.is_some()
                || fact.calls.is_some()
                || fact.calls_once.is_some()
                || fact.waits_for.is_some()
                || fact.cancels.is_some()
                || fact.makes.is_some()
                || fact.end.is_some()
                || fact.is_face
                || fact.waiting.is_some()
                || fact.mounts.is_some()
                || fact.returns.is_some();
            assert!(says, "{stem}: nothing is said about {:?}", fact.call);
        }
    }
}
