//! What cargo says of a workspace.

use std::path::{Path, PathBuf};

use cargo_metadata::{Error, MetadataCommand};

use super::{Package, Workspace};

/// Asks the cargo that called us, or the one on the path.
///
/// # Errors
/// Why it did not answer, on one line.
pub(super) fn read(manifest: &Path) -> Result<Workspace, String> {
    let directory = manifest.parent().unwrap_or(manifest);
    let mut command = MetadataCommand::new();
    // Members are known without resolving what they depend on. A toolchain that is missing is not fetched for this.
    command.manifest_path(manifest).current_dir(directory).no_deps().other_options(["--offline".to_owned()]);
    command.env("RUSTUP_AUTO_INSTALL", "0");
    let metadata = command.exec().map_err(|error| reason(&error))?;

    let packages: Vec<Package> = metadata
        .packages
        .iter()
        .map(|package| Package {
            name: package.name.to_string(),
            version: package.version.to_string(),
            directory: directory_of(package.manifest_path.as_std_path()),
        })
        .collect();
    let root = metadata.workspace_root.clone().into_std_path_buf();
    let default = if metadata.workspace_default_members.is_available() {
        let is_default = |at: &usize| metadata.workspace_default_members.contains(&metadata.packages[*at].id);
        (0..packages.len()).filter(is_default).collect()
    } else {
        let own = packages.iter().position(|package| package.directory == directory);
        own.map_or_else(|| (0..packages.len()).collect(), |own| vec![own])
    };
    Ok(Workspace { root, packages, default, fallback: None })
}

fn directory_of(manifest: &Path) -> PathBuf {
    manifest.parent().unwrap_or(manifest).to_owned()
}

fn reason(error: &Error) -> String {
    match error {
        Error::CargoMetadata { stderr } => {
            let said = stderr.lines().find_map(|line| line.strip_prefix("error: "));
            said.or_else(|| stderr.lines().next()).unwrap_or("it failed without a word").to_owned()
        }
        Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => "there is no `cargo` to run".to_owned(),
        other => other.to_string(),
    }
}
