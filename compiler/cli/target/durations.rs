//! How long the steps of an apply took on this machine when they were done last: what a plan can say of the next time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Machine;
use crate::apply::{Found, Rights, Step};

const NAME: &str = "durations.json";
/// Its name until it is whole.
pub const UNFINISHED: &str = ".durations.json";

/// Milliseconds by the words of a step's command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations(BTreeMap<String, u64>);

impl Durations {
    /// What is known on a machine. Nothing depends on it: what cannot be read is not known.
    pub fn read(machine: &Machine) -> Self {
        match machine.disk.look(&path(machine)) {
            Ok(Found::File { bytes, .. }) => Self(serde_json::from_slice(&bytes).unwrap_or_default()),
            _ => Self::default(),
        }
    }

    /// Adds what took how long. An apply does not fail for it.
    pub fn keep(self, machine: &Machine) {
        if self.0.is_empty() {
            return;
        }
        let mut all = Self::read(machine);
        all.0.extend(self.0);
        let text = serde_json::to_string(&all.0).unwrap_or_default();
        let rights = Rights { mode: 0o600, owner: 0, group: 0 };
        let _ = machine.disk.put(&path(machine), UNFINISHED, text.as_bytes(), rights);
    }

    /// A step took so long.
    pub fn note(&mut self, step: &Step, took: Duration) {
        self.0.insert(step.command.join(" "), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }

    /// How long those of the steps took that are for this reason; none as long as not all of them were ever done.
    pub fn of<'a>(&self, steps: impl Iterator<Item = &'a Step>, because: &str) -> Option<Duration> {
        let taken =
            steps.filter(|step| step.because == because).map(|step| self.0.get(&step.command.join(" ")));
        let (mut sum, mut count) = (0, 0_usize);
        for milliseconds in taken {
            sum += milliseconds?;
            count += 1;
        }
        (count > 0).then(|| Duration::from_millis(sum))
    }
}

fn path(machine: &Machine) -> String {
    format!("{}/{NAME}", machine.places.base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(command: &str, because: &str) -> Step {
        Step {
            command: command.split(' ').map(str::to_owned).collect(),
            because: because.to_owned(),
            ..Step::default()
        }
    }

    #[test]
    fn only_what_was_done_before_has_a_duration() {
        let steps = [step("a b", "one"), step("c", "one"), step("d", "two")];
        let mut took = Durations::default();
        took.note(&steps[0], Duration::from_millis(1_500));
        assert_eq!(took.of(steps.iter(), "one"), None);
        took.note(&steps[1], Duration::from_millis(700));
        assert_eq!(took.of(steps.iter(), "one"), Some(Duration::from_millis(2_200)));
        assert_eq!(took.of(steps.iter(), "two"), None);
        assert_eq!(took.of(steps.iter(), "three"), None);
    }
}
