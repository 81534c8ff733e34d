//! What calls send.

use super::*;
use crate::wire::record::Secrecy;

/// What a call sends for an object: address, form and body.
fn sent(resource: Value, call: &str, stored: Option<Value>, wanted: &Value, id: &Value) -> String {
    let resource: Resource = serde_json::from_value(resource).unwrap();
    let fields: Vec<Wanted> = leaves(wanted)
        .into_iter()
        .map(|(place, value)| Wanted {
            place,
            value: Ok(value.clone()),
            shown: String::new(),
            secrecy: Secrecy::Open,
        })
        .collect();
    let service = serde_json::from_value(json!({"title": "X", "url": "", "api": {"ready": {"path": "/"}}}));
    let (service, secrets) = (service.unwrap(), Secrets::default());
    let session = Session::new(&service, &secrets, std::time::Duration::from_secs(1));
    let changed = fields.iter().map(|field| crate::wire::compare::Field {
        place: field.place.clone(),
        from: None,
        found: None,
        to: String::new(),
        cause: crate::wire::compare::Cause::New,
    });
    let change = Change {
        resource: "x".into(),
        object: "x".into(),
        fate: Fate::New,
        id: id.clone(),
        fields: changed.collect(),
        stored: stored.map(|stored| decode(&resource, stored)),
    };
    let object = Object::new(&session, &resource, &change, &fields).unwrap();
    let call = match call {
        "create" => resource.create.clone(),
        "update" => resource.update.clone(),
        _ => resource.delete.clone(),
    };
    let request = object.request(&call.unwrap(), id, &[]);
    let json = request.json.map(|json| sorted(&json).to_string()).unwrap_or_default();
    format!("{} {} {:?} {:?} {json}", request.method.as_str(), request.path, request.query, request.form)
}

/// The same with fields in one order, whatever order the library keeps them in.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, Value> =
                fields.iter().map(|(name, value)| (name, sorted(value))).collect();
            fields.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[test]
fn every_kind_of_call_sends_what_it_says() {
    let provider = json!({"about": "x", "read": {"path": "/"}, "pairs": {"fields": {"name": "name", "value": "value"}},
        "update": {"method": "put", "path": "/x/{id}", "send": "whole"}});
    let stored = json!({"id": 3, "kept": true, "fields": [{"name": "a", "value": 1, "label": "A"}, {"name": "b", "value": 2}]});
    assert_eq!(
        sent(provider, "update", Some(stored), &json!({"fields": {"a": 5}}), &json!(3)),
        r#"PUT /x/3 [] None {"fields":[{"name":"a","value":5},{"name":"b","value":2}],"id":3,"kept":true}"#
    );
    let preferences = json!({"about": "x", "count": "one", "read": {"path": "/"},
        "update": {"method": "post", "path": "/set", "send": "changed", "encode": "form", "within": "json"}});
    assert_eq!(
        sent(preferences, "update", Some(json!({"a": 1, "b": 2})), &json!({"a": 5}), &Value::Null),
        r#"POST /set [] Some([("json", "{\"a\":5}")]) "#
    );
    let category = json!({"about": "x", "id": "name", "read": {"path": "/"},
        "create": {"method": "post", "path": "/c", "send": "declared", "encode": "form", "names": {"name": "category"}},
        "delete": {"method": "post", "path": "/r", "encode": "form", "constant": {"categories": "{id}"}}});
    assert_eq!(
        sent(category.clone(), "create", None, &json!({"name": "tv", "savePath": "/a b"}), &Value::Null),
        r#"POST /c [] Some([("category", "tv"), ("savePath", "/a b")]) "#
    );
    assert_eq!(
        sent(category, "delete", None, &json!({}), &json!("tv")),
        r#"POST /r [] Some([("categories", "tv")]) "#
    );
    let settings = json!({"about": "x", "count": "one", "read": {"path": "/"},
        "update": {"method": "post", "path": "/s", "send": "changed", "encode": "form", "prefix": "settings-", "join": "-"}});
    assert_eq!(
        sent(
            settings,
            "update",
            Some(json!({})),
            &json!({"general": {"use": true, "p": ["x", "y"]}}),
            &Value::Null
        ),
        r#"POST /s [] Some([("settings-general-p", "x"), ("settings-general-p", "y"), ("settings-general-use", "true")]) "#
    );
    let rpc = json!({"about": "x", "count": "one", "read": {"path": "/"},
        "update": {"method": "post", "path": "/rpc", "send": "changed", "within": "arguments", "constant": {"method": "session-set"}}});
    assert_eq!(
        sent(rpc, "update", Some(json!({})), &json!({"a-b": 1}), &Value::Null),
        r#"POST /rpc [] None {"arguments":{"a-b":1},"method":"session-set"}"#
    );
    let chosen = |more: Value| {
        let mut chosen = json!({"name": "enable", "flag": "on"});
        chosen.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let resource = json!({"about": "x", "count": "one", "read": {"path": "/"}, "keyed": {"": "name"},
            "update": {"method": "get", "path": "/l", "encode": "query", "query": {"sync": "true"}, "chosen": chosen}});
        let stored = json!([{"name": "a", "id": "7", "on": true}, {"name": "b", "id": "8", "on": false}]);
        sent(resource, "update", Some(stored), &json!({"c": {"id": 9, "on": true}}), &Value::Null)
    };
    assert_eq!(chosen(json!({})), r#"GET /l [("sync", "true"), ("enable", "a"), ("enable", "c")] None "#);
    assert_eq!(
        chosen(json!({"field": "id", "join": ","})),
        r#"GET /l [("sync", "true"), ("enable", "7,9")] None "#
    );
    let library = json!({"about": "x", "read": {"path": "/"},
        "create": {"method": "post", "path": "/l", "send": "declared", "encode": "query", "query": {"refresh": "true"}},
        "delete": {"method": "delete", "path": "/l/{id}"}});
    assert_eq!(
        sent(library.clone(), "create", None, &json!({"name": "TV Shows"}), &Value::Null),
        r#"POST /l [("refresh", "true"), ("name", "TV Shows")] None "#
    );
    assert_eq!(sent(library, "delete", None, &json!({}), &json!("a/b")), "DELETE /l/a%2Fb [] None ");
}

#[test]
fn a_part_of_the_object_is_known_once_the_rest_is_there() {
    let profile = json!({"about": "x", "read": {"path": "/"}, "keyed": {"items": "quality.name"},
        "update": {"method": "put", "path": "/p", "send": "declared"}});
    let stored = json!({"items": [{"quality": {"name": "HD", "id": 9}}]});
    let wanted = json!({"cutoff": "mediac-own(/items/HD/quality/id)"});
    assert_eq!(
        sent(profile, "update", Some(stored), &wanted, &Value::Null),
        r#"PUT /p [] None {"cutoff":9}"#
    );
}
