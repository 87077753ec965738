//! `leaklint catalogue [LIBRARY]`: what is known of libraries.

use std::io::Write;

use anyhow::Context as _;

use super::Verdict;
use super::errors::UserError;
use crate::catalogue::Catalogue;
use crate::catalogue::schema::Library;
use crate::config::{Configuration, did_you_mean};

pub(super) fn show(library: Option<&str>, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    let own = Configuration::above([&*working_directory], &working_directory)?.catalogue()?;
    let libraries = own.as_ref().unwrap_or_else(|| Catalogue::builtin()).libraries();
    match library {
        None => list(libraries, out)?,
        Some(name) => write!(out, "{}", toml::to_string_pretty(find(libraries, name)?)?)?,
    }
    Ok(Verdict::Clean)
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
