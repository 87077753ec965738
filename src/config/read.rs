//! Reading: from a file to checked settings.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use toml::Spanned;

use super::form::{File, Manifest};
use super::levels::Level;
use super::selector::Selector;
use super::{FILE_NAMES, MANIFEST, Mistake, Overriding, Settings, mistakes};
use crate::catalogue::schema::{EntryPoint, Library};
use crate::catalogue::{find_string, mistake, of_crate};

/// A longer chain of `extends` is a mistake, and so is one that comes back to itself.
const MAX_EXTENDS: usize = 16;

/// The settings of a directory, where it has some.
pub(super) fn of_directory(directory: &Path, working_directory: &Path) -> Result<Option<Settings>, Box<Mistake>> {
    for name in FILE_NAMES {
        let path = directory.join(name);
        if path.is_file() {
            return file(&path, directory, working_directory).map(Some);
        }
    }
    let path = directory.join(MANIFEST);
    // A manifest that cannot be read is told of by those who need it.
    let Some(text) = std::fs::read_to_string(&path).ok().filter(|text| text.contains("metadata.leaklint")) else {
        return Ok(None);
    };
    let source = Text { path: display(&path, working_directory), text };
    let Some(form) = source.manifest()? else { return Ok(None) };
    Reader { base: directory, working_directory }.settings(&path, source, form).map(Some)
}

/// The settings of a file, for what is below `base`.
pub(super) fn file(path: &Path, base: &Path, working_directory: &Path) -> Result<Settings, Box<Mistake>> {
    let source = Text::read(path, working_directory)?;
    let form = source.form(path)?;
    Reader { base, working_directory }.settings(path, source, form)
}

/// A file's text with the name it is shown under.
struct Text {
    path: String,
    text: String,
}

impl Text {
    fn read(path: &Path, working_directory: &Path) -> Result<Self, Box<Mistake>> {
        let shown = display(path, working_directory);
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self { path: shown, text }),
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => "no such file".to_owned(),
                    std::io::ErrorKind::InvalidData => "not valid UTF-8".to_owned(),
                    _ => error.to_string(),
                };
                Err(Box::new(Mistake {
                    path: shown,
                    text: String::new(),
                    span: None,
                    message,
                    help: None,
                    more: Vec::new(),
                }))
            }
        }
    }

    fn form(&self, path: &Path) -> Result<File, Box<Mistake>> {
        if path.file_name().is_some_and(|name| name == MANIFEST) {
            return Ok(self.manifest()?.unwrap_or_default());
        }
        mistakes::read(&self.text).map_err(|errors| self.of_errors(&errors).into())
    }

    /// What a manifest says of leaklint; the workspace's word counts in its root.
    fn manifest(&self) -> Result<Option<File>, Box<Mistake>> {
        let manifest: Manifest = mistakes::read(&self.text).map_err(|errors| self.of_errors(&errors))?;
        Ok(manifest.workspace.metadata.leaklint.or(manifest.package.metadata.leaklint))
    }

    fn of_errors(&self, errors: &[toml::de::Error]) -> Mistake {
        Mistake::of_errors(&self.path, &self.text, errors)
    }

    fn mistake(&self, span: Option<Range<usize>>, message: String) -> Mistake {
        Mistake { path: self.path.clone(), text: self.text.clone(), span, message, help: None, more: Vec::new() }
    }
}

struct Reader<'d> {
    base: &'d Path,
    working_directory: &'d Path,
}

