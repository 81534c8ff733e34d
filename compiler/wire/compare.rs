//! One declared object against what the service has: which fields differ, and who changed them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::codec::text;
use super::model::{Resource, Same};
use super::place::{dotted, leaves, picked, spoken};
use super::record::{Kept, Key, Record, Said, Secrecy};
use super::values::{Made, Missing, Secrets, own, resolve, secrets, shown};

/// What services show instead of a value that nobody may read.
const MASK: &str = "********";

/// A declared field with everything filled in.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its place.
    pub place: String,
    /// What it should be; an error where that is not known yet.
    pub value: Result<Value, Missing>,
    /// For people, without secrets.
    pub shown: String,
    /// Whether it may be shown.
    pub secrecy: Secrecy,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its place.
    pub place: String,
    /// What it is, for people; nothing for one that is new.
    pub from: Option<String>,
    /// What it is, where it may be shown.
    pub found: Option<Value>,
    /// What it will be.
    pub to: String,
    /// Why it differs.
    pub cause: Cause,
}

/// Why a field differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The object is new, or the field was not declared before.
    New,
    /// The definition says something else than last time.
    Definition,
    /// Somebody changed it in the service.
    Service,
    /// Both.
    Both,
    /// It was never wired.
    Unknown,
    /// Nobody can read it there, and it was never wired or has another value now.
    Unseen,
}

/// What came of comparing an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Fields that differ.
    pub fields: Vec<Field>,
    /// Fields that the service keeps in its own way: place, what was wanted, what it reads.
    pub rewritten: Vec<(String, String, String)>,
}

/// The fields of a declared object, filled in.
pub fn wanted(declared: &Value, values: &Secrets, find: &dyn Fn(&Made) -> Option<Value>) -> Vec<Wanted> {
    let field = |(place, template): (String, &Value)| Wanted {
        place,
        value: resolve(template, values, find),
        shown: shown(template),
        secrecy: if secrets(template).is_empty() { Secrecy::Open } else { Secrecy::Secret },
    };
    leaves(declared).into_iter().map(field).collect()
}

/// Compares an object that is there.
pub fn compare(
    resource: &Resource,
    wanted: &[Wanted],
    stored: &Value,
    record: Option<&Record>,
    key: &Key,
) -> Compared {
    let mut compared = Compared::default();
    for Wanted { place, value, shown: to, secrecy } in wanted {
        let kept = record.and_then(|record| record.fields.get(place));
        let found = read(resource, stored, place);
        let mut differs = |found: Option<Value>, to: &str, cause| {
            let from = found.as_ref().map(|found| shown_as(found, *secrecy));
            // What it refers to is known later; what it is now is not to be kept then.
            let found = found.filter(|_| *secrecy == Secrecy::Open && cause != Cause::New);
            compared.fields.push(Field { place: place.clone(), from, found, to: to.to_owned(), cause });
        };
        let Ok(value) = value.as_ref().map(|value| own(value, stored)) else {
            // It refers to what is not there yet.
            differs(found, to, Cause::New);
            continue;
        };
        let Some(found) = found else {
            if !kept.is_some_and(|kept| key.is(&kept.said, &value)) {
                differs(None, to, Cause::Unseen);
            }
            continue;
        };
        if is_same(resource, place, &found, &value) {
            continue;
        }
        let to = if *secrecy == Secrecy::Open { shown(&value) } else { to.clone() };
        if kept.is_some_and(|kept| is_its_way(kept, &found, &value, key)) {
            compared.rewritten.push((spoken(place), to, shown_as(&found, *secrecy)));
            continue;
        }
        let cause = cause(kept, &found, &value, key, &|one, other| is_same(resource, place, one, other));
        differs(Some(found), &to, cause);
    }
    compared.fields.extend(gone(resource, wanted, stored, record).into_iter().map(|place| Field {
        place,
        from: Some("there".to_owned()),
        found: None,
        to: shown(&Value::Null),
        cause: Cause::Definition,
    }));
    compared
}

