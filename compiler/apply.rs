//! Applying a build to a machine: compared three ways, written so that no moment is between two builds, undone when it
//! fails or is cut off. Pure but for `disk`, `generation`, `journal` and `engine`, which work below a root that is given.

mod accounts;
mod actual;
mod answers;
mod decide;
mod derive;
mod disk;
mod engine;
mod gate;
mod generation;
mod journal;
mod layout;
mod memory;
mod outlook;
mod prepare;
mod proof;
mod prospect;
mod refill;
mod room;
mod steps;
mod template;
mod undo;

pub use accounts::Accounts;
pub use actual::actual;
pub use decide::{Keeping, Obstacle, Policy, Reason, Rights, Verdict};
pub use derive::{derived, formed};
pub use disk::{Disk, Found, Room};
pub use engine::{End, Event, Failing, Hands, Plan, Target};
pub use generation::{Broken, Generation, Meta};
pub use journal::{Journal, Phase, Places, Waiting, Work};
pub use memory::forget;
pub use outlook::{Interruption, Outlook, Risk, Turn, outlook};
pub use prepare::{Missing, SOURCES};
pub use proof::{Proof, Question};
pub use prospect::{Item, Problem, Prospect, Request, Seen, ancestors, prospect, word};
pub use refill::refill;
pub use room::{Freight, Need};
pub use steps::{Step, Steps, steps};
pub use template::{Unfilled, Values};