impl Reader<'_> {
    fn settings(&self, path: &Path, source: Text, form: File) -> Result<Settings, Box<Mistake>> {
        let mut settings = Settings {
            display_path: source.path.clone(),
            base: self.base.to_owned(),
            extends: Vec::new(),
            exclude_globs: Vec::new(),
            min_confidence: None,
            min_severity: None,
            baseline: None,
            rules: Vec::new(),
            overrides: Vec::new(),
            exclude: Gitignore::empty(),
            libraries: Vec::new(),
            text: String::new(),
            path: path.to_owned(),
        };
        let mut exclude = GitignoreBuilder::new(self.base);
        self.take(path, &source, form, &mut settings, &mut exclude, &mut vec![path.to_owned()])?;
        settings.exclude = exclude.build().map_err(|error| source.mistake(None, error.to_string()))?;
        settings.text = source.text;
        Ok(settings)
    }

    /// Adds what a file says, after what the files say that it extends.
    fn take(
        &self,
        path: &Path,
        source: &Text,
        form: File,
        settings: &mut Settings,
        exclude: &mut GitignoreBuilder,
        chain: &mut Vec<PathBuf>,
    ) -> Result<(), Box<Mistake>> {
        let directory = path.parent().unwrap_or(path);
        for extended in &form.extends {
            let target = crate::discovery::location::normalise(&directory.join(extended.get_ref()));
            if chain.contains(&target) || chain.len() > MAX_EXTENDS {
                let message = format!("`{}` extends itself", extended.get_ref());
                return Err(source.mistake(Some(extended.span()), message).into());
            }
            if !target.is_file() {
                let message = format!("there is no file `{}`", extended.get_ref());
                return Err(source.mistake(Some(extended.span()), message).into());
            }
            let text = Text::read(&target, self.working_directory)?;
            let form = text.form(&target)?;
            settings.extends.push(text.path.clone());
            chain.push(target.clone());
            self.take(&target, &text, form, settings, exclude, chain)?;
            chain.pop();
        }
        for glob in &form.exclude {
            add_glob(exclude, glob, source)?;
            settings.exclude_globs.push(glob.get_ref().clone());
        }
        settings.min_confidence = form.min_confidence.or(settings.min_confidence);
        settings.min_severity = form.min_severity.or(settings.min_severity);
        settings.baseline = form.baseline.map(|it| directory.join(it)).or(settings.baseline.take());
        settings.rules.extend(by_weight(form.rules));
        for overriding in form.overrides {
            let mut files = GitignoreBuilder::new(self.base);
            for glob in &overriding.files {
                add_glob(&mut files, glob, source)?;
            }
            let files = files.build().map_err(|error| source.mistake(None, error.to_string()))?;
            settings.overrides.push(Overriding { files, rules: by_weight(overriding.rules) });
        }
        let libraries = form.library.into_iter().map(|library| (library, false));
        for (library, is_crate) in libraries.chain(form.crates.into_iter().map(|library| (library, true))) {
            if let Some((culprit, message)) = mistake(&library) {
                return Err(source.mistake(find_string(&source.text, &culprit), message).into());
            }
            settings.libraries.push(if is_crate { of_crate(library) } else { library });
        }
        settings.libraries.extend(entries(form.entry, source)?);
        Ok(())
    }
}

/// Entry points hold for both languages: which one is meant, the globs and names say.
fn entries(entries: Vec<EntryPoint>, source: &Text) -> Result<Vec<Library>, Box<Mistake>> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let library = Library { name: source.path.clone(), entries, ..Library::default() };
    if let Some((culprit, message)) = mistake(&library) {
        return Err(source.mistake(find_string(&source.text, &culprit), message).into());
    }
    Ok(vec![library.clone(), of_crate(library)])
}

/// Families before rules, so that the last one that fits counts.
fn by_weight(levels: BTreeMap<Selector, Level>) -> Vec<(Selector, Level)> {
    levels.into_iter().collect()
}

fn add_glob(builder: &mut GitignoreBuilder, glob: &Spanned<String>, source: &Text) -> Result<(), Box<Mistake>> {
    let written = glob.get_ref();
    let pattern = written.strip_prefix("./").unwrap_or(written);
    builder.add_line(None, pattern).map(|_| ()).map_err(|error| {
        let reason = match &error {
            ignore::Error::Glob { err, .. } => err.clone(),
            other => other.to_string(),
        };
        source.mistake(Some(glob.span()), format!("not a glob: {reason}")).into()
    })
}

pub(super) fn display(path: &Path, working_directory: &Path) -> String {
    let shown = path.strip_prefix(working_directory).unwrap_or(path).to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { shown.into_owned() } else { shown.replace('\\', "/") }
}
