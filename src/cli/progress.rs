//! The progress of a run, on one line that is erased at the end.

use std::io::{IsTerminal as _, Stderr, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::run::Progress;

/// A run shorter than this says nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// A line that changes more often cannot be read.
const INTERVAL: Duration = Duration::from_millis(100);

/// Draws on a terminal once the run takes long; otherwise does nothing.
pub(super) struct ProgressLine<W = Stderr> {
    started: Instant,
    patience: Duration,
    /// `None` when there is nobody to draw for.
    state: Option<Mutex<State<W>>>,
}

struct State<W> {
    out: W,
    drawn: Option<Instant>,
}

impl ProgressLine {
    pub(super) fn on_stderr(quiet: bool) -> Self {
        let stderr = std::io::stderr();
        let watched = !quiet && stderr.is_terminal();
        Self::new(watched.then_some(stderr), PATIENCE)
    }
}

impl<W: Write> ProgressLine<W> {
    fn new(out: Option<W>, patience: Duration) -> Self {
        let state = out.map(|out| Mutex::new(State { out, drawn: None }));
        Self { started: Instant::now(), patience, state }
    }

    /// Takes the line away, so that what follows starts on an empty one.
    pub(super) fn finish(&self) {
        self.with_state(|state| {
            if state.drawn.take().is_some() {
                // Progress that cannot be shown is no reason to fail a run.
                let _ = write!(state.out, "\r\x1b[2K").and_then(|()| state.out.flush());
            }
        });
    }

    fn with_state(&self, f: impl FnOnce(&mut State<W>)) {
        if let Some(state) = &self.state {
            f(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl<W: Write + Send> Progress for ProgressLine<W> {
    fn stage(&self, stage: &str, done: usize, total: usize) {
        if self.state.is_none() || self.started.elapsed() < self.patience {
            return;
        }
        self.with_state(|state| {
            if state.drawn.is_some_and(|drawn| drawn.elapsed() < INTERVAL) {
                return;
            }
            state.drawn = Some(Instant::now());
            let _ = match total {
                0 => write!(state.out, "\r\x1b[2K{stage}"),
                _ => write!(state.out, "\r\x1b[2K{stage} {done}/{total}"),
            }
            .and_then(|()| state.out.flush());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(patience: Duration) -> String {
        let line = ProgressLine::new(Some(Vec::new()), patience);
        line.stage("parsing", 1, 2);
        line.stage("parsing", 2, 2);
        line.finish();
        let state = line.state.unwrap().into_inner().unwrap();
        String::from_utf8(state.out).unwrap()
    }

    #[test]
    fn a_long_run_draws_now_and_then_and_cleans_up() {
        assert_eq!(drawn(Duration::ZERO), "\r\x1b[2Kparsing 1/2\r\x1b[2K");
    }

    #[test]
    fn a_short_run_draws_nothing() {
        assert_eq!(drawn(Duration::MAX), "");
    }
}
