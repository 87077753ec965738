//! Failures of the run itself, as people read them: `error: …`, then `help: …`.

use std::io::{self, Write};

use crate::config::Mistake;
use crate::discovery::DiscoveryError;
use crate::run::RunError;

/// Something the user can set right.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct UserError {
    pub(super) message: String,
    pub(super) help: String,
}

/// Whether it only failed because nobody reads the output any more.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        // serde_json wraps the error of the writer instead of giving it as the source.
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

pub(super) fn render(error: &anyhow::Error, out: &mut dyn Write) -> io::Result<()> {
    // A mistake in a file is shown where it stands, and so are those below it.
    if let Some(mistake) = mistake(error).filter(|mistake| mistake.span.is_some()) {
        let mut mistakes = std::iter::once(mistake).chain(&mistake.more);
        return mistakes.try_for_each(|mistake| crate::reporting::write_mistake(mistake, out));
    }
    let style = anstyle::AnsiColor::Red.on_default().bold();
    writeln!(out, "{style}error{style:#}: {error:#}")?;
    if let Some(help) = help(error) {
        let style = anstyle::AnsiColor::Cyan.on_default().bold();
        writeln!(out, "{style}help{style:#}: {help}")?;
    }
    Ok(())
}

fn mistake(error: &anyhow::Error) -> Option<&Mistake> {
    error.chain().find_map(|cause| {
        let boxed = cause.downcast_ref::<Box<Mistake>>().map(|mistake| &**mistake);
        boxed.or_else(|| cause.downcast_ref::<Mistake>()).or_else(|| match cause.downcast_ref::<RunError>()? {
            RunError::Configuration(mistake) | RunError::Discovery(DiscoveryError::Configuration(mistake)) => {
                Some(mistake)
            }
            _ => None,
        })
    })
}

fn help(error: &anyhow::Error) -> Option<&str> {
    error.chain().find_map(|cause| cause.downcast_ref::<UserError>()).map(|error| error.help.as_str())
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn check(error: &anyhow::Error, expected: &str) {
        let mut out = anstream::StripStream::new(Vec::new());
        render(error, &mut out).unwrap();
        assert_eq!(String::from_utf8(out.into_inner()).unwrap(), expected);
    }

    #[test]
    fn causes_stand_on_one_line_and_help_below() {
        let error = Err::<(), _>(UserError { message: "no such thing".into(), help: "take another".into() });
        check(&error.context("looking").unwrap_err(), "error: looking: no such thing\nhelp: take another\n");
    }

    #[test]
    fn a_closed_pipe_is_found_in_the_chain() {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&anyhow::Error::from(closed()).context("writing")));
        assert!(is_broken_pipe(&serde_json::Error::io(closed()).into()));
        assert!(!is_broken_pipe(&io::Error::from(io::ErrorKind::NotFound).into()));
    }
}