/// Parts of an object that were wired, are there, and are declared no longer.
fn gone(resource: &Resource, wanted: &[Wanted], stored: &Value, record: Option<&Record>) -> BTreeSet<String> {
    let lists: Vec<String> = resource.parts.iter().map(|list| format!("{}/", dotted(list))).collect();
    let part = |place: &str| {
        lists.iter().find_map(|list| {
            let name = place.strip_prefix(list.as_str())?.split('/').next()?;
            Some(format!("{list}{name}"))
        })
    };
    let declared: BTreeSet<String> = wanted.iter().filter_map(|field| part(&field.place)).collect();
    let wired = record.into_iter().flat_map(|record| record.fields.keys()).filter_map(|place| part(place));
    wired.filter(|place| !declared.contains(place) && stored.pointer(place).is_some()).collect()
}

/// What to note of an object that is as wanted, or as near as the service lets it be.
pub fn kept(resource: &Resource, wanted: &[Wanted], stored: &Value, key: &Key) -> Vec<(String, Kept)> {
    let mut all = Vec::new();
    for Wanted { place, value, secrecy, .. } in wanted {
        let Ok(value) = value else { continue };
        let value = own(value, stored);
        let found = read(resource, stored, place);
        let differs = found.filter(|found| !is_same(resource, place, found, &value));
        let reads = differs.map(|found| key.keep(&found, *secrecy));
        all.push((place.clone(), Kept { said: key.keep(&value, *secrecy), reads }));
    }
    all
}

/// What a field is in the service; nothing for one that nobody can read.
pub fn read(resource: &Resource, stored: &Value, place: &str) -> Option<Value> {
    let field = spoken(place);
    if resource.unread.contains(&field) {
        return None;
    }
    let found = match resource.reads.get(&field) {
        Some(path) => match picked(stored, path).as_slice() {
            [] => Value::Null,
            [one] if !path.contains('*') => (*one).clone(),
            several => several.iter().map(|item| (*item).clone()).collect(),
        },
        None => stored.pointer(place).cloned().unwrap_or(Value::Null),
    };
    let hidden = found == MASK || (resource.masked.contains(&field) && !is_nothing(&found));
    (!hidden).then_some(found)
}

fn shown_as(found: &Value, secrecy: Secrecy) -> String {
    match secrecy {
        Secrecy::Open => shown(found),
        Secrecy::Secret if is_nothing(found) => "nothing".to_owned(),
        Secrecy::Secret => "another value".to_owned(),
    }
}

/// Whether the service was asked for just this before, and made just that of it.
fn is_its_way(kept: &Kept, found: &Value, value: &Value, key: &Key) -> bool {
    key.is(&kept.said, value) && kept.reads.as_ref().is_some_and(|reads| key.is(reads, found))
}

fn cause(
    kept: Option<&Kept>,
    found: &Value,
    value: &Value,
    key: &Key,
    same: &dyn Fn(&Value, &Value) -> bool,
) -> Cause {
    let Some(Kept { said, reads }) = kept else { return Cause::Unknown };
    let as_said = match said {
        Said::Plain(said) => same(said, found),
        Said::Hash(_) => key.is(said, found),
    };
    let untouched = as_said || reads.as_ref().is_some_and(|reads| key.is(reads, found));
    match (untouched, key.is(said, value)) {
        (true, _) => Cause::Definition,
        (false, true) => Cause::Service,
        (false, false) => Cause::Both,
    }
}

/// Whether two values of a field mean the same.
pub fn is_same(resource: &Resource, place: &str, one: &Value, other: &Value) -> bool {
    let how = resource.same.iter().find(|(field, _)| dotted(field) == place || **field == spoken(place));
    match how.map(|(_, how)| how) {
        Some(Same::Slash) => slashed(one) == slashed(other),
        Some(Same::Case) => text(one).map(|t| t.to_lowercase()) == text(other).map(|t| t.to_lowercase()),
        Some(Same::Text) => text(one).is_some() && text(one) == text(other),
        Some(Same::Set) => as_set(one) == as_set(other),
        None => is_equal(one, other),
    }
}

fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_equal(one, other))
        }
        _ => one == other || (is_nothing(one) && is_nothing(other)),
    }
}

/// What services write for a field without a value.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn slashed(value: &Value) -> Option<String> {
    text(value).map(|text| text.trim_end_matches('/').to_owned())
}

