//! Writing: each file is replaced at once, with its permissions, or not at all.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use super::Change;

/// Why a file was not written; those before it were.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("cannot write `{path}`: {error}")]
    Io { path: String, error: std::io::Error },
    #[error("`{path}` was changed by somebody else in the meantime; nothing more was written")]
    Changed { path: String },
}

/// Writes the new texts. Files that are no longer as they were read are found out before any is written.
///
/// # Errors
/// When a file cannot be read or replaced.
pub fn write(changes: &[Change]) -> Result<(), WriteError> {
    for change in changes {
        let on_disk = fs::read(&change.path).map_err(|error| failed(change, error))?;
        if on_disk != change.before.as_bytes() {
            return Err(WriteError::Changed { path: change.display_path.clone() });
        }
    }
    changes.iter().try_for_each(|change| replace(change).map_err(|error| failed(change, error)))
}

fn replace(change: &Change) -> std::io::Result<()> {
    // A link stays a link to the file that is replaced.
    let path: PathBuf = change.path.canonicalize()?;
    let directory = path.parent().ok_or_else(|| std::io::Error::other("the file has no directory"))?;
    let mut file = tempfile::Builder::new().prefix(".leaklint-").tempfile_in(directory)?;
    file.write_all(change.after.as_bytes())?;
    file.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

fn failed(change: &Change, error: std::io::Error) -> WriteError {
    WriteError::Io { path: change.display_path.clone(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: PathBuf, before: &str, after: &str) -> Change {
        Change { path, display_path: "a.ts".to_owned(), before: before.into(), after: after.into() }
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("made");
        let (file, link) = (directory.path().join("a.ts"), directory.path().join("link.ts"));
        fs::write(&file, "old").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o751)).expect("set");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        write(&[change(link.clone(), "old", "new")]).expect("written");
        assert_eq!(fs::read_to_string(&file).expect("read"), "new");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o751);
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(directory.path()).expect("read").count(), 2);
    }

    #[test]
    fn nothing_is_written_over_what_others_wrote() {
        let directory = tempfile::tempdir().expect("made");
        let (one, two) = (directory.path().join("1.ts"), directory.path().join("2.ts"));
        fs::write(&one, "old").expect("written");
        fs::write(&two, "other").expect("written");
        let changes = [change(one.clone(), "old", "new"), change(two, "old", "new")];
        assert!(matches!(write(&changes), Err(WriteError::Changed { .. })));
        assert_eq!(fs::read_to_string(&one).expect("read"), "old");
    }
}
