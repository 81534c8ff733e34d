//! Places within JSON values: names with a slash before each, as RFC 6901 has it.

use serde_json::{Map, Value};

/// Every leaf of a declared object and its place. Lists are leaves: they are wanted as they are.
pub fn leaves(value: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    walk(String::new(), value, &mut all);
    all
}

fn walk<'a>(place: String, value: &'a Value, all: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                walk(below(&place, name), value, all);
            }
        }
        // An object without fields wants nothing of what is there.
        Value::Object(_) if place.is_empty() => {}
        leaf => all.push((place, leaf)),
    }
}

/// The place of a field within an object at a place.
pub fn below(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A place of names with dots between, as modules write it.
pub fn dotted(path: &str) -> String {
    path.split('.').filter(|name| !name.is_empty()).fold(String::new(), |place, name| below(&place, name))
}

/// A place as people write it.
pub fn spoken(place: &str) -> String {
    names(place).join(".")
}

/// The names of a place.
pub fn names(place: &str) -> Vec<String> {
    place.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect()
}

/// Puts a value at a place, with the objects above it.
pub fn put(root: &mut Value, place: &str, value: Value) {
    let mut at = root;
    for name in names(place) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(fields) = at else { return };
        at = fields.entry(name).or_insert(Value::Null);
    }
    *at = value;
}

/// Takes away what is at a place.
pub fn take(root: &mut Value, place: &str) {
    let above = place.rsplit_once('/').map_or("", |(above, _)| above);
    if let (Some(name), Some(Value::Object(fields))) = (names(place).pop(), root.pointer_mut(above)) {
        fields.remove(&name);
    }
}

/// Every value that a pattern of dotted names leads to; `*` is any name or item.
pub fn picked<'a>(value: &'a Value, pattern: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for name in pattern.split('.').filter(|name| !name.is_empty()) {
        found = found.into_iter().flat_map(|value| children(value, name)).collect();
    }
    found
}

fn children<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    match (value, name) {
        (Value::Object(fields), "*") => fields.values().collect(),
        (Value::Array(items), "*") => items.iter().collect(),
        (Value::Object(fields), name) => fields.get(name).into_iter().collect(),
        (Value::Array(items), index) => {
            index.parse().ok().and_then(|index: usize| items.get(index)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_lead_there_and_back() {
        let value = json!({"a": {"b.c": 1, "d/e": [1, 2]}, "f": {}});
        let places: Vec<(String, &Value)> = leaves(&value);
        assert_eq!(places.len(), 3);
        for (place, leaf) in places {
            assert_eq!(value.pointer(&place), Some(leaf), "{place}");
            let mut copy = json!({});
            put(&mut copy, &place, leaf.clone());
            assert_eq!(copy.pointer(&place), Some(leaf), "{place}");
            take(&mut copy, &place);
            assert_eq!(copy.pointer(&place), None, "{place}");
        }
        assert_eq!(spoken("/a/d~1e"), "a.d/e");
        assert_eq!(picked(&json!({"x": [{"id": 1}, {"id": 2}]}), "x.*.id"), [&json!(1), &json!(2)]);
        assert_eq!(picked(&json!({"x": [{"id": 1}]}), "x.0.id"), [&json!(1)]);
        assert!(picked(&json!(3), "x").is_empty() && leaves(&json!({})).is_empty());
    }
}
