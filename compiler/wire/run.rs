//! Wiring: looks at all services at once, does what differs, and looks again, until nothing is left or nothing moves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::act::{self, Done};
use super::compare::{kept, wanted};
use super::look::{Look, look, objects, part};
use super::model::{Count, Service, Wiring};
use super::order::{Needs, Spot, needs, order};
use super::plan::{Change, Facts, Fate, Prune, ServicePlan, complete, id_of, matching, plan};
use super::record::{Key, Maker, Record, Records};
use super::session::Session;
use super::trouble::Trouble;
use super::values::{Made, Secrets, all_made};

/// So often services are looked at again after something was done.
const ROUNDS: usize = 5;

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
        let needs = needs(self.wiring);
        let order = order(&needs)?;
        let mut sessions = self.sessions();
        let looks = self.look(&mut sessions, &needs, &self.names(), Instant::now() + self.wait);
        let plan = plan(&self.facts(&looks, &records, &order));
        Ok(Outcome { left: plan.clone(), plan, records, ..Outcome::default() })
    }

    /// Does it.
    pub fn apply(&self, records: Records) -> Result<Outcome, Vec<Spot>> {
        let needs = needs(self.wiring);
        let order = order(&needs)?;
        let deadline = Instant::now() + self.wait;
        let mut sessions = self.sessions();
        let mut looks = self.look(&mut sessions, &needs, &self.names(), deadline);
        let mut outcome = Outcome { records, ..Outcome::default() };
        for round in 0..ROUNDS {
            let plan = plan(&self.facts(&looks, &outcome.records, &order));
            if round == 0 {
                outcome.plan.clone_from(&plan);
            }
            let idle = plan.values().all(|plan| plan.trouble.is_some() || plan.is_done());
            outcome.left = plan;
            if idle {
                break;
            }
            let done = self.execute(&mut sessions, &mut looks, &mut outcome, &needs);
            let again: BTreeSet<String> = done
                .iter()
                .filter(|event| match (&event.what, &event.result) {
                    (What::Step(_), _) => true,
                    (_, Err(trouble)) => trouble.is_passing(),
                    _ => false,
                })
                .map(|event| event.service.clone())
                .collect();
            let moved = done.iter().any(|event| event.result.is_ok());
            outcome.events.extend(done);
            if again.is_empty() && !moved {
                break;
            }
            looks.extend(self.look(&mut sessions, &needs, &again, deadline));
            outcome.left = self::plan(&self.facts(&looks, &outcome.records, &order));
            if !moved && Instant::now() >= deadline {
                break;
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

    /// Does what is to be done, every service on its own; what refers to another service's objects waits for them.
    fn execute(
        &self,
        sessions: &mut BTreeMap<String, Session<'_>>,
        looks: &mut BTreeMap<String, Look>,
        outcome: &mut Outcome,
        needs: &Needs,
    ) -> Vec<Event> {
        let pending: BTreeSet<Spot> = outcome
            .left
            .iter()
            .flat_map(|(id, plan)| plan.changes.iter().map(move |change| (id, change)))
            // Nothing waits for what goes.
            .filter(|(_, change)| change.fate != Fate::Removed)
            .map(|(id, change)| (id.clone(), change.resource.clone()))
            .collect();
        let shared = Shared {
            run: self,
            looks: Mutex::new(std::mem::take(looks)),
            records: Mutex::new(std::mem::take(&mut outcome.records)),
            pending: Mutex::new(pending),
            finished: Condvar::new(),
            events: Mutex::new(Vec::new()),
            needs,
        };
        std::thread::scope(|scope| {
            for (id, session) in sessions.iter_mut() {
                let Some(plan) = outcome.left.get(id) else { continue };
                let shared = &shared;
                scope.spawn(move || shared.service(id, session, plan));
            }
        });
        *looks = shared.looks.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.records = shared.records.into_inner().unwrap_or_else(PoisonError::into_inner);
        shared.events.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was as wanted without anything being done.
    fn note_the_rest(&self, looks: &BTreeMap<String, Look>, outcome: &mut Outcome) {
        for (id, plan) in &outcome.left {
            let Some((service, look)) = self.wiring.services.get(id).zip(looks.get(id)) else { continue };
            for (name, object) in &plan.fine {
                let find = |made: &Made| self.find(looks, made);
                self.note(&mut outcome.records, (id, service, name, object), look, &find, None);
            }
        }
    }

    fn find(&self, looks: &BTreeMap<String, Look>, made: &Made) -> Option<serde_json::Value> {
        let resource = self.wiring.services.get(&made.service)?.api.resources.get(&made.resource)?;
        let found = looks.get(&made.service)?.resources.get(&made.resource)?.as_ref().ok()?;
        part(resource, found, made)
    }

    /// Notes an object as the service has it now.
    fn note(
        &self,
        records: &mut Records,
        (id, service, name, object): (&str, &Service, &str, &str),
        look: &Look,
        find: &dyn Fn(&Made) -> Option<serde_json::Value>,
        maker: Option<Maker>,
    ) {
        let Some(resource) = service.api.resources.get(name) else { return };
        let Some(Ok(found)) = look.resources.get(name) else { return };
        let Some(declared) = service.objects(name).get(object).copied() else { return };
        let wanted = wanted(&complete(resource, object, declared), self.secrets, find);
        let before = records.get(id, name, object).cloned();
        let Some((index, _)) = matching(resource, &wanted, found, before.as_ref(), &BTreeSet::new()) else {
            return;
        };
        let Some(stored) = found.get(index) else { return };
        let fields = kept(resource, &wanted, stored, self.key).into_iter().collect();
        let maker = maker.or(before.map(|before| before.maker)).unwrap_or_default();
        let id_of =
            if resource.count == Count::One { serde_json::Value::Null } else { id_of(resource, stored) };
        records.put(id, name, object, Record { id: id_of, maker, fields });
    }
}

/// What the services' threads share.
struct Shared<'a> {
    run: &'a Run<'a>,
    looks: Mutex<BTreeMap<String, Look>>,
    records: Mutex<Records>,
    pending: Mutex<BTreeSet<Spot>>,
    finished: Condvar,
    events: Mutex<Vec<Event>>,
    needs: &'a Needs,
}

impl Shared<'_> {
    fn service(&self, id: &str, session: &Session<'_>, plan: &ServicePlan) {
        // Whatever happens here, nobody waits for it for ever.
        let _ended = Ended { shared: self, id };
        if plan.trouble.is_some() {
            return;
        }
        if !plan.steps.is_empty() {
            for name in &plan.steps {
                let Some(step) = session.service.api.steps.get(name) else { continue };
                let result = act::step(session, step, self.run.secrets, &|made| self.find(made));
                let failed = result.is_err();
                self.tell(id, What::Step(step.about.clone()), result.map(|()| Done::Well));
                if failed {
                    return;
                }
            }
            return;
        }
        let mut rest = plan.changes.as_slice();
        while let Some(first) = rest.first() {
            let same = |change: &&Change| {
                change.resource == first.resource
                    && (change.fate == Fate::Removed) == (first.fate == Fate::Removed)
            };
            let (batch, others) = rest.split_at(rest.iter().take_while(same).count());
            rest = others;
            if self.resource(id, session, batch).is_err() {
                return;
            }
        }
    }

    /// All changes of one resource. An error ends the service's part of this round.
    fn resource(&self, id: &str, session: &Session<'_>, batch: &[Change]) -> Result<(), ()> {
        let Some(name) = batch.first().map(|change| change.resource.clone()) else { return Ok(()) };
        let Some(resource) = session.service.api.resources.get(&name) else { return Ok(()) };
        let spot = (id.to_owned(), name.clone());
        if batch.iter().any(|change| change.fate != Fate::Removed) {
            self.wait_for(&spot);
        }
        let (mut tried, mut ends) = (Vec::new(), false);
        for change in batch {
            let declared = session.service.objects(&name).get(&change.object).map(|object| (*object).clone());
            let declared = complete(resource, &change.object, &declared.unwrap_or(serde_json::json!({})));
            let unmade = all_made(&declared).into_iter().find(|made| self.find(made).is_none());
            let fields = match change.fate {
                Fate::Removed => Vec::new(),
                _ => wanted(&declared, self.run.secrets, &|made| self.find(made)),
            };
            let result = match (unmade, &change.fate) {
                (Some(made), fate) if *fate != Fate::Removed => {
                    Err(super::session::missing_here(&super::values::Missing::Object(made)))
                }
                _ => act::act(session, resource, change, &fields),
            };
            ends = result.as_ref().is_err_and(Trouble::is_passing);
            tried.push((change, result));
            if ends {
                break;
            }
        }
        let fresh = objects(session, resource);
        ends |= fresh.is_err();
        locked(&self.looks).entry(id.to_owned()).or_default().resources.insert(name.clone(), fresh);
        for (change, result) in tried {
            self.note(id, session.service, change, result.is_ok());
            self.tell(id, What::Change(change.clone()), result);
        }
        self.finish(&spot);
        if ends { Err(()) } else { Ok(()) }
    }

    fn note(&self, id: &str, service: &Service, change: &Change, done: bool) {
        let mut records = locked(&self.records);
        let made = matches!(change.fate, Fate::New | Fate::Lost).then_some(Maker::Mediac);
        let spot = (id, service, change.resource.as_str(), change.object.as_str());
        let looks = locked(&self.looks);
        match (&change.fate, done, looks.get(id)) {
            (Fate::Removed, true, _) => records.forget(id, &change.resource, &change.object),
            (Fate::Removed, false, _) | (_, _, None) => {}
            (_, true, Some(look)) => {
                self.run.note(&mut records, spot, look, &|made| self.run.find(&looks, made), made);
            }
            (_, false, Some(look)) => {
                // What seemed to fail may have been made all the same; of its fields nothing is known.
                let before = records.get(id, &change.resource, &change.object).cloned();
                self.run.note(&mut records, spot, look, &|made| self.run.find(&looks, made), made);
                let fields = before.clone().map(|before| before.fields).unwrap_or_default();
                match (records.get(id, &change.resource, &change.object).cloned(), made) {
                    (Some(found), Some(_)) => {
                        let found = Record { fields, ..found };
                        records.put(id, &change.resource, &change.object, found);
                    }
                    (Some(_), None) => match before {
                        Some(before) => records.put(id, &change.resource, &change.object, before),
                        None => records.forget(id, &change.resource, &change.object),
                    },
                    (None, _) => {}
                }
            }
        }
        drop(looks);
        // Said at the end, when it cannot be done then either.
        let _ = self.run.watcher.keep(&records);
    }

    fn tell(&self, id: &str, what: What, result: Result<Done, Trouble>) {
        let event = Event { service: id.to_owned(), what, result };
        self.run.watcher.did(&event);
        locked(&self.events).push(event);
    }

    fn find(&self, made: &Made) -> Option<serde_json::Value> {
        self.run.find(&locked(&self.looks), made)
    }

    fn wait_for(&self, spot: &Spot) {
        let Some(needed) = self.needs.get(spot) else { return };
        let mut pending = locked(&self.pending);
        while needed.iter().any(|other| other != spot && pending.contains(other)) {
            pending = self.finished.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, spot: &Spot) {
        locked(&self.pending).remove(spot);
        self.finished.notify_all();
    }
}

/// Says that a service's thread has ended.
struct Ended<'a> {
    shared: &'a Shared<'a>,
    id: &'a str,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        locked(&self.shared.pending).retain(|(of, _)| of != self.id);
        self.shared.finished.notify_all();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
