//! `leaklint catalogue [LIBRARY]`: what is known of libraries; `leaklint catalogue --inferred`: what was inferred of the
//! project's own code, in the same form.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml::{Table, Value};

use super::Verdict;
use super::errors::UserError;
use crate::analysis::inferred;
use crate::catalogue::schema::{Ecosystem, Library};
use crate::catalogue::{CRATE, Catalogue};
use crate::config::{Configuration, did_you_mean};
use crate::run::{self, Request};

pub(super) fn show(library: Option<&str>, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    let own = Configuration::above([&*working_directory], &working_directory)?.catalogue()?;
    let libraries = own.as_ref().unwrap_or_else(|| Catalogue::builtin()).libraries();
    match library {
        None => list(libraries, out)?,
        Some(name) => write!(out, "{}", toml::to_string_pretty(&said(find(libraries, name)?)?)?)?,
    }
    Ok(Verdict::Clean)
}

/// Writes what is inferred of the project around a path, as tables of a configuration file.
pub(super) fn inferred(path: &Path, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    let paths = if path == Path::new(".") { Vec::new() } else { vec![PathBuf::from(path)] };
    let request = Request { paths, ..Request::new(working_directory) };
    let libraries = run::inspect(&request, None, |facts, scope| inferred::inferred(facts, |file| scope.path(file)))?;
    let (crates, packages): (Vec<_>, Vec<_>) = libraries.iter().partition(|it| it.ecosystem == Ecosystem::Crates);
    for (table, libraries) in [("library", packages), ("crate", crates)] {
        for library in libraries {
            let form = Table::from_iter([(table.to_owned(), Value::Array(vec![Value::Table(said(library)?)]))]);
            writeln!(out, "{}", toml::to_string_pretty(&form)?)?;
        }
    }
    Ok(Verdict::Clean)
}

/// What a library says, as its file would have it: without what is not said.
fn said(library: &Library) -> anyhow::Result<Table> {
    let mut library = library.clone();
    for package in &mut library.packages {
        *package = package.strip_prefix(CRATE).unwrap_or(package).to_owned();
    }
    let Value::Table(mut table) = Value::try_from(&library)? else { unreachable!("invariant: a struct is a table") };
    prune(&mut table);
    Ok(table)
}

/// What a file has to say, also when it is nothing.
const REQUIRED: &[&str] = &["packages", "kind", "noun", "methods", "call"];

/// What a file need not say.
const DEFAULTS: &[(&str, &str)] = &[("opens", "eagerly"), ("shared", "depends"), ("dropped", "open")];

fn prune(table: &mut Table) {
    table.retain(|key, value| {
        match value {
            Value::Table(inner) => prune(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_table_mut).for_each(prune),
            _ => {}
        }
        let says_nothing = match value {
            Value::Boolean(is) => !*is,
            Value::String(text) => text.is_empty() || DEFAULTS.contains(&(key, text.as_str())),
            Value::Array(items) => items.is_empty(),
            Value::Table(inner) => inner.is_empty(),
            _ => false,
        };
        !says_nothing || REQUIRED.contains(&key)
    });
}

/// One line a library: its name and the resources it gives.
fn list(libraries: &[Library], out: &mut dyn Write) -> anyhow::Result<()> {
    let width = libraries.iter().map(|library| library.name.len()).max().unwrap_or_default();
    // Entry points of a configuration are no library.
    for library in libraries.iter().filter(|library| !library.packages.is_empty()) {
        let resources: Vec<_> = library.resources.iter().map(|resource| resource.id.as_str()).collect();
        writeln!(out, "{}", format!("{:width$}  {}", library.name, resources.join(", ")).trim_end())?;
    }
    Ok(())
}

fn find<'l>(libraries: &'l [Library], name: &str) -> anyhow::Result<&'l Library> {
    let is_meant = |library: &&Library| library.name == name || library.packages.iter().any(|package| package == name);
    if let Some(library) = libraries.iter().find(is_meant) {
        return Ok(library);
    }
    let near = did_you_mean(name, libraries.iter().map(|library| library.name.as_str()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`leaklint catalogue` lists what is known".to_owned(),
    };
    Err(UserError { message: format!("nothing is known of `{name}`"), help }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Library> {
        let library = |name: &str, package: &str| Library {
            name: name.into(),
            packages: vec![package.into()],
            ..Library::default()
        };
        vec![library("pg", "pg"), library("prisma", "@prisma/client")]
    }

    #[test]
    fn a_library_is_found_by_name_and_by_package() {
        assert_eq!(find(&known(), "pg").unwrap().name, "pg");
        assert_eq!(find(&known(), "@prisma/client").unwrap().name, "prisma");
    }

    #[test]
    fn an_unknown_library_is_an_error_with_help() {
        let error = find(&known(), "prisme").unwrap_err();
        assert_eq!(error.to_string(), "nothing is known of `prisme`");
        assert_eq!(error.downcast::<UserError>().unwrap().help, "did you mean `prisma`?");
    }
}
