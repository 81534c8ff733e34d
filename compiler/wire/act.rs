//! Makes, changes or removes one object.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::call::{Call, Chosen, Encode, Send};
use super::codec::{decode, encode, text};
use super::compare::Wanted;
use super::look::{id_of, objects};
use super::model::{Login, Resource, Step};
use super::place::{dotted, leaves, names, picked, put, take};
use super::plan::{Change, Fate, matching};
use super::session::{Request, Session, escaped, missing_here, pairs};
use super::trouble::{Kind, Trouble};
use super::values::{Made, Secrets, own, resolve};

/// How long a service has that another one tests, until it is tested again.
const AGAIN: Duration = Duration::from_secs(2);

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// As it should.
    Well,
    /// It was saved without the service's own test, which said this.
    Untested(String),
}

/// What an object is tested with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peers {
    /// It was wired a moment ago.
    Fresh,
    /// It is as it was. Who tries a wrong password again and again is shut out.
    Settled,
}

/// Does what a plan says of one object. `wanted` are the fields of the declared object, filled in as of now.
pub fn act(
    session: &Session<'_>,
    resource: &Resource,
    change: &Change,
    wanted: &[Wanted],
    peers: Peers,
) -> Result<Done, Trouble> {
    let object = Object::new(session, resource, change, wanted)?;
    let creates = matches!(change.fate, Fate::New | Fate::Lost);
    let (call, has_test) = match change.fate {
        Fate::New | Fate::Lost => (&resource.create, !resource.dormant.is_empty()),
        Fate::Changed | Fate::Renamed(_) => (&resource.update, !resource.untested.is_empty()),
        Fate::Removed => (&resource.delete, false),
    };
    let Some(call) = call else { return Err(no_way(resource, change)) };
    let request = object.request(call, &change.id, &[]);
    let mut first = session.write(&request, Login::Ours);
    let again = has_test && peers == Peers::Fresh;
    if again && matches!(first, Err(Trouble { kind: Kind::Refused(..), .. })) {
        // It may be starting anew for what it was told.
        std::thread::sleep(AGAIN);
        first = session.write(&request, Login::Ours);
    }
    let why = match first {
        Ok(_) => return then(session, call).map(|()| Done::Well),
        Err(Trouble { kind: Kind::Refused(_, why), .. }) if has_test => why,
        Err(trouble) => return Err(trouble),
    };
    // What it talks to may be away: the service saves it when it does not have to try.
    let told = |kind| Trouble { kind, call: format!("{} {}", call.method.as_str(), call.path) };
    let as_first = |_| told(Kind::Refused(400, why.clone()));
    // It tries it out even so, and says why not the first time only.
    let as_tried = |trouble: Trouble| match trouble.kind {
        Kind::Busy(500, _) | Kind::Refused(..) => told(Kind::Tried(why.clone())),
        _ => trouble,
    };
    if !creates {
        let untested = object.request(call, &change.id, &pairs(&resource.untested));
        let refused = |trouble: Trouble| match trouble.kind {
            Kind::Refused(..) => as_first(trouble),
            _ => as_tried(trouble),
        };
        return session.write(&untested, Login::Ours).map(|_| Done::Untested(why.clone())).map_err(refused);
    }
    let switches = resource.dormant.iter().map(|(field, value)| (dotted(field), value.clone()));
    let asleep = object.with(switches.filter(|(place, _)| object.declared.pointer(place).is_some()));
    let answer = session.write(&asleep.request(call, &Value::Null, &[]), Login::Ours).map_err(as_first)?;
    let answer = decode(resource, answer);
    let mut id = id_of(resource, &answer);
    if id.is_null() {
        let found = objects(session, resource)?;
        let made = matching(resource, wanted, &found, None, &BTreeSet::new());
        id = made
            .and_then(|(index, _)| found.get(index))
            .map(|found| id_of(resource, found))
            .unwrap_or_default();
    }
    let Some(update) = &resource.update else { return Err(no_way(resource, change)) };
    let awake = object.over(answer).with([(dotted(&resource.id), id.clone())]);
    session.write(&awake.request(update, &id, &pairs(&resource.untested)), Login::Ours).map_err(as_tried)?;
    Ok(Done::Untested(why))
}

