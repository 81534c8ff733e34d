//! What has to be done besides writing files: the programs that make the machine take a build in, in order.

use serde::{Deserialize, Serialize};

use crate::diff::{Action, Consequence};

/// One program that is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it is for, as a sentence.
    pub because: String,
}

/// The Compose file of the machine.
const COMPOSE: &[&str] = &["docker", "compose", "--file", "/etc/mediac/compose.yaml", "--project-name", "mediac"];

/// What is done for the consequences of a change, what others need first.
pub fn steps(consequences: &[Consequence]) -> Vec<Step> {
    let mut steps: Vec<(u8, Step)> = Vec::new();
    let mut rereads = Vec::new();
    for consequence in consequences {
        let Consequence { action, subject, .. } = consequence;
        let because = consequence.phrase().plain();
        let add = |rank: u8, words: &[&str]| {
            let command = words.iter().map(|word| (*word).to_owned()).collect();
            (rank, Step { command, because: because.clone() })
        };
        let systemctl = |verb: &'static str| ["systemctl", verb, subject.as_str()];
        let compose = |words: &[&str]| add(7, &[COMPOSE, words, &[subject.as_str()]].concat());
        match action {
            Action::Unknown | Action::Nothing => continue,
            Action::Run => steps.push(add(1, &["sh", "-c", subject.as_str()])),
            Action::Stop => steps.push(add(0, &["systemctl", "disable", "--now", subject.as_str()])),
            Action::Start => steps.push(add(rank(subject, 5), &["systemctl", "enable", "--now", subject.as_str()])),
            Action::Restart => steps.push(add(rank(subject, 6), &systemctl("restart"))),
            Action::Reload => steps.push(add(rank(subject, 6), &systemctl("reload-or-restart"))),
            Action::Reread => {}
            // Networks are made and removed by Compose, with the containers on them.
            Action::RemakeNetwork | Action::RemoveNetwork => steps.push(add(4, &[COMPOSE, &["down"]].concat())),
            Action::MakeNetwork => {}
            Action::RemakeContainer | Action::StartContainer => {
                steps.push(compose(&["up", "--detach", "--no-deps", "--remove-orphans"]));
            }
            Action::RemoveContainer => steps.push(add(4, &["docker", "rm", "--force", subject.as_str()])),
            Action::ReloadContainer => steps.push(compose(&["kill", "--signal", "SIGUSR1"])),
        }
        if matches!(action, Action::Stop | Action::Start | Action::Restart | Action::Reload | Action::Reread) {
            rereads.push(because);
        }
    }
    if !rereads.is_empty() {
        let command = ["systemctl", "daemon-reload"].map(str::to_owned).to_vec();
        steps.push((2, Step { command, because: "units change".to_owned() }));
    }
    steps.sort_by_key(|(rank, _)| *rank);
    let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
    steps.dedup_by(|later, earlier| later.command == earlier.command);
    steps
}

/// What keeps packets in comes before what sends them.
fn rank(unit: &str, otherwise: u8) -> u8 {
    if unit.contains("killswitch") || unit.contains("firewall") { 3 } else { otherwise }
}
