//! Wiring: looks at all services at once, does what differs, and looks again, until nothing is left or nothing moves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::act::Done;
use super::compare::{kept, wanted};
use super::look::{Look, find, id_of, look};
use super::model::{Count, Wiring};
use super::order::{Needs, Spot, needs, order};
use super::plan::{Change, Facts, Prune, ServicePlan, complete, matching, plan};
use super::record::{Key, Record, Records};
use super::session::Session;
use super::trouble::Trouble;
use super::values::Secrets;

/// So often services are looked at again after something was done.
const ROUNDS: usize = 12;
/// What is waited for between rounds in which nothing could be done; after the last one it is given up.
const PAUSES: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];

/// What a run needs.
pub struct Run<'a> {
    /// What is wanted.
    pub wiring: &'a Wiring,
    /// Values of secrets.
    pub secrets: &'a Secrets,
    /// Of hashes of secrets.
    pub key: &'a Key,
    /// What becomes of what is no longer declared.
    pub prune: Prune,
    /// How long services are waited for.
    pub wait: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Who is told.
    pub watcher: &'a dyn Watcher,
}

/// Who is told what happens, and keeps what was wired.
pub trait Watcher: Sync {
    /// A service does not answer yet.
    fn waiting(&self, service: &str, since: Duration, trouble: &Trouble);
    /// Something was done.
    fn did(&self, event: &Event);
    /// Keeps what was wired; an error is said once, at the end.
    fn keep(&self, records: &Records) -> Result<(), String>;
}

/// Something that was done, or tried.
#[derive(Debug, Clone)]
pub struct Event {
    /// The service.
    pub service: String,
    /// What.
    pub what: What,
    /// How it went.
    pub result: Result<Done, Trouble>,
}

/// What was done.
#[derive(Debug, Clone)]
pub enum What {
    /// A step.
    Step(String),
    /// A change of an object.
    Change(Change),
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was to be done.
    pub plan: BTreeMap<String, ServicePlan>,
    /// What is still to be done.
    pub left: BTreeMap<String, ServicePlan>,
    /// What was done.
    pub events: Vec<Event>,
    /// Requests that may have changed something, by service.
    pub writes: BTreeMap<String, u32>,
    /// What is known to be wired.
    pub records: Records,
    /// Why that could not be kept.
    pub unkept: Option<String>,
}

