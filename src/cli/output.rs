//! `--output-format FORMAT[=PATH]`: which formats are written where.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use super::arguments::OutputOptions;
use super::errors::UserError;
use crate::reporting::{self, Format};
use crate::run::Report;

/// One format and where it goes; without a path to stdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) path: Option<PathBuf>,
}

/// Reads `sarif=leaks.sarif`; knows the formats, for help and completions.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = Output;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Output, Error> {
        let bytes = value.as_encoded_bytes();
        let at = bytes.iter().position(|byte| *byte == b'=');
        let format = at.map_or(value.to_owned(), |at| String::from_utf8_lossy(&bytes[..at]).into_owned().into());
        let path = at.and_then(|at| value.to_str().map(|text| PathBuf::from(&text[at + 1..])));
        let format = EnumValueParser::<Format>::new().parse_ref(command, argument, &format)?;
        Ok(Output { format, path: path.filter(|path| !path.as_os_str().is_empty()) })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let formats = <Format as clap::ValueEnum>::value_variants().iter();
        Some(Box::new(formats.filter_map(clap::ValueEnum::to_possible_value)))
    }
}

/// The formats that were asked for, or else the one that fits the place.
pub(super) fn chosen(given: &[Output]) -> anyhow::Result<Vec<Output>> {
    if given.is_empty() {
        let is_on_github = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        let format = if is_on_github { Format::Github } else { Format::Full };
        return Ok(vec![Output { format, path: None }]);
    }
    if given.iter().filter(|output| output.path.is_none()).count() > 1 {
        let message = "two formats cannot both go to stdout".to_owned();
        let help = "give all but one a file: `--output-format sarif=leaks.sarif`".to_owned();
        return Err(UserError { message, help }.into());
    }
    Ok(given.to_vec())
}

pub(super) fn write(outputs: &[Output], report: &Report, options: &OutputOptions) -> anyhow::Result<()> {
    let project_directory = std::env::var_os("CI_PROJECT_DIR").map(PathBuf::from);
    let options = reporting::Options {
        quiet: options.quiet,
        max_findings: options.max_diagnostics,
        project_directory: project_directory.as_deref(),
    };
    for Output { format, path } in outputs {
        match path {
            None => {
                let mut out = BufWriter::new(anstream::stdout().lock());
                reporting::write(*format, report, options, &mut out)?;
                out.flush()?;
            }
            Some(path) => write_file(path, *format, report, options)
                .with_context(|| format!("cannot write `{}`", path.display()))?,
        }
    }
    Ok(())
}

fn write_file(path: &Path, format: Format, report: &Report, options: reporting::Options<'_>) -> std::io::Result<()> {
    let mut out = anstream::StripStream::new(Vec::new());
    reporting::write(format, report, options, &mut out)?;
    File::create(path)?.write_all(&out.into_inner())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::arguments::Cli;
    use super::*;

    #[test]
    fn a_format_may_name_a_file() {
        let read = |value: &str| OutputParser.parse_ref(&Cli::command(), None, OsStr::new(value)).ok();
        let output = |format, path: Option<&str>| Some(Output { format, path: path.map(PathBuf::from) });
        assert_eq!(read("sarif"), output(Format::Sarif, None));
        assert_eq!(read("sarif=a=b.sarif"), output(Format::Sarif, Some("a=b.sarif")));
        assert_eq!(read("json-lines="), output(Format::JsonLines, None));
        assert_eq!(read("xml=a"), None);
    }
}
