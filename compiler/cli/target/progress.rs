//! Shows on a terminal what is under way, and takes the time of it. Where nobody watches, lines are all there is.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::durations::Durations;
use super::hands::{Programs, Source};
use crate::apply::{Event, Hands, Question, Step};

const TICK: Duration = Duration::from_millis(120);

/// Hands that are watched.
pub struct Shown<'a, 'b> {
    inner: &'a mut Programs<'b>,
    bar: ProgressBar,
    took: Durations,
}

impl<'a, 'b> Shown<'a, 'b> {
    /// With so much to do: files to write, and steps.
    pub fn new(inner: &'a mut Programs<'b>, total: usize) -> Self {
        let bar = ProgressBar::new(u64::try_from(total).unwrap_or_default());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self { inner, bar, took: Durations::default() }
    }

    /// Nothing is under way any more; what took how long.
    pub fn finish(self) -> Durations {
        self.bar.finish_and_clear();
        self.took
    }
}

impl Hands for Shown<'_, '_> {
    fn act(&mut self, step: &Step) -> Result<(), String> {
        self.bar.set_message(step.because.clone());
        let start = Instant::now();
        let done = self.inner.act(step);
        if done.is_ok() && !matches!(self.inner.source, Source::None) {
            self.took.note(step, start.elapsed());
        }
        self.bar.inc(1);
        done
    }

    fn ask(&mut self, step: &Step, question: &Question) -> Result<Option<String>, String> {
        self.inner.ask(step, question)
    }

    fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Changed(path) => {
                self.bar.set_message(path.to_owned());
                self.bar.inc(1);
            }
            // Nobody knows how much of it there is.
            Event::Undoing(_) => self.bar.unset_length(),
            Event::Kept(_) | Event::Step(_) | Event::Failed(..) => {}
        }
        self.bar.suspend(|| self.inner.tell(event));
    }
}
