//! Which packages of a workspace a command is about, by cargo's rules.

use globset::{Glob, GlobMatcher};

use super::super::errors::UserError;
use super::arguments::PackageOptions;
use crate::config::did_you_mean;
use crate::discovery::workspace::{Package, Workspace};

/// The chosen packages, as indices into those of the workspace, and what the user should hear of it. Where paths are
/// named and no packages, the paths choose.
pub(super) fn choose(
    workspace: &Workspace,
    options: &PackageOptions,
    names_paths: bool,
) -> Result<(Vec<usize>, Vec<String>), UserError> {
    let all = 0..workspace.packages.len();
    if options.workspace {
        let mut remarks = Vec::new();
        let mut excluded = Vec::new();
        for written in &options.excluded_packages {
            let spec = Spec::read(written)?;
            let fitting: Vec<usize> = all.clone().filter(|at| spec.fits(&workspace.packages[*at])).collect();
            if fitting.is_empty() {
                // Cargo goes on, too: scripts exclude what not every branch has.
                remarks.push(format!("there is no package `{written}` to exclude{}", suggestion(workspace, written)));
            }
            excluded.extend(fitting);
        }
        let chosen: Vec<usize> = all.filter(|at| !excluded.contains(at)).collect();
        if chosen.is_empty() && !excluded.is_empty() {
            let help = "exclude fewer of them".to_owned();
            return Err(UserError { message: "every package of the workspace is excluded".to_owned(), help });
        }
        return Ok((chosen, remarks));
    }
    if options.package.is_empty() {
        return Ok((if names_paths { all.collect() } else { workspace.default.clone() }, Vec::new()));
    }
    let mut chosen = Vec::new();
    for written in &options.package {
        let spec = Spec::read(written)?;
        let fitting = all.clone().filter(|at| spec.fits(&workspace.packages[*at]));
        let before = chosen.len();
        chosen.extend(fitting);
        if chosen.len() == before {
            return Err(unknown(workspace, written));
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok((chosen, Vec::new()))
}

/// One `SPEC`: what cargo calls a package id specification, as far as members of a workspace need it, or a glob.
struct Spec<'s> {
    name: Name<'s>,
    version: Option<&'s str>,
}

enum Name<'s> {
    /// It goes unsaid: a URL is enough.
    Any,
    Exactly(&'s str),
    Like(GlobMatcher),
}

impl<'s> Spec<'s> {
    fn read(written: &'s str) -> Result<Self, UserError> {
        // `path+file:///srv/app#name@1.0.0`, as `cargo pkgid` prints it.
        let written = match written.split_once("://") {
            Some((_, rest)) => match rest.split_once('#') {
                Some((_, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => {
                    let name = rest.split('#').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
                    return Ok(Self { name: Name::Exactly(name), version: Some(version) });
                }
                Some((_, fragment)) => fragment,
                None => rest.trim_end_matches('/').rsplit('/').next().unwrap_or(rest),
            },
            None => written,
        };
        if written.contains(['*', '?', '[']) {
            let glob = Glob::new(written).map_err(|error| UserError {
                message: format!("not a glob: `{written}`"),
                help: error.kind().to_string(),
            })?;
            return Ok(Self { name: Name::Like(glob.compile_matcher()), version: None });
        }
        let (name, version) = match written.split_once(['@', ':']) {
            Some((name, version)) => (name, Some(version)),
            None => (written, None),
        };
        Ok(Self { name: if name.is_empty() { Name::Any } else { Name::Exactly(name) }, version })
    }

    fn fits(&self, package: &Package) -> bool {
        let is_named = match &self.name {
            Name::Any => true,
            Name::Exactly(name) => *name == package.name,
            Name::Like(glob) => glob.is_match(&package.name),
        };
        // `1` and `1.2` are versions too.
        let is_version = |version: &str| {
            package.version.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        is_named && self.version.is_none_or(is_version)
    }
}

fn unknown(workspace: &Workspace, written: &str) -> UserError {
    let help = match near(workspace, written) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            const MANY: usize = 8;
            let names: Vec<String> = workspace.packages.iter().map(|it| format!("`{}`", it.name)).collect();
            let more = names.len().saturating_sub(MANY);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("the workspace has {}{more}", names[..names.len().min(MANY)].join(", "))
        }
    };
    let message = format!("no package of the workspace is called `{written}`");
    UserError { message, help }
}

fn suggestion(workspace: &Workspace, written: &str) -> String {
    near(workspace, written).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn near<'w>(workspace: &'w Workspace, written: &str) -> Option<&'w str> {
    did_you_mean(written, workspace.packages.iter().map(|package| package.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &str) -> PackageOptions {
        use clap::{CommandFactory as _, FromArgMatches as _};
        let command = super::super::arguments::name_options_apart(super::super::CargoCli::command());
        let matches = command.get_matches_from(["cargo-leaklint"].into_iter().chain(arguments.split_whitespace()));
        super::super::CargoCli::from_arg_matches(&matches).unwrap().check.packages
    }

    fn chosen(arguments: &str) -> Result<(String, Vec<String>), UserError> {
        let packages = ["api", "api-types", "worker"].map(|name| Package {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            directory: name.into(),
        });
        let workspace = Workspace { root: "".into(), packages: packages.into(), default: vec![0, 2], fallback: None };
        let (chosen, remarks) = choose(&workspace, &options(arguments), false)?;
        let names: Vec<&str> = chosen.iter().map(|at| workspace.packages[*at].name.as_str()).collect();
        Ok((names.join(" "), remarks))
    }

    #[track_caller]
    fn check(arguments: &str, expected: &str) {
        assert_eq!(chosen(arguments).unwrap().0, expected, "{arguments}");
    }

    #[test]
    fn packages_are_chosen_as_cargo_chooses_them() {
        check("", "api worker");
        check("-p worker -p api -p worker", "api worker");
        check("-p api*", "api api-types");
        check("-p api@1.2", "api");
        check("-p worker:1.2.3", "worker");
        check("-p path+file:///srv/worker#1.2.3", "worker");
        check("-p path+file:///srv/somewhere#worker@1.2.3", "worker");
        check("--workspace", "api api-types worker");
        check("--all --exclude api", "api-types worker");
        check("--workspace --exclude api*", "worker");
    }

    #[test]
    fn what_is_not_there_is_told() {
        let help = |arguments: &str| chosen(arguments).unwrap_err().help;
        assert_eq!(help("-p wroker"), "did you mean `worker`?");
        assert_eq!(help("-p xyz"), "the workspace has `api`, `api-types`, `worker`");
        assert_eq!(help("-p worker@2"), "did you mean `worker`?");
        assert_eq!(help("--workspace --exclude *"), "exclude fewer of them");
        let (names, remarks) = chosen("--workspace --exclude wroker").unwrap();
        assert_eq!(names, "api api-types worker");
        assert_eq!(remarks, ["there is no package `wroker` to exclude; did you mean `worker`?"]);
    }
}
