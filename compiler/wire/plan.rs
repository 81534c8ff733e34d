//! What wiring would do: every object that is to be made, changed or removed, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::codec::text;
use super::compare::{Cause, Compared, Field, Wanted, compare, is_same, read, wanted};
use super::look::{Look, find, id_of, is_alike, is_ours, key_of};
use super::model::{Count, Resource, Service, Wiring};
use super::order::Spot;
use super::place::{dotted, put};
use super::record::{Key, Maker, Record, Records};
use super::session::missing_here;
use super::trouble::Trouble;
use super::values::{Missing, Secrets};

/// What is to be done with one service.
#[derive(Debug, Clone, Default)]
pub struct ServicePlan {
    /// Why nothing can be done with it.
    pub trouble: Option<Trouble>,
    /// Steps that come first.
    pub steps: Vec<String>,
    /// Objects that differ, in order.
    pub changes: Vec<Change>,
    /// Resources that cannot be read.
    pub unread: Vec<(String, Trouble)>,
    /// Objects that are as declared, by resource.
    pub fine: Vec<(String, String)>,
    /// Objects that were made before and are no longer declared, by resource.
    pub left: Vec<(String, String)>,
    /// What the service keeps in its own way.
    pub rewritten: Vec<Rewritten>,
}

impl ServicePlan {
    /// What is wrong with the service, or a resource of it.
    pub fn troubles(&self) -> impl Iterator<Item = &Trouble> {
        self.trouble.iter().chain(self.unread.iter().map(|(_, trouble)| trouble))
    }

    /// Whether nothing is to be done.
    pub fn is_done(&self) -> bool {
        self.steps.is_empty() && self.changes.is_empty()
    }
}

/// A value that a service keeps in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The resource.
    pub resource: String,
    /// The object.
    pub object: String,
    /// The field.
    pub field: String,
    /// What is declared.
    pub said: String,
    /// What the service made of it.
    pub reads: String,
}

/// What happens to one object.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its resource.
    pub resource: String,
    /// Its name in the definition; nothing for the only one of its kind.
    pub object: String,
    /// What happens.
    pub fate: Fate,
    /// The service's own number or name for it.
    pub id: Value,
    /// Fields that differ.
    pub fields: Vec<Field>,
    /// What is there, as it is compared.
    pub stored: Option<Value>,
}

/// What happens to an object, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is made, for the first time.
    New,
    /// It is made again: somebody removed it.
    Lost,
    /// Its fields are set.
    Changed,
    /// Its name is put back as well, which is this one now.
    Renamed(String),
    /// It is removed: it is declared no longer.
    Removed,
}

/// All that a plan is made from.
pub struct Facts<'a> {
    /// What is wanted.
    pub wiring: &'a Wiring,
    /// What is there.
    pub looks: &'a BTreeMap<String, Look>,
    /// What was wired last.
    pub records: &'a Records,
    /// Values of secrets.
    pub secrets: &'a Secrets,
    /// Of hashes of secrets.
    pub key: &'a Key,
    /// The order of resources.
    pub order: &'a [Spot],
    /// Whether what is no longer declared goes.
    pub prune: Prune,
}

/// What becomes of objects that mediac made and that are no longer declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    /// They stay.
    Keep,
    /// They go.
    Remove,
}

/// The plan of every service.
pub fn plan(facts: &Facts<'_>) -> BTreeMap<String, ServicePlan> {
    facts.wiring.services.iter().map(|(id, service)| (id.clone(), of_service(facts, id, service))).collect()
}

fn of_service(facts: &Facts<'_>, id: &str, service: &Service) -> ServicePlan {
    let mut plan = ServicePlan::default();
    let Some(look) = facts.looks.get(id) else { return plan };
    plan.trouble.clone_from(&look.trouble);
    plan.steps.clone_from(&look.steps);
    for (_, name) in facts.order.iter().filter(|(of, _)| of == id) {
        let Some(resource) = service.api.resources.get(name) else { continue };
        let found = match look.resources.get(name) {
            Some(Ok(found)) => found.as_slice(),
            Some(Err(trouble)) => {
                plan.unread.push((name.clone(), trouble.clone()));
                continue;
            }
            // What is there is known after the first steps.
            None if look.trouble.is_none() => &[],
            None => continue,
        };
        let mut taken = BTreeSet::new();
        for (object, declared) in service.objects(name) {
            let one = One { facts, id, name, resource, object: &object, declared };
            one.plan(found, &mut taken, &mut plan);
        }
        leftovers(facts, id, name, service, found, &mut plan);
    }
    // Removed last, and in the other direction: nothing refers to them any more.
    let (removed, mut changes): (Vec<Change>, Vec<Change>) =
        plan.changes.into_iter().partition(|change| change.fate == Fate::Removed);
    changes.extend(removed.into_iter().rev());
    plan.changes = changes;
    plan
}

/// Objects that mediac made, and that nothing declares any more.
fn leftovers(
    facts: &Facts<'_>,
    id: &str,
    name: &str,
    service: &Service,
    found: &[Value],
    plan: &mut ServicePlan,
) {
    let Some(resource) = service.api.resources.get(name) else { return };
    let declared = service.objects(name);
    for (object, record) in facts.records.of(id, name) {
        if declared.contains_key(object) || record.maker == Maker::Other || resource.delete.is_none() {
            continue;
        }
        let Some(stored) = found.iter().find(|stored| id_of(resource, stored) == record.id) else { continue };
        match facts.prune {
            Prune::Keep => plan.left.push((name.to_owned(), object.clone())),
            Prune::Remove => plan.changes.push(Change {
                resource: name.to_owned(),
                object: object.clone(),
                fate: Fate::Removed,
                id: record.id.clone(),
                fields: Vec::new(),
                stored: Some(stored.clone()),
            }),
        }
    }
}

