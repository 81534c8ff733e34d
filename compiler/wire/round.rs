//! One round of wiring: every service does what is to be done with it on a thread of its own, and whatever refers to
//! another service's objects waits for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, PoisonError};

use serde_json::{Value, json};

use super::act::{self, Done, Peers};
use super::compare::wanted;
use super::look::{Look, find, id_of, objects};
use super::model::{Count, Resource};
use super::order::{Needs, Spot};
use super::plan::{Change, Fate, ServicePlan, complete};
use super::record::{Maker, Records};
use super::run::{Event, Outcome, Run, What, locked};
use super::session::{Session, missing_here};
use super::trouble::Trouble;
use super::values::{Made, Missing, all_made};

impl Run<'_> {
    /// Does what is to be done.
    pub(super) fn execute(
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
        let unready =
            outcome.left.iter().filter(|(_, plan)| !plan.steps.is_empty() || plan.trouble.is_some());
        let unready = unready.map(|(id, _)| id.clone()).collect();
        let shared = Shared {
            run: self,
            looks: Mutex::new(std::mem::take(looks)),
            records: Mutex::new(std::mem::take(&mut outcome.records)),
            pending: Mutex::new(pending),
            finished: Condvar::new(),
            changed: Mutex::new(BTreeSet::new()),
            failed: Mutex::new(BTreeSet::new()),
            unready,
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
}

/// What the services' threads share.
struct Shared<'a> {
    run: &'a Run<'a>,
    looks: Mutex<BTreeMap<String, Look>>,
    records: Mutex<Records>,
    pending: Mutex<BTreeSet<Spot>>,
    finished: Condvar,
    changed: Mutex<BTreeSet<Spot>>,
    failed: Mutex<BTreeSet<Spot>>,
    /// Services that are not set up yet, or do not answer.
    unready: BTreeSet<String>,
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
                if !step.after.iter().all(|other| self.is_there(other)) {
                    return;
                }
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
        let changed = locked(&self.changed).clone();
        let fresh: Vec<&Spot> =
            self.needs.get(&spot).into_iter().flatten().filter(|other| changed.contains(*other)).collect();
        let peers = if fresh.is_empty() { Peers::Settled } else { Peers::Fresh };
        let mut batch = batch.to_vec();
        if fresh.iter().any(|other| other.0 == id) {
            bring_up_to_date(session, resource, &mut batch);
        }
        let (objects_of, nothing) = (session.service.objects(&name), json!({}));
        for change in &batch {
            let declared = objects_of.get(&change.object).copied().unwrap_or(&nothing);
            let declared = complete(resource, &change.object, declared);
            let unmade = all_made(&declared).into_iter().find(|made| self.find(made).is_none());
            let fields = match change.fate {
                Fate::Removed => Vec::new(),
                _ => wanted(&declared, self.run.secrets, &|made| self.find(made)),
            };
            let result = match (unmade, &change.fate) {
                (Some(made), fate) if *fate != Fate::Removed => Err(missing_here(&Missing::Object(made))),
                _ => act::act(session, resource, change, &fields, peers),
            };
            ends = result.as_ref().is_err_and(Trouble::is_of_the_service);
            let outcome = if result.is_ok() { &self.changed } else { &self.failed };
            locked(outcome).insert(spot.clone());
            tried.push((change, result));
            if ends {
                break;
            }
        }
        let fresh = objects(session, resource);
        ends |= fresh.is_err();
        locked(&self.looks).entry(id.to_owned()).or_default().resources.insert(name.clone(), fresh);
        for (change, result) in tried {
            self.note(id, change, result.is_ok());
            self.tell(id, What::Change(change.clone()), result);
        }
        self.finish(&spot);
        if ends { Err(()) } else { Ok(()) }
    }

    fn note(&self, id: &str, change: &Change, done: bool) {
        let Change { resource, object, fate, .. } = change;
        let mut records = locked(&self.records);
        let record = self.run.record(&records, &locked(&self.looks), (id, resource, object));
        let made = matches!(fate, Fate::New | Fate::Lost);
        match (fate, record) {
            (Fate::Removed, _) if done => records.forget(id, resource, object),
            (Fate::Removed, _) | (_, None) => {}
            (_, Some(mut record)) if done || made => {
                if made {
                    record.maker = Maker::Mediac;
                }
                if !done {
                    // What seemed to fail may have been made all the same; of its fields nothing is known.
                    let before = records.get(id, resource, object);
                    record.fields = before.map(|before| before.fields.clone()).unwrap_or_default();
                }
                records.put(id, resource, object, record);
            }
            (_, Some(_)) => {}
        }
        // Said at the end, when it cannot be done then either.
        let _ = self.run.watcher.keep(&records);
    }

    fn tell(&self, id: &str, what: What, result: Result<Done, Trouble>) {
        let event = Event { service: id.to_owned(), what, result };
        self.run.watcher.did(&event);
        locked(&self.events).push(event);
    }

    fn find(&self, made: &Made) -> Option<Value> {
        // By then it has its name.
        find(self.run.wiring, &locked(&self.looks), &Records::default(), made)
    }

    fn wait_for(&self, spot: &Spot) {
        let Some(needed) = self.needs.get(spot) else { return };
        let mut pending = locked(&self.pending);
        while needed.iter().any(|other| other != spot && pending.contains(other)) {
            pending = self.finished.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether a service is set up, and a resource of it is as declared; waits while that is being done.
    fn is_there(&self, name: &str) -> bool {
        let (service, resource) = name.split_once('/').unwrap_or((name, ""));
        let spot = (service.to_owned(), resource.to_owned());
        let mut pending = locked(&self.pending);
        while pending.contains(&spot) {
            pending = self.finished.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        drop(pending);
        !self.unready.contains(service) && !locked(&self.failed).contains(&spot)
    }

    fn finish(&self, spot: &Spot) {
        locked(&self.pending).remove(spot);
        self.finished.notify_all();
    }
}

/// Changes are of objects as they are now: what is made in one resource may have changed those of another.
fn bring_up_to_date(session: &Session<'_>, resource: &Resource, batch: &mut [Change]) {
    // Where it cannot be read now, what was read before is as good.
    let found = objects(session, resource).unwrap_or_default();
    for change in batch.iter_mut().filter(|change| change.stored.is_some()) {
        let same = |stored: &&Value| resource.count == Count::One || id_of(resource, stored) == change.id;
        if let Some(now) = found.iter().find(same) {
            change.stored = Some(now.clone());
        }
    }
}

/// Says that a service's thread has ended.
struct Ended<'a> {
    shared: &'a Shared<'a>,
    id: &'a str,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut pending = locked(&self.shared.pending);
        // What was not come to has failed, for whoever waits for it.
        locked(&self.shared.failed).extend(pending.iter().filter(|(of, _)| of == self.id).cloned());
        pending.retain(|(of, _)| of != self.id);
        drop(pending);
        self.shared.finished.notify_all();
    }
}