fn as_set(value: &Value) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let items = value.as_array().map_or(one, Vec::as_slice);
    let mut all: Vec<String> = items
        .iter()
        .filter(|item| !item.is_null())
        .map(|i| text(i).unwrap_or_else(|| i.to_string()))
        .collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn resource() -> Resource {
        serde_json::from_value(json!({
            "about": "x", "read": {"path": "/"}, "unread": ["password"], "masked": ["token"], "parts": ["list"],
            "same": {"url": "slash", "tags": "set", "level": "case", "port": "text"},
        }))
        .unwrap()
    }

    fn outcome(declared: &Value, stored: &Value, wired: Option<(&Value, &Value)>) -> Compared {
        let (resource, key) = (resource(), Key(vec![1; 32]));
        let none = Secrets::default();
        let record = wired.map(|(said, reads)| {
            let fields = kept(&resource, &wanted(said, &none, &|_| None), reads, &key);
            Record { fields: fields.into_iter().collect::<BTreeMap<_, _>>(), ..Record::default() }
        });
        compare(&resource, &wanted(declared, &none, &|_| None), stored, record.as_ref(), &key)
    }

    #[test]
    fn fields_are_the_same_whatever_does_not_matter() {
        for (declared, stored) in [
            (json!({"url": "http://a"}), json!({"url": "http://a/"})),
            (json!({"tags": [2, 1]}), json!({"tags": [1, 2], "more": true})),
            (json!({"level": "Info"}), json!({"level": "info"})),
            (json!({"port": 80}), json!({"port": "80"})),
            (json!({"n": 1}), json!({"n": 1.0})),
            (json!({"base": ""}), json!({})),
            (json!({}), json!({"n": 1})),
        ] {
            assert_eq!(outcome(&declared, &stored, None), Compared::default(), "{declared}");
        }
    }

    #[test]
    fn causes_are_told_apart() {
        let (one, two, three) = (json!({"n": 1}), json!({"n": 2}), json!({"n": 3}));
        for (declared, stored, wired, cause) in [
            (&one, &two, None, Cause::Unknown),
            (&two, &one, Some((&one, &one)), Cause::Definition),
            (&one, &two, Some((&one, &one)), Cause::Service),
            (&three, &two, Some((&one, &one)), Cause::Both),
            // The service made a 2 of the 1.
            (&three, &two, Some((&one, &two)), Cause::Definition),
            (&one, &three, Some((&one, &two)), Cause::Service),
        ] {
            let fields = outcome(declared, stored, wired).fields;
            assert_eq!(
                fields.iter().map(|field| field.cause).collect::<Vec<_>>(),
                [cause],
                "{declared} {stored}"
            );
        }
        let its_way = outcome(&one, &two, Some((&one, &two)));
        assert!(its_way.fields.is_empty() && its_way.rewritten.len() == 1);
    }

    #[test]
    fn parts_that_were_wired_go_with_the_definition() {
        let part = |n: u32| json!({"n": n});
        let both = json!({"level": "a", "list": {"one": part(1), "two": part(2)}});
        let stored = json!({"level": "a", "list": {"one": part(1), "two": part(2), "theirs": part(3)}});
        assert_eq!(outcome(&both, &stored, Some((&both, &stored))), Compared::default());
        let one = json!({"level": "a", "list": {"one": part(1)}});
        let fields = outcome(&one, &stored, Some((&both, &stored))).fields;
        let found: Vec<_> = fields.iter().map(|field| (field.place.as_str(), field.cause)).collect();
        assert_eq!(found, [("/list/two", Cause::Definition)]);
        assert_eq!(outcome(&one, &stored, None), Compared::default());
    }

    #[test]
    fn what_nobody_can_read_is_compared_with_what_was_sent() {
        let (old, new) = (json!({"password": "a", "key": "k"}), json!({"password": "b", "key": "k"}));
        let stored = json!({"key": MASK});
        assert_eq!(outcome(&old, &stored, None).fields.len(), 2);
        assert_eq!(outcome(&old, &stored, Some((&old, &stored))).fields.len(), 0);
        let fields = outcome(&new, &stored, Some((&old, &stored))).fields;
        assert_eq!((fields.len(), fields[0].cause), (1, Cause::Unseen));
        // Of what is disguised one sees that it is gone.
        let (said, disguised, gone) =
            (json!({"token": "abc"}), json!({"token": "a...c"}), json!({"token": null}));
        assert_eq!(outcome(&said, &disguised, Some((&said, &disguised))).fields.len(), 0);
        let fields = outcome(&said, &gone, Some((&said, &disguised))).fields;
        assert_eq!((fields.len(), fields[0].cause), (1, Cause::Service));
    }
}
