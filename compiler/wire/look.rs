//! What a service has: waiting until it answers, and reading every resource that is declared or referred to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::codec::{decode, text};
use super::model::{Count, Login, Resource, Wiring};
use super::place::picked;
use super::record::{Record, Records};
use super::session::Session;
use super::tls;
use super::trouble::{Kind, Trouble};
use super::values::Made;

/// The first and the longest pause between two questions to a service that does not answer.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// What a service has.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Why it could not be talked to at all.
    pub trouble: Option<Trouble>,
    /// Steps that are to be done first; nothing else is known then.
    pub steps: Vec<String>,
    /// The objects of each resource, as they are compared.
    pub resources: BTreeMap<String, Result<Vec<Value>, Trouble>>,
}

/// Says that a service is waited for: since when, and why.
pub type Waiting<'a> = &'a (dyn Fn(Duration, &Trouble) + Sync);

/// Looks at a service. What does not answer is asked again until `deadline`.
pub fn look(
    session: &Session<'_>,
    wanted: &BTreeSet<String>,
    deadline: Instant,
    waiting: Waiting<'_>,
) -> Look {
    let mut look = Look::default();
    if let Err(trouble) = patiently(deadline, waiting, || answers(session)) {
        look.trouble = Some(trouble);
        return look;
    }
    for (name, step) in &session.service.api.steps {
        match patiently(deadline, waiting, || session.read(&step.probe, Login::Nobody)) {
            Ok(found) if found.as_ref() == Some(&step.done) => {}
            Ok(_) => look.steps.push(name.clone()),
            Err(trouble) => {
                look.trouble = Some(trouble);
                return look;
            }
        }
    }
    if !look.steps.is_empty() {
        return look;
    }
    for name in wanted {
        let Some(resource) = session.service.api.resources.get(name) else { continue };
        let found = patiently(deadline, waiting, || objects(session, resource));
        // A service that does not know us may shut out whoever tries on; one that is silent takes its time each time.
        if let Err(
            trouble @ Trouble { kind: Kind::Login(_) | Kind::Down(_) | Kind::Broke | Kind::Slow, .. },
        ) = &found
        {
            look.trouble = Some(trouble.clone());
            return look;
        }
        look.resources.insert(name.clone(), found);
    }
    look
}

/// Whether it answers; TLS is told apart from what is no HTTP at all.
fn answers(session: &Session<'_>) -> Result<(), Trouble> {
    session.is_ready().map_err(|trouble| {
        let doubtful = matches!(trouble.kind, Kind::Broke | Kind::NotHttp(_) | Kind::Refused(400, _));
        let kind = if doubtful && tls::is_spoken(&session.service.url) { Kind::Tls } else { trouble.kind };
        Trouble { kind, call: trouble.call }
    })
}

/// The objects of a resource, as they are compared.
pub fn objects(session: &Session<'_>, resource: &Resource) -> Result<Vec<Value>, Trouble> {
    let found: Option<Value> = session.read(&resource.read, Login::Ours)?;
    let unexpected = |what: &str| Trouble {
        kind: Kind::Unexpected(format!("{what} where the {} should be", resource.about)),
        call: format!("{} {}", resource.read.method.as_str(), resource.read.path),
    };
    let all = match (resource.count, found) {
        (Count::One, Some(found)) if found.is_object() || (found.is_array() && is_list(resource)) => {
            vec![found]
        }
        (Count::One, None) => return Err(unexpected("nothing")),
        (Count::One, Some(_)) => return Err(unexpected("something else")),
        (Count::Many, Some(Value::Array(items))) => items,
        // Named by their fields.
        (Count::Many, Some(Value::Object(fields))) => fields.into_values().collect(),
        (Count::Many, None | Some(Value::Null)) => Vec::new(),
        (Count::Many, Some(_)) => return Err(unexpected("one value")),
    };
    Ok(all.into_iter().map(|object| decode(resource, object)).collect())
}

/// Whether the one object is a list that is really a record.
fn is_list(resource: &Resource) -> bool {
    resource.pairs.contains_key("") || resource.keyed.contains_key("")
}

/// Asks again, with longer and longer pauses, while the trouble may pass.
fn patiently<T>(
    deadline: Instant,
    waiting: Waiting<'_>,
    mut ask: impl FnMut() -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let start = Instant::now();
    let (mut pause, longest) = PAUSES;
    loop {
        match ask() {
            Err(trouble) if trouble.is_passing() && Instant::now() + pause < deadline => {
                waiting(start.elapsed(), &trouble);
                std::thread::sleep(pause);
                pause = (pause * 2).min(longest);
            }
            answer => return answer,
        }
    }
}

/// The object that a name stands for among those of a resource, by its key.
fn named<'a>(resource: &Resource, objects: &'a [Value], key: &str) -> Option<&'a Value> {
    let by = |fits: fn(&str, &str) -> bool| {
        objects.iter().find(|object| matches!(key_of(resource, object).as_slice(), [name] if fits(name, key)))
    };
    by(|name, key| name == key).or_else(|| by(is_alike))
}

/// The key of an object that is there.
pub fn key_of(resource: &Resource, stored: &Value) -> Vec<String> {
    let field = |field: &String| {
        let path = resource.reads.get(field).unwrap_or(field);
        picked(stored, path).first().and_then(|found| text(found)).unwrap_or_default()
    };
    resource.key.iter().map(field).collect()
}

/// Whether it is the object that was wired, by the service's number for it.
pub fn is_ours(resource: &Resource, record: Option<&Record>, stored: &Value) -> bool {
    record.is_some_and(|record| !record.id.is_null() && record.id == id_of(resource, stored))
}

/// The service's own number or name of an object.
pub fn id_of(resource: &Resource, stored: &Value) -> Value {
    picked(stored, &resource.id).first().map(|id| (*id).clone()).unwrap_or_default()
}

/// Whether two names mean the same object.
pub fn is_alike(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim_end_matches('/').to_lowercase();
    plain(one) == plain(other)
}

/// What a reference to a part of an object stands for, as far as it is known. One that was wired and has another name now
/// gets its own back: it is known by its number.
pub fn find(
    wiring: &Wiring,
    looks: &BTreeMap<String, Look>,
    records: &Records,
    made: &Made,
) -> Option<Value> {
    let record = records.get(&made.service, &made.resource, &made.key);
    let resource = wiring.services.get(&made.service)?.api.resources.get(&made.resource)?;
    let objects = looks.get(&made.service)?.resources.get(&made.resource)?.as_ref().ok()?;
    let object = match resource.count {
        Count::One => objects.first(),
        Count::Many => named(resource, objects, &made.key)
            .or_else(|| objects.iter().find(|object| is_ours(resource, record, object))),
    };
    picked(object?, &made.field).first().map(|found| (*found).clone()).filter(|found| !found.is_null())
}
