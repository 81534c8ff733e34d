//! Wiring: the services of a host made to know each other, over their own interfaces.
//!
//! Modules say in data how an API is talked to and which objects it should have; nothing here knows a service. What is
//! there is compared with what is declared and with what was wired last, field by field.

mod act;
mod call;
mod codec;
mod compare;
mod http;
mod look;
mod model;
mod order;
mod place;
mod plan;
mod record;
mod round;
mod run;
mod session;
mod tls;
mod trouble;
mod values;

use std::collections::BTreeSet;

use crate::secret::{self, HELD_MARK, MARK, Reference};

pub use act::Done;
pub use compare::{Cause, Field};
pub use model::{Auth, Count, Ready, Resource, Service, Step, Wiring};
pub use order::{Needs, Spot, needs, order};
pub use place::{names, spoken};
pub use plan::{Change, Fate, Prune, Rewritten, ServicePlan};
pub use record::{Key, Records};
pub use run::{Event, Outcome, Run, Watcher, What};
pub use trouble::Trouble;
pub use values::{Made, Secrets, made};

/// Reads the wiring of a host. References to secrets are those of the rest of mediac again.
pub fn parse(text: &str) -> Result<Wiring, serde_json::Error> {
    serde_json::from_str(&text.replace(HELD_MARK, MARK))
}

/// The secrets that a wiring needs.
pub fn references(text: &str) -> BTreeSet<Reference> {
    secret::references(&text.replace(HELD_MARK, MARK)).collect()
}

/// Where the wiring of a host is.
pub const WIRING: &str = "/etc/mediac/wiring.json";
