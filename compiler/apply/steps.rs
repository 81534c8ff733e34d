//! What has to be done besides writing files: the programs that make the machine take a build in, in order.

use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::generation::Generation;
use super::layout::Layout;
use super::proof::Proof;
use crate::diff::{Action, Consequence};

/// One program that is run.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it is for, as a sentence.
    pub because: String,
    /// Exit codes beside 0 that say that there was nothing to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<i32>,
    /// What has to be the case afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<Proof>,
}

impl Step {
    /// A step that works with these exit codes as well.
    fn accepting(self, codes: &[i32]) -> Self {
        Self { accepts: codes.to_vec(), ..self }
    }

    /// Whether it makes or removes containers or their networks.
    pub(super) fn is_for_containers(&self) -> bool {
        let is_one = |proof: &Proof| {
            matches!(proof, Proof::Made(_) | Proof::Well(_) | Proof::Gone(_) | Proof::NoNetwork(_))
        };
        self.proofs.iter().any(is_one)
    }

    /// A step that worked only when this is so.
    fn shown_by(mut self, proofs: impl IntoIterator<Item = Proof>) -> Self {
        self.proofs.extend(proofs);
        self
    }
}

/// All programs of a change, before and after its files are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// While the files are still the old ones: what goes is stopped by its own definition.
    pub before: Vec<Step>,
    /// When the new ones are there.
    pub after: Vec<Step>,
}

impl Steps {
    /// Those that start and stop nothing: they make the next boot be one of the new build.
    #[must_use]
    pub fn at_boot(&self) -> Self {
        let harmless = |step: &&Step| {
            matches!(step.command.as_slice(), [program, verb, ..]
                if program == "systemctl" && matches!(verb.as_str(), "enable" | "disable" | "daemon-reload"))
        };
        let keep = |steps: &[Step]| steps.iter().filter(harmless).cloned().collect();
        Self { before: keep(&self.before), after: keep(&self.after) }
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = &Step> {
        self.before.iter().chain(&self.after)
    }
}

/// The Compose file of the machine.
const COMPOSE: &[&str] =
    &["docker", "compose", "--file", "/etc/mediac/compose.yaml", "--project-name", "mediac"];
/// Compose's own limit for a container to become healthy, in seconds.
const HEALTHY: &str = "150";
/// What `systemctl stop` says of a unit that is not there. It says 1 when systemd does not answer.
const NOT_LOADED: &[i32] = &[5];
/// What `systemctl disable` says of a unit without a file.
const NO_FILE: &[i32] = &[1];

/// The unit that makes folders on the disks.
const STORAGE: &str = "mediac-storage.service";

/// A unit that loads tables into the kernel.
struct Gate {
    unit: &'static str,
    /// What it loads; the first one always.
    tables: &'static [&'static str],
    /// Whether there are routing rules as well.
    has_rules: bool,
    /// Takes away what it leaves there on purpose when it stops.
    open: &'static str,
}

const GATES: &[Gate] = &[
    Gate {
        unit: "mediac-firewall.service",
        tables: &["inet mediac_firewall"],
        has_rules: false,
        open: "nft delete table inet mediac_firewall; :",
    },
    Gate {
        unit: "mediac-killswitch.service",
        tables: &["inet mediac_killswitch", "netdev mediac_uplinks"],
        has_rules: true,
        open: "nft delete table inet mediac_killswitch; nft delete table netdev mediac_uplinks; \
               ip -4 rule flush proto 77; ip -6 rule flush proto 77; :",
    },
];

/// When a step is done; earlier ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// What is removed stops; this comes before the files, as far as it can.
    Stop,
    Reread,
    Run,
    /// What keeps packets in comes before what sends them.
    Gates,
    Disks,
    Restart,
    Start,
    Stack,
    Reload,
    Containers,
    Children,
    Healthy,
    Networks,
    Disable,
    OpenGates,
    /// Disks go last, when nobody uses them.
    StopDisks,
    Forget,
}

/// What is done for the consequences of a change from one build to another.
pub fn steps(consequences: &[Consequence], old: Option<&Generation>, new: &Generation) -> Steps {
    let layout = Layout::new(new);
    let old_layout = old.map(Layout::new).unwrap_or_default();
    let mut found = Found::default();
    for consequence in consequences {
        found.consequence(consequence, &old_layout, &layout);
    }
    found.finish()
}

#[derive(Default)]
struct Found {
    before: Vec<(Rank, Step)>,
    after: Vec<(Rank, Step)>,
}

