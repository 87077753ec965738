//! What git says has changed, and how the project was before.
//!
//! Git itself is asked. The repository is never written to: the old tree is extracted into a temporary directory, with
//! an index of its own, and only as far as an analysis reads it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::location;
use crate::source::Language;

/// Compared with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// The last commit; files that git does not know yet have changed, too.
    LastCommit,
    /// Where this branch left another, or a commit.
    Reference(String),
    /// The last commit, and only what is staged has changed.
    Staged,
}

/// What has changed.
#[derive(Debug)]
pub struct Changes {
    /// The top of the repository.
    pub top: PathBuf,
    /// Absolute paths; some may be gone.
    pub files: BTreeSet<PathBuf>,
    /// What has changed as well, and is not asked about: what is not staged.
    pub others: BTreeSet<PathBuf>,
    /// The commit that is compared with; none in a repository without commits.
    before: Option<String>,
}

/// Why git could not say.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    #[error("cannot run git: {0}")]
    NoGit(std::io::Error),
    #[error("`{}` is in no git repository", .0.display())]
    NoRepository(PathBuf),
    #[error("git knows no `{0}`")]
    NoReference(String),
    #[error("`git {command}` failed: {reason}")]
    Failed { command: String, reason: String },
    #[error("cannot take out the old tree: {0}")]
    Io(#[from] std::io::Error),
}

impl Changes {
    /// Asks git.
    ///
    /// # Errors
    /// When there is no git, no repository, or no such commit.
    pub fn since(since: &Since, working_directory: &Path) -> Result<Self, ChangesError> {
        let Some(up) = try_git(working_directory, &["rev-parse", "--show-cdup"])? else {
            return Err(ChangesError::NoRepository(working_directory.to_owned()));
        };
        let top = location::normalise(&working_directory.join(text(&up)));
        let head = try_git(&top, &["rev-parse", "--verify", "--quiet", "HEAD"])?.map(|out| text(&out));
        let before = match since {
            Since::Reference(name) => Some(reference(&top, name)?),
            Since::LastCommit | Since::Staged => head,
        };
        let paths = |names: &[u8]| -> BTreeSet<PathBuf> {
            let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            names.map(|name| top.join(&*String::from_utf8_lossy(name))).collect()
        };
        const NAMES: [&str; 4] = ["diff", "--no-renames", "--name-only", "-z"];
        let known = match &before {
            Some(before) => git(&top, &[&NAMES[..], &[before.as_str()]].concat())?,
            None => git(&top, &["ls-files", "-z"])?,
        };
        let mut all = paths(&known);
        all.extend(paths(&git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?));
        let files = match (since, &before) {
            (Since::Staged, Some(_)) => paths(&git(&top, &[&NAMES[..], &["--cached"]].concat())?),
            (Since::Staged, None) => paths(&known),
            (Since::LastCommit | Since::Reference(_), _) => all.clone(),
        };
        let others = all.difference(&files).cloned().collect();
        Ok(Self { top, files, others, before })
    }

    /// Takes out the tree before the changes, as far as an analysis reads it; says whether there was one.
    ///
    /// # Errors
    /// When git fails or a file cannot be written.
    pub fn take_out(&self, into: &Path) -> Result<bool, ChangesError> {
        let Some(before) = &self.before else { return Ok(false) };
        let index = into.join("index");
        let tree = into.join("tree");
        // The directory is the top of the project, as the repository's is.
        std::fs::create_dir_all(tree.join(".git"))?;
        let with_index = |arguments: &[&str]| {
            let mut command = command(&self.top, arguments);
            command.env("GIT_INDEX_FILE", &index).env("GIT_LFS_SKIP_SMUDGE", "1");
            command
        };
        finished(with_index(&["read-tree", before.as_str()]), "read-tree")?;
        let listed = finished(with_index(&["ls-files", "-z"]), "ls-files")?;
        let is_read = |name: &&[u8]| is_read(Path::new(&*String::from_utf8_lossy(name)));
        let wanted: Vec<&[u8]> = listed.split(|byte| *byte == 0).filter(is_read).collect();
        let prefix = format!("--prefix={}/", tree.display());
        let mut command = with_index(&["checkout-index", "--quiet", "--force", "-z", "--stdin", prefix.as_str()]);
        // Nobody reads what it complains of, so it must not wait for that.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(ChangesError::NoGit)?;
        let names = wanted.join(&0);
        let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(&names));
        // A file that cannot be taken out (a filter that is missing) is one that is not compared.
        child.wait()?;
        written?;
        Ok(true)
    }
}

/// Whether an analysis looks at a file of this name.
fn is_read(path: &Path) -> bool {
    const EXTENSIONS: [&str; 5] = ["json", "jsonc", "toml", "yaml", "yml"];
    let is_settings = path.extension().is_some_and(|it| EXTENSIONS.iter().any(|extension| it == *extension));
    let is_ignore = path.file_name().is_some_and(|name| name == ".gitignore" || name == ".ignore");
    is_settings || is_ignore || Language::of_path(path).is_some()
}

/// Where the current branch left `name`; `name` itself where they have nothing in common.
fn reference(top: &Path, name: &str) -> Result<String, ChangesError> {
    let commit = format!("{name}^{{commit}}");
    let found = try_git(top, &["rev-parse", "--verify", "--quiet", "--end-of-options", commit.as_str()])?;
    let commit = found.map(|out| text(&out)).ok_or_else(|| ChangesError::NoReference(name.to_owned()))?;
    let base = try_git(top, &["merge-base", commit.as_str(), "HEAD"])?;
    Ok(base.map(|out| text(&out)).filter(|base| !base.is_empty()).unwrap_or(commit))
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.current_dir(directory).args(["-c", "core.quotePath=false"]).args(arguments).stderr(Stdio::piped());
    command
}

/// What git prints; nothing where it says no.
fn try_git(directory: &Path, arguments: &[&str]) -> Result<Option<Vec<u8>>, ChangesError> {
    let output = command(directory, arguments).output().map_err(ChangesError::NoGit)?;
    Ok(output.status.success().then_some(output.stdout))
}

fn git(directory: &Path, arguments: &[&str]) -> Result<Vec<u8>, ChangesError> {
    finished(command(directory, arguments), arguments[0])
}

fn finished(mut command: Command, name: &str) -> Result<Vec<u8>, ChangesError> {
    let output = command.output().map_err(ChangesError::NoGit)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().next().unwrap_or("it said nothing").to_owned();
    Err(ChangesError::Failed { command: name.to_owned(), reason })
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).trim_end_matches(['\n', '\r']).to_owned()
}