/// Makes what was sent take effect.
fn then(session: &Session<'_>, call: &Call) -> Result<(), Trouble> {
    let Some(then) = &call.then else { return Ok(()) };
    session.write(&Request::from(then), Login::Ours).map(|_| ())
}

/// Does a step: each of its calls, in order.
pub fn step(
    session: &Session<'_>,
    step: &Step,
    secrets: &Secrets,
    find: &dyn Fn(&Made) -> Option<Value>,
) -> Result<(), Trouble> {
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for call in &step.calls {
        let fill = |text: &str| {
            kept.iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        let body = call.body.as_ref().map(|body| resolve(body, secrets, find)).transpose();
        let request = Request {
            method: call.method,
            path: fill(&call.path),
            query: call.query.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            form: None,
            json: body.map_err(|missing| missing_here(&missing))?,
        };
        let answer = session.write(&request, call.login)?;
        for (name, path) in &call.keep {
            let found: Vec<String> = picked(&answer, path).into_iter().filter_map(text).collect();
            kept.insert(name.clone(), found.join(","));
        }
    }
    Ok(())
}

fn no_way(resource: &Resource, change: &Change) -> Trouble {
    let verb = match change.fate {
        Fate::New | Fate::Lost => "made",
        Fate::Changed | Fate::Renamed(_) => "changed",
        Fate::Removed => "removed",
    };
    let kind = Kind::Unexpected(format!("a {} cannot be {verb} through its API", resource.about));
    Trouble { kind, call: String::new() }
}

/// An object as it will be, in the parts that calls send.
#[derive(Clone)]
struct Object<'a> {
    resource: &'a Resource,
    whole: Value,
    declared: Value,
    changed: Value,
}

impl<'a> Object<'a> {
    fn new(
        session: &Session<'_>,
        resource: &'a Resource,
        change: &Change,
        wanted: &[Wanted],
    ) -> Result<Self, Trouble> {
        let mut whole = match (&change.stored, &resource.template) {
            (Some(stored), _) => stored.clone(),
            (None, Some(template)) => {
                let mut found = decode(resource, session.read(template, Login::Ours)?.unwrap_or_default());
                if let Value::Object(fields) = &mut found {
                    fields.remove(&resource.id);
                }
                found
            }
            (None, None) => json!({}),
        };
        let mut all = Vec::new();
        for field in wanted {
            let value = field.value.clone().map_err(|missing| missing_here(&missing))?;
            put(&mut whole, &field.place, value.clone());
            all.push((field.place.clone(), value));
        }
        // The others are parts that are declared no longer.
        for field in change.fields.iter().filter(|field| wanted.iter().all(|w| w.place != field.place)) {
            take(&mut whole, &field.place);
        }
        let (mut declared, mut changed) = (json!({}), json!({}));
        // What stands for another part of the object is known when all the rest is there.
        let finished = whole.clone();
        for (place, value) in all {
            let value = own(&value, &finished);
            put(&mut whole, &place, value.clone());
            if change.fields.iter().any(|field| field.place == place) {
                put(&mut changed, &place, value.clone());
            }
            put(&mut declared, &place, value);
        }
        Ok(Self { resource, whole, declared, changed })
    }

    /// The same, of an object that is there: what the service filled in stays.
    fn over(&self, mut whole: Value) -> Self {
        for (place, value) in leaves(&self.declared) {
            put(&mut whole, &place, value.clone());
        }
        Self { whole, ..self.clone() }
    }

    /// The same, with these values.
    fn with(&self, values: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut other = self.clone();
        for (place, value) in values {
            put(&mut other.whole, &place, value.clone());
            put(&mut other.declared, &place, value);
        }
        other
    }

