//! Objects as services write them, and as they are compared: lists of names and values become records, and back.

use serde_json::{Map, Value, json};

use super::model::{Pair, Resource};
use super::place::picked;

/// Where an item was in its list; no service has a field of this name.
const AT: &str = "\u{1}at";

/// A list within an object that is really a record.
enum List<'a> {
    Pairs(&'a Pair),
    Keyed(&'a str),
}

/// An object as it is compared.
pub fn decode(resource: &Resource, mut object: Value) -> Value {
    for (path, list) in lists(resource) {
        each(&mut object, &path, &|value| {
            let Value::Array(items) = value.take() else { return };
            *value = match list {
                List::Pairs(pair) => {
                    Value::Object(items.iter().filter_map(|item| unpair(item, pair)).collect())
                }
                List::Keyed(key) => Value::Object(by_key(items, key)),
            };
        });
    }
    object
}

/// An object as the service writes it.
pub fn encode(resource: &Resource, mut object: Value) -> Value {
    for (path, list) in lists(resource).into_iter().rev() {
        each(&mut object, &path, &|value| {
            let Value::Object(fields) = value.take() else { return };
            *value = match list {
                List::Pairs(Pair { name, value }) => fields
                    .into_iter()
                    .map(|(field, content)| json!({ name.as_str(): field, value.as_str(): content }))
                    .collect(),
                List::Keyed(key) => in_order(fields, key),
            };
        });
    }
    object
}

/// The lists of a resource, outer ones first.
fn lists(resource: &Resource) -> Vec<(Vec<&str>, List<'_>)> {
    let pairs = resource.pairs.iter().map(|(path, pair)| (path, List::Pairs(pair)));
    let keyed = resource.keyed.iter().map(|(path, key)| (path, List::Keyed(key)));
    let mut all: Vec<(Vec<&str>, List<'_>)> = pairs
        .chain(keyed)
        .map(|(path, list)| (path.split('.').filter(|name| !name.is_empty()).collect(), list))
        .collect();
    all.sort_by_key(|(path, _)| path.len());
    all
}

/// Does something to every value that a path leads to.
fn each(value: &mut Value, path: &[&str], act: &dyn Fn(&mut Value)) {
    let Some((first, rest)) = path.split_first() else { return act(value) };
    match (value, *first) {
        (Value::Object(fields), "*") => fields.values_mut().for_each(|field| each(field, rest, act)),
        (Value::Object(fields), name) => {
            if let Some(field) = fields.get_mut(name) {
                each(field, rest, act);
            }
        }
        _ => {}
    }
}

fn unpair(item: &Value, pair: &Pair) -> Option<(String, Value)> {
    let name = item.get(&pair.name)?.as_str()?.to_owned();
    Some((name, item.get(&pair.value).cloned().unwrap_or(Value::Null)))
}

fn by_key(items: Vec<Value>, key: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    for (index, mut item) in items.into_iter().enumerate() {
        let name = key.split('|').find_map(|key| picked(&item, key).first().and_then(|name| text(name)));
        if let Value::Object(inner) = &mut item {
            inner.insert(AT.to_owned(), json!(index));
        }
        fields.insert(name.unwrap_or_else(|| index.to_string()), item);
    }
    fields
}

fn in_order(fields: Map<String, Value>, key: &str) -> Value {
    let mut items: Vec<(u64, Value)> = Vec::new();
    for (name, mut item) in fields {
        let at = item.as_object_mut().and_then(|inner| inner.remove(AT)).and_then(|at| at.as_u64());
        let known = key.split('|').any(|key| !picked(&item, key).is_empty());
        if let (false, Some(first)) = (known, key.split('|').next()) {
            super::place::put(&mut item, &super::place::dotted(first), Value::String(name));
        }
        items.push((at.unwrap_or(u64::MAX), item));
    }
    items.sort_by_key(|(at, _)| *at);
    items.into_iter().map(|(_, item)| item).collect()
}

/// A value as one word, the way forms and addresses have it.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(switch) => Some(switch.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(extra: &Value) -> Resource {
        let mut all = json!({"about": "x", "read": {"path": "/"}});
        all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn lists_become_records_and_lists_again() {
        let pair = json!({"name": "name", "value": "value"});
        for (extra, stored, decoded) in [
            (
                json!({"pairs": {"fields": pair}}),
                json!({"fields": [{"name": "host", "value": "a"}, {"name": "a.b", "value": 1}]}),
                "/fields/a.b",
            ),
            (
                json!({"keyed": {"items": "quality.name|name"}}),
                json!({"items": [
                    {"quality": {"name": "Z"}, "allowed": true},
                    {"name": "A group", "allowed": false},
                    {"quality": {"name": "B"}, "allowed": false}]}),
                "/items/A group/allowed",
            ),
            (
                json!({"keyed": {"specs": "name"}, "pairs": {"specs.*.fields": pair}}),
                json!({"specs": [{"name": "x", "fields": [{"name": "value", "value": 3}]}]}),
                "/specs/x/fields/value",
            ),
        ] {
            let resource = resource(&extra);
            let record = decode(&resource, stored.clone());
            assert!(record.pointer(decoded).is_some(), "{record}");
            let back = encode(&resource, record);
            let sorted = |value: &Value| {
                let mut list = value["fields"].as_array().cloned().unwrap_or_default();
                list.sort_by_key(ToString::to_string);
                (list, value["items"].clone(), value["specs"].clone())
            };
            assert_eq!(sorted(&back), sorted(&stored));
        }
    }

    #[test]
    fn new_items_get_their_name() {
        let resource = resource(&json!({"keyed": {"specs": "name"}}));
        let back = encode(&resource, json!({"specs": {"new": {"negate": true}}}));
        assert_eq!(back, json!({"specs": [{"negate": true, "name": "new"}]}));
    }
}
