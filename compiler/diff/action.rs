//! The things that can happen on a machine when a build is applied.

use super::phrase::Phrase;

/// Something that happens on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequence {
    /// What is done.
    pub action: Action,
    /// To what.
    pub subject: String,
    /// Why.
    pub because: Vec<Phrase>,
}

/// What is done, what interrupts most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It cannot be told.
    Unknown,
    /// A network is removed and made again.
    RemakeNetwork,
    /// A network is made.
    MakeNetwork,
    /// A network is removed.
    RemoveNetwork,
    /// A container is removed and made again.
    RemakeContainer,
    /// A container is stopped and started.
    RestartContainer,
    /// A container is made and started.
    StartContainer,
    /// A container is stopped and removed.
    RemoveContainer,
    /// A unit is stopped.
    Stop,
    /// A unit is started.
    Start,
    /// A unit is restarted.
    Restart,
    /// A unit takes in its files without a restart.
    Reload,
    /// A container takes in its files without a restart.
    ReloadContainer,
    /// A program is run.
    Run,
    /// systemd reads the unit again, and nothing else happens.
    Reread,
    /// Nothing, where a reader would expect something.
    Nothing,
}

impl Action {
    /// Stable name in kebab case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::RemakeNetwork => "remake-network",
            Self::MakeNetwork => "make-network",
            Self::RemoveNetwork => "remove-network",
            Self::RemakeContainer => "remake-container",
            Self::RestartContainer => "restart-container",
            Self::StartContainer => "start-container",
            Self::RemoveContainer => "remove-container",
            Self::Stop => "stop-unit",
            Self::Start => "start-unit",
            Self::Restart => "restart-unit",
            Self::Reload => "reload-unit",
            Self::ReloadContainer => "reload-container",
            Self::Run => "run",
            Self::Reread => "reread-unit",
            Self::Nothing => "nothing",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "it cannot be told what happens to {}: ",
            Self::RemakeNetwork => "the network {} is made anew: ",
            Self::MakeNetwork => "the network {} is made: ",
            Self::RemoveNetwork => "the network {} is removed: ",
            Self::RemakeContainer => "the container {} is made anew: ",
            Self::RestartContainer => "the container {} restarts: ",
            Self::StartContainer => "the container {} starts: ",
            Self::RemoveContainer => "the container {} is removed: ",
            Self::Stop => "{} stops: ",
            Self::Start => "{} starts: ",
            Self::Restart => "{} restarts: ",
            Self::Reload => "{} reloads: ",
            Self::ReloadContainer => "the container {} reloads its configuration: ",
            Self::Run => "{} runs: ",
            Self::Reread => "{} is only read again by systemd: ",
            Self::Nothing => "nothing happens for {}: ",
        }
    }
}

impl Consequence {
    /// A consequence with one reason.
    pub fn new(action: Action, subject: &str, because: Phrase) -> Self {
        Self { action, subject: subject.to_owned(), because: vec![because] }
    }

    /// The consequence as a sentence.
    pub fn phrase(&self) -> Phrase {
        let mut phrase = Phrase::new(self.action.words(), &[&self.subject]);
        for (index, because) in self.because.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            phrase = phrase.then(Phrase::new(separator, &[])).then(because.clone());
        }
        phrase
    }
}