    fn request(&self, call: &Call, id: &Value, more: &[(String, String)]) -> Request {
        let Call { method, path, query, send, encode: how, constant, within, .. } = call;
        let id_text = text(id).unwrap_or_default();
        let mut query: Vec<(String, String)> =
            query.iter().map(|(name, value)| (name.clone(), value.replace("{id}", &id_text))).collect();
        query.extend(more.iter().cloned());
        let mut constants: Map<String, Value> =
            constant.iter().map(|(name, value)| (name.clone(), with_id(value, id, &id_text))).collect();
        let object = self.part(call);
        let (mut form, mut json) = (None, None);
        match (how, within) {
            (Encode::Json, Some(within)) => {
                match within.strip_suffix("[]") {
                    Some(within) => constants.insert(within.to_owned(), Value::Array(vec![object])),
                    None => constants.insert(within.clone(), object),
                };
                json = Some(Value::Object(constants));
            }
            (Encode::Json, None) => {
                if let Value::Object(fields) = object {
                    constants.extend(fields);
                }
                json = (*send != Send::Nothing || !constants.is_empty()).then_some(Value::Object(constants));
            }
            (Encode::Form | Encode::Query, within) => {
                let mut all = flat(&Value::Object(constants), "", "");
                all.extend(call.chosen.iter().flat_map(|chosen| chosen_of(chosen, &self.whole)));
                match within {
                    Some(within) if *send != Send::Nothing => all.push((within.clone(), object.to_string())),
                    Some(_) => {}
                    None => all.extend(flat(&object, &call.prefix, &call.join)),
                }
                all.sort_by(|(one, _), (other, _)| one.cmp(other));
                if *how == Encode::Form { form = Some(all) } else { query.extend(all) }
            }
        }
        Request { method: *method, path: path.replace("{id}", &escaped(&id_text)), query, form, json }
    }

    fn part(&self, call: &Call) -> Value {
        let part = match call.send {
            Send::Nothing => return json!({}),
            Send::Whole => &self.whole,
            Send::Declared => &self.declared,
            Send::Changed => &self.changed,
        };
        // A form has names and values by itself.
        let is_flat = call.encode != Encode::Json && call.within.is_none();
        let mut part = if is_flat { part.clone() } else { encode(self.resource, part.clone()) };
        if let Value::Object(fields) = &mut part {
            for name in &call.without {
                fields.remove(name);
            }
            for (name, other) in &call.names {
                if let Some(value) = fields.remove(name) {
                    fields.insert(other.clone(), value);
                }
            }
        }
        part
    }
}

fn with_id(value: &Value, id: &Value, id_text: &str) -> Value {
    match value {
        Value::String(text) if text == "{id}" => id.clone(),
        Value::String(text) => Value::String(text.replace("{id}", id_text)),
        other => other.clone(),
    }
}

/// The items of an object that have a flag.
fn chosen_of(Chosen { name, flag, field, join }: &Chosen, whole: &Value) -> Vec<(String, String)> {
    let items = whole.as_object().into_iter().flatten();
    let flagged = items.filter(|(_, item)| item.get(flag) == Some(&Value::Bool(true)));
    let said: Vec<String> = flagged
        .filter_map(|(own, item)| match field {
            Some(field) => picked(item, field).first().and_then(|found| text(found)),
            None => Some(own.clone()),
        })
        .collect();
    match join {
        Some(join) => vec![(name.clone(), said.join(join))],
        None => said.into_iter().map(|one| (name.clone(), one)).collect(),
    }
}

/// Fields as forms and addresses have them: a list is the same name again for each item.
fn flat(value: &Value, prefix: &str, join: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (place, leaf) in leaves(value) {
        let name = format!("{prefix}{}", names(&place).join(if join.is_empty() { "." } else { join }));
        let items = leaf.as_array().filter(|items| items.iter().all(|item| text(item).is_some()));
        match (items, text(leaf)) {
            // There is no other way to say that a list is empty.
            (Some(items), _) if items.is_empty() => all.push((name, String::new())),
            (Some(items), _) => all.extend(items.iter().filter_map(text).map(|item| (name.clone(), item))),
            (None, Some(text)) => all.push((name, text)),
            (None, None) => all.push((name, leaf.to_string())),
        }
    }
    all
}

#[cfg(test)]
mod tests;