impl Run<'_> {
    /// What would be done. An error is a circle of references.
    pub fn plan(&self, records: Records) -> Result<Outcome, Vec<Spot>> {
        let needs = needs(self.wiring, &records);
        let order = order(&needs)?;
        let mut sessions = self.sessions();
        let looks = self.look(&mut sessions, &needs, &self.names(), Instant::now() + self.wait);
        let plan = plan(&self.facts(&looks, &records, &order));
        Ok(Outcome { left: plan.clone(), plan, records, ..Outcome::default() })
    }

    /// Does it.
    pub fn apply(&self, records: Records) -> Result<Outcome, Vec<Spot>> {
        let needs = needs(self.wiring, &records);
        let order = order(&needs)?;
        let deadline = Instant::now() + self.wait;
        let mut sessions = self.sessions();
        let mut looks = self.look(&mut sessions, &needs, &self.names(), deadline);
        let plan = plan(&self.facts(&looks, &records, &order));
        let mut outcome = Outcome { left: plan.clone(), plan, records, ..Outcome::default() };
        let mut stuck = 0;
        for _ in 0..ROUNDS {
            if outcome.left.values().all(|plan| plan.trouble.is_some() || plan.is_done()) {
                break;
            }
            let done = self.execute(&mut sessions, &mut looks, &mut outcome, &needs);
            let passing = |event: &&Event| event.result.as_ref().is_err_and(Trouble::is_passing);
            let unready = outcome.left.iter().filter(|(_, plan)| !plan.steps.is_empty()).map(|(id, _)| id);
            let again: BTreeSet<String> =
                done.iter().filter(passing).map(|event| &event.service).chain(unready).cloned().collect();
            let (moved, passes) =
                (done.iter().any(|event| event.result.is_ok()), done.iter().any(|e| passing(&e)));
            outcome.events.extend(done);
            stuck = if moved { 0 } else { stuck + 1 };
            looks.extend(self.look(&mut sessions, &needs, &again, deadline));
            outcome.left = self::plan(&self.facts(&looks, &outcome.records, &order));
            if stuck > 0 && (!passes || stuck > PAUSES.len()) {
                break;
            }
            if let Some(pause) = stuck.checked_sub(1).and_then(|at| PAUSES.get(at)) {
                std::thread::sleep(*pause);
            }
        }
        self.note_the_rest(&looks, &mut outcome);
        outcome.unkept = self.watcher.keep(&outcome.records).err();
        outcome.writes = sessions
            .iter()
            .map(|(id, session)| (id.clone(), session.writes()))
            .filter(|(_, n)| *n > 0)
            .collect();
        Ok(outcome)
    }

    fn sessions(&self) -> BTreeMap<String, Session<'_>> {
        let session = |service| Session::new(service, self.secrets, self.timeout);
        self.wiring.services.iter().map(|(id, service)| (id.clone(), session(service))).collect()
    }

    fn names(&self) -> BTreeSet<String> {
        self.wiring.services.keys().cloned().collect()
    }

    fn facts<'b>(
        &'b self,
        looks: &'b BTreeMap<String, Look>,
        records: &'b Records,
        order: &'b [Spot],
    ) -> Facts<'b> {
        let Run { wiring, secrets, key, prune, .. } = *self;
        Facts { wiring, looks, records, secrets, key, order, prune }
    }

    /// Looks at services, all at once.
    fn look(
        &self,
        sessions: &mut BTreeMap<String, Session<'_>>,
        needs: &Needs,
        which: &BTreeSet<String>,
        deadline: Instant,
    ) -> BTreeMap<String, Look> {
        let found = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for (id, session) in sessions.iter_mut().filter(|(id, _)| which.contains(*id)) {
                let found = &found;
                scope.spawn(move || {
                    let wanted =
                        needs.keys().filter(|(of, _)| of == id).map(|(_, name)| name.clone()).collect();
                    let waiting = |since, trouble: &Trouble| self.watcher.waiting(id, since, trouble);
                    let seen = look(session, &wanted, deadline, &waiting);
                    locked(found).insert(id.clone(), seen);
                });
            }
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was as wanted without anything being done.
    fn note_the_rest(&self, looks: &BTreeMap<String, Look>, outcome: &mut Outcome) {
        for (id, plan) in &outcome.left {
            for (name, object) in &plan.fine {
                if let Some(record) = self.record(&outcome.records, looks, (id, name, object)) {
                    outcome.records.put(id, name, object, record);
                }
            }
        }
    }

    /// What is to be noted of an object as the service has it now.
    pub(super) fn record(
        &self,
        records: &Records,
        looks: &BTreeMap<String, Look>,
        (id, name, object): (&str, &str, &str),
    ) -> Option<Record> {
        let service = self.wiring.services.get(id)?;
        let resource = service.api.resources.get(name)?;
        let found = looks.get(id)?.resources.get(name)?.as_ref().ok()?;
        let declared = complete(resource, object, service.objects(name).get(object)?);
        let wanted = wanted(&declared, self.secrets, &|made| find(self.wiring, looks, records, made));
        let before = records.get(id, name, object);
        let (index, _) = matching(resource, &wanted, found, before, &BTreeSet::new())?;
        let stored = found.get(index)?;
        Some(Record {
            id: if resource.count == Count::One { Value::Null } else { id_of(resource, stored) },
            maker: before.map(|before| before.maker).unwrap_or_default(),
            fields: kept(resource, &wanted, stored, self.key).into_iter().collect(),
        })
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