impl Found {
    fn consequence(&mut self, consequence: &Consequence, old: &Layout, new: &Layout) {
        let Consequence { action, subject, .. } = consequence;
        let because = consequence.phrase().plain();
        let step = |words: &[&str]| Step {
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            because: because.clone(),
            ..Step::default()
        };
        let (unit, rank) = (subject.as_str(), self::rank(subject));
        let name = || subject.clone();
        let reload = || {
            let reload = step(&["systemctl", "reload-or-restart", unit]);
            reload.shown_by([Proof::Reloaded(name())]).shown_by(table(unit).map(Proof::NewTable))
        };
        let definition = || (name(), new.definition(subject).unwrap_or_default().to_owned());
        let compose = |words: &[&str]| step(&[COMPOSE, words].concat());
        match action {
            Action::Unknown | Action::Nothing | Action::MakeNetwork => {}
            Action::Run if subject.starts_with("apt-get") => {} // packages come before the change
            Action::Run => self.after(Rank::Run, step(&["sh", "-c", &where_it_can(unit)])),
            Action::Stop => self.stop(unit, &step),
            Action::Start => {
                self.reread(&because);
                if new.installs(unit) {
                    let enable = step(&["systemctl", "enable", unit]).shown_by([Proof::Enabled(name())]);
                    self.after(rank.max(Rank::Gates), enable);
                }
                // Whatever has a time or a trigger of its own is not run just because it is new. A gate whose table did
                // not come is active all the same: to start that again is to load it.
                if gate(unit).is_some() {
                    self.after(rank, reload());
                } else if !new.waits(unit) {
                    let start = step(&["systemctl", "start", unit]).shown_by([Proof::Started(name())]);
                    self.after(rank, start);
                }
            }
            Action::Restart => {
                self.reread(&because);
                // What is not of this build need not be in use.
                let (verb, proof) = if new.has(unit) {
                    ("restart", Proof::Restarted(name()))
                } else {
                    ("try-restart", Proof::RestartedIfUsed(name()))
                };
                let rank = if rank == Rank::Start { Rank::Restart } else { rank };
                let restart = step(&["systemctl", verb, unit]).shown_by([proof]);
                self.after(rank, restart.shown_by(table(unit).map(Proof::NewTable)));
            }
            Action::Reload => {
                self.reread(&because);
                let rank = if rank == Rank::Start { Rank::Reload } else { rank };
                self.after(rank, reload());
            }
            Action::Reread => self.reread(&because),
            // Compose makes networks together with the containers on them.
            Action::RemakeNetwork | Action::RemoveNetwork => {
                for name in old.on_network(unit) {
                    self.before(Rank::Containers, remove("rm", name, &because, Proof::Gone));
                }
                let network = format!("mediac_{unit}");
                self.before(Rank::Networks, remove("network rm", &network, &because, Proof::NoNetwork));
            }
            Action::RemakeContainer | Action::StartContainer if new.is_child(unit) => {
                // Its supervisor makes it anew, once the network that it shares is there and healthy.
                self.after(Rank::Children, remove("rm", unit, &because, Proof::Gone));
                let well = Proof::Well([definition()].into());
                self.after(Rank::Healthy, healthy(unit, &because).shown_by([well]));
            }
            Action::RemakeContainer | Action::StartContainer => {
                let up = ["up", "--detach", "--no-deps", "--wait", "--wait-timeout", HEALTHY, unit];
                let well = Proof::Well([definition()].into());
                self.after(Rank::Containers, compose(&up).shown_by([well]));
            }
            Action::RestartContainer => {
                let well = Proof::Well([definition()].into());
                let started = compose(&["restart", unit]).shown_by([Proof::StartedAnew(name())]);
                self.after(Rank::Containers, started);
                self.after(Rank::Healthy, healthy(unit, &because).shown_by([well]));
            }
            Action::RemoveContainer => {
                self.before(Rank::Containers, remove("rm", unit, &because, Proof::Gone));
            }
            Action::ReloadContainer => {
                let exec = new.reload(unit).map(|reload| {
                    let words: Vec<&str> = reload.iter().map(String::as_str).collect();
                    compose(&[&["exec", "-T", unit], words.as_slice()].concat())
                });
                let restart = || compose(&["restart", unit]).shown_by([Proof::StartedAnew(name())]);
                self.after(Rank::Reload, exec.unwrap_or_else(restart));
            }
        }
    }

    fn stop(&mut self, unit: &str, plain: &dyn Fn(&[&str]) -> Step) {
        let systemctl = |verb: &str, codes: &[i32], proof: fn(String) -> Proof| {
            plain(&["systemctl", verb, unit]).accepting(codes).shown_by([proof(unit.to_owned())])
        };
        let stop = systemctl("stop", NOT_LOADED, Proof::Stopped);
        self.reread(&stop.because);
        match rank(unit) {
            Rank::Disks => self.after(Rank::StopDisks, stop),
            // Docker needs it by an addition that is still there before the files change: it would stop as well, and
            // whoever asks it for something then would start both.
            _ if unit == STORAGE => self.after(Rank::StopDisks, stop),
            // What was kept in has to be gone, or made anew, before the gate opens.
            Rank::Gates => self.after(Rank::OpenGates, stop),
            _ => self.before(Rank::Stop, stop),
        }
        self.before(Rank::Disable, systemctl("disable", NO_FILE, Proof::Disabled));
        // What failed while it was on its way out is nobody's any more.
        self.after(Rank::Forget, systemctl("reset-failed", NO_FILE, Proof::Forgotten));
        if let Some(gate) = gate(unit) {
            let tables = gate.tables.iter().map(|table| (*table).to_owned()).collect();
            let rules = gate.has_rules.then_some(Proof::NoRules);
            let open = plain(&["sh", "-c", gate.open]).shown_by([Proof::NoTables(tables)]);
            self.after(Rank::OpenGates, open.shown_by(rules));
        }
    }