/// One declared object.
struct One<'a> {
    facts: &'a Facts<'a>,
    id: &'a str,
    name: &'a str,
    resource: &'a Resource,
    object: &'a str,
    declared: &'a Value,
}

impl One<'_> {
    fn plan(&self, found: &[Value], taken: &mut BTreeSet<usize>, plan: &mut ServicePlan) {
        let Facts { records, secrets, key, .. } = *self.facts;
        let declared = complete(self.resource, self.object, self.declared);
        let wanted =
            wanted(&declared, secrets, &|made| find(self.facts.wiring, self.facts.looks, records, made));
        let gone = wanted.iter().find_map(|field| match &field.value {
            Err(missing @ Missing::Secret(_)) => Some(missing_here(missing)),
            _ => None,
        });
        if let Some(trouble) = gone {
            plan.unread.push((self.name.to_owned(), trouble));
            return;
        }
        let record = records.get(self.id, self.name, self.object);
        let matched = matching(self.resource, &wanted, found, record, taken);
        let Some((index, by)) = matched else {
            let fields = wanted.into_iter().map(new_field).collect();
            // What was wired before may be there still, and be another object now.
            let is_there = |stored: &Value| is_ours(self.resource, record, stored);
            let is_lost = record.is_some() && !found.iter().any(is_there);
            let fate = if is_lost { Fate::Lost } else { Fate::New };
            plan.changes.push(self.change(fate, Value::Null, fields, None));
            return;
        };
        taken.insert(index);
        let Some(stored) = found.get(index) else { return };
        let Compared { fields, rewritten } = compare(self.resource, &wanted, stored, record, key);
        plan.rewritten.extend(rewritten.into_iter().map(|(field, said, reads)| Rewritten {
            resource: self.name.to_owned(),
            object: self.object.to_owned(),
            field,
            said,
            reads,
        }));
        if fields.is_empty() {
            plan.fine.push((self.name.to_owned(), self.object.to_owned()));
            return;
        }
        let fate = match by {
            By::Key => Fate::Changed,
            By::Number => Fate::Renamed(key_of(self.resource, stored).join(", ")),
        };
        plan.changes.push(self.change(fate, id_of(self.resource, stored), fields, Some(stored.clone())));
    }

    fn change(&self, fate: Fate, id: Value, fields: Vec<Field>, stored: Option<Value>) -> Change {
        let (resource, object) = (self.name.to_owned(), self.object.to_owned());
        Change { resource, object, fate, id, fields, stored }
    }
}

fn new_field(wanted: Wanted) -> Field {
    Field { place: wanted.place, from: None, found: None, to: wanted.shown, cause: Cause::New }
}

/// A declared object with the field that its name stands for.
pub fn complete(resource: &Resource, object: &str, declared: &Value) -> Value {
    let mut declared = declared.clone();
    if let ([key], Count::Many) = (resource.key.as_slice(), resource.count) {
        let place = dotted(key);
        if declared.pointer(&place).is_none() {
            put(&mut declared, &place, stands_for(&resource.named, object));
        }
    }
    declared
}

fn stands_for(named: &Value, object: &str) -> Value {
    match named {
        Value::Null => json!(object),
        Value::String(text) => json!(text.replace("{}", object)),
        Value::Array(items) => items.iter().map(|item| stands_for(item, object)).collect(),
        other => other.clone(),
    }
}

/// How an object was recognised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By its key.
    Key,
    /// Only by the service's own number for it: somebody renamed it.
    Number,
}

/// The object of the service that a declared one means.
pub fn matching(
    resource: &Resource,
    wanted: &[Wanted],
    found: &[Value],
    record: Option<&Record>,
    taken: &BTreeSet<usize>,
) -> Option<(usize, By)> {
    if resource.count == Count::One {
        return (!found.is_empty()).then_some((0, By::Key));
    }
    let free = || found.iter().enumerate().filter(|(index, _)| !taken.contains(index));
    let keyed = || free().filter(|(_, stored)| has_key(resource, wanted, stored));
    let by_key = keyed().find(|(_, stored)| is_ours(resource, record, stored)).or_else(|| keyed().next());
    let by_key = by_key.map(|(index, _)| (index, By::Key));
    let is_renamed = |stored: &Value| {
        is_ours(resource, record, stored) && !resource.key.iter().any(|field| resource.fixed.contains(field))
    };
    by_key.or_else(|| free().find(|(_, stored)| is_renamed(stored)).map(|(index, _)| (index, By::Number)))
}

fn has_key(resource: &Resource, wanted: &[Wanted], stored: &Value) -> bool {
    let is_the_same = |field: &String| {
        let place = dotted(field);
        let value = wanted.iter().find(|wanted| wanted.place == place).and_then(|w| w.value.as_ref().ok());
        let (Some(value), Some(found)) = (value, read(resource, stored, &place)) else { return false };
        if resource.same.contains_key(field) {
            return is_same(resource, &place, &found, value);
        }
        text(value).zip(text(&found)).is_some_and(|(one, other)| is_alike(&one, &other))
    };
    !resource.key.is_empty() && resource.key.iter().all(is_the_same)
}
