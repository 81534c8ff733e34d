//! Wiring for programs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::{Cause, Change, Done, Event, Fate, Outcome, ServicePlan, Trouble, What, Wiring, spoken};

/// What wiring would do, or did.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "mediac wire")]
pub struct Document {
    /// The version of this document.
    pub version: u32,
    /// What was found, by service.
    pub services: BTreeMap<String, Found>,
    /// What was done, in order; nothing of a plan.
    pub done: Vec<Deed>,
    /// Requests that were sent and may have changed something, by service.
    pub writes: BTreeMap<String, u32>,
    /// What is left to do, by service: objects, as RESOURCE/NAME.
    pub left: BTreeMap<String, Vec<String>>,
}

/// What was found of a service.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Found {
    /// The name people know it by.
    pub title: String,
    /// Why it could not be talked to.
    pub trouble: Option<Fault>,
    /// What has to be done there first.
    pub steps: Vec<String>,
    /// Objects that differ.
    pub changes: Vec<Object>,
    /// Resources that cannot be read, and why.
    pub unread: BTreeMap<String, Fault>,
    /// Objects that are as declared, as RESOURCE/NAME.
    pub fine: Vec<String>,
    /// Objects that mediac made and nothing declares any more.
    pub undeclared: Vec<String>,
    /// Fields that the service keeps in its own way, as RESOURCE/NAME: FIELD.
    pub rewritten: Vec<String>,
}

/// What is wrong with a service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fault {
    /// What, as the end of a sentence about it.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// An object that differs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Object {
    /// Its resource.
    pub resource: String,
    /// Its name; nothing for the only one of its kind.
    pub name: Option<String>,
    /// What happens to it.
    pub action: Action,
    /// What it is called in the service now, where it was renamed.
    pub renamed_to: Option<String>,
    /// Fields that differ.
    pub fields: Vec<Value>,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Make,
    /// It is made again.
    MakeAgain,
    /// It is changed.
    Change,
    /// It is removed.
    Remove,
}

/// A field that differs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Value {
    /// Its name, with dots where it is within others.
    pub field: String,
    /// What it is; never a secret.
    pub from: Option<String>,
    /// What it will be; a secret by its name.
    pub to: String,
    /// Why it differs.
    pub cause: Cause,
}

/// Something that was done, or tried.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Deed {
    /// The service.
    pub service: String,
    /// What: a step, or RESOURCE/NAME.
    pub what: String,
    /// What happened to it; nothing for a step.
    pub action: Option<Action>,
    /// Why it could not be done.
    pub failed: Option<Fault>,
    /// What the service's own test said, where it was saved without.
    pub untested: Option<String>,
}

impl Document {
    pub fn new(wiring: &Wiring, outcome: &Outcome) -> Self {
        let title =
            |id: &String| wiring.services.get(id).map(|service| service.title.clone()).unwrap_or_default();
        let services = outcome.plan.iter().map(|(id, plan)| (id.clone(), found(title(id), plan))).collect();
        let left = outcome.left.iter().map(|(id, plan)| (id.clone(), left(plan)));
        Self {
            version: 1,
            services,
            done: outcome.events.iter().map(deed).collect(),
            writes: outcome.writes.clone(),
            left: left.filter(|(_, names)| !names.is_empty()).collect(),
        }
    }

    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }
}

fn found(title: String, plan: &ServicePlan) -> Found {
    let ServicePlan { trouble, steps, changes, unread, fine, left, rewritten } = plan;
    Found {
        title,
        trouble: trouble.as_ref().map(fault),
        steps: steps.clone(),
        changes: changes.iter().map(object).collect(),
        unread: unread.iter().map(|(name, trouble)| (name.clone(), fault(trouble))).collect(),
        fine: fine.iter().map(|(resource, name)| spot(resource, name)).collect(),
        undeclared: left.iter().map(|(resource, name)| spot(resource, name)).collect(),
        rewritten: rewritten
            .iter()
            .map(|one| format!("{}: {}", spot(&one.resource, &one.object), one.field))
            .collect(),
    }
}

fn left(plan: &ServicePlan) -> Vec<String> {
    let objects = plan.changes.iter().map(|change| spot(&change.resource, &change.object));
    let unread = plan.unread.iter().map(|(name, _)| name.clone());
    let down = plan.trouble.iter().map(|_| "everything".to_owned());
    down.chain(plan.steps.iter().cloned()).chain(objects).chain(unread).collect()
}

fn spot(resource: &str, name: &str) -> String {
    if name.is_empty() { resource.to_owned() } else { format!("{resource}/{name}") }
}

fn fault(trouble: &Trouble) -> Fault {
    Fault { message: trouble.to_string(), help: trouble.help().to_owned() }
}

const fn action(fate: &Fate) -> Action {
    match fate {
        Fate::New => Action::Make,
        Fate::Lost => Action::MakeAgain,
        Fate::Changed | Fate::Renamed(_) => Action::Change,
        Fate::Removed => Action::Remove,
    }
}

fn object(change: &Change) -> Object {
    let fields = change.fields.iter().map(|field| Value {
        field: spoken(&field.place),
        from: field.from.clone(),
        to: field.to.clone(),
        cause: field.cause,
    });
    Object {
        resource: change.resource.clone(),
        name: Some(change.object.clone()).filter(|name| !name.is_empty()),
        action: action(&change.fate),
        renamed_to: match &change.fate {
            Fate::Renamed(to) => Some(to.clone()),
            _ => None,
        },
        fields: fields.collect(),
    }
}

fn deed(event: &Event) -> Deed {
    let (what, action) = match &event.what {
        What::Step(about) => (about.clone(), None),
        What::Change(change) => (spot(&change.resource, &change.object), Some(action(&change.fate))),
    };
    Deed {
        service: event.service.clone(),
        what,
        action,
        failed: event.result.as_ref().err().map(fault),
        untested: match &event.result {
            Ok(Done::Untested(why)) => Some(why.clone()),
            _ => None,
        },
    }
}