    fn reread(&mut self, because: &str) {
        let command = ["systemctl", "daemon-reload"].map(str::to_owned).to_vec();
        self.after(
            Rank::Reread,
            Step { command, because: because.to_owned(), ..Step::default() }.shown_by([Proof::Reread]),
        );
    }

    /// Containers that are made anew start together, and are waited for one by one: each takes its time to be healthy.
    fn together(&mut self) {
        let waits = || self.after.iter().filter_map(|(_, step)| Some((waited(step)?, step)));
        let names: Vec<String> = waits().map(|(name, _)| name.to_owned()).collect();
        let Some(because) = waits().next().map(|(_, step)| step.because.clone()).filter(|_| names.len() > 1)
        else {
            return;
        };
        let made = waits().flat_map(|(_, step)| &step.proofs).filter_map(|proof| match proof {
            Proof::Well(wanted) => Some(wanted.clone()),
            _ => None,
        });
        let proofs = vec![Proof::Made(made.flatten().collect())];
        let words = COMPOSE.iter().chain(&["up", "--detach", "--no-deps"]).map(|word| (*word).to_owned());
        let command = words.chain(names).collect();
        // The sort keeps it in front of them.
        self.after.insert(0, (Rank::Containers, Step { command, because, proofs, ..Step::default() }));
    }

    fn before(&mut self, rank: Rank, step: Step) {
        self.before.push((rank, step));
    }

    fn after(&mut self, rank: Rank, step: Step) {
        self.after.push((rank, step));
    }

    fn finish(mut self) -> Steps {
        self.together();
        Steps { before: in_order(self.before), after: in_order(self.after) }
    }
}

/// The services that a step of `up` waits for.
fn waited(step: &Step) -> Option<&str> {
    let waits = step.command.iter().any(|word| word == "--wait-timeout");
    step.command.last().map(String::as_str).filter(|_| waits)
}

/// By rank; each command once, where it comes first.
fn in_order(mut steps: Vec<(Rank, Step)>) -> Vec<Step> {
    steps.sort_by_key(|(rank, _)| *rank);
    let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
    let fresh = steps.into_iter().filter(|(_, step)| seen.insert(step.command.clone()));
    fresh.map(|(_, step)| step).collect()
}

/// A command, where what it talks to is there: a machine in a container has no udev, and no devices of its own.
fn where_it_can(command: &str) -> String {
    if command.starts_with("udevadm ") {
        format!("test ! -S /run/udev/control || {{ {command}; }}")
    } else {
        command.to_owned()
    }
}

/// Removes something of Docker's, if it is there.
fn remove(verb: &str, name: &str, because: &str, proof: fn(String) -> Proof) -> Step {
    // Where Docker does not answer, nothing of it runs.
    let script = format!("docker {verb} --force {name} || ! docker inspect {name}");
    let command = vec!["sh".to_owned(), "-c".to_owned(), script];
    Step { command, because: because.to_owned(), ..Step::default() }.shown_by([proof(name.to_owned())])
}

/// Waits until somebody else has started a container, and it is well.
fn healthy(container: &str, because: &str) -> Step {
    let state = "{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}";
    let script = format!(
        "for i in $(seq {HEALTHY}); do case $(docker inspect --format '{state}' {container} 2>/dev/null) in \
         healthy|running) exit 0;; esac; sleep 1; done; echo {container} is not healthy >&2; exit 1"
    );
    let command = vec!["sh".to_owned(), "-c".to_owned(), script];
    Step { command, because: because.to_owned(), ..Step::default() }
}

fn gate(unit: &str) -> Option<&'static Gate> {
    GATES.iter().find(|gate| gate.unit == unit)
}

/// The table that a unit loads.
fn table(unit: &str) -> Option<String> {
    gate(unit).and_then(|gate| gate.tables.first()).map(|table| (*table).to_owned())
}

fn rank(unit: &str) -> Rank {
    const RANKS: &[(&str, Rank)] = &[
        // It looks after the gate, and must not when that opens.
        ("mediac-killswitch-check", Rank::Start),
        ("mediac-killswitch", Rank::Gates),
        ("mediac-firewall", Rank::Gates),
        ("mediac-stack", Rank::Stack),
        ("mediac-namespace-", Rank::Stack),
    ];
    if Path::new(unit).extension().is_some_and(|kind| kind == "mount") {
        return Rank::Disks;
    }
    RANKS.iter().find(|(name, _)| unit.starts_with(name)).map_or(Rank::Start, |(_, rank)| *rank)
}
