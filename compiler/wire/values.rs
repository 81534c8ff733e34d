//! What stands for something else in a declared object: secrets, and objects that services number themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::codec::text;
use super::place;
use crate::secret::{self, Reference};

/// How a reference to an object begins; it is the whole of a text.
const MADE: &str = "mediac-made(";
/// How a reference to a part of the object itself begins.
const OWN: &str = "mediac-own(";

/// An object of a service, as another one refers to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made {
    /// The service.
    pub service: String,
    /// The resource.
    pub resource: String,
    /// What the object is called there.
    pub key: String,
    /// The field that is wanted.
    pub field: String,
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { service, resource, key, field } = self;
        write!(f, "the {field} of {service}'s {resource} `{key}`")
    }
}

/// The object that a text refers to.
pub fn made(text: &str) -> Option<Made> {
    let inner = text.strip_prefix(MADE)?.strip_suffix(')')?;
    let (service, rest) = inner.split_once('/')?;
    let (resource, rest) = rest.split_once('/')?;
    let (key, field) = rest.rsplit_once(':')?;
    let [service, resource, key, field] = [service, resource, key, field].map(str::to_owned);
    Some(Made { service, resource, key, field })
}

/// Every object that a value refers to.
pub fn all_made(value: &Value) -> BTreeSet<Made> {
    texts(value).into_iter().filter_map(made).collect()
}

/// Every secret that a value refers to.
pub fn secrets(value: &Value) -> BTreeSet<Reference> {
    texts(value).into_iter().flat_map(secret::references).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Values of secrets; they are in memory only.
#[derive(Default)]
pub struct Secrets(BTreeMap<Reference, String>);

/// What could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A secret without a value.
    Secret(Reference),
    /// An object that is not there (yet).
    Object(Made),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(Reference { service, name, .. }) => {
                write!(f, "the secret {service}/{name} has no value here")
            }
            Self::Object(made) => write!(f, "{made} is not known"),
        }
    }
}

impl Secrets {
    /// Adds a value.
    pub fn insert(&mut self, reference: Reference, value: String) {
        self.0.insert(reference, value);
    }

    /// A text with the values in place of the references.
    pub fn fill(&self, template: &str) -> Result<String, Missing> {
        let mut filled = template.to_owned();
        for reference in secret::references(template) {
            let Some(value) = self.0.get(&reference) else { return Err(Missing::Secret(reference)) };
            let form = reference.form.as_ref().map(|form| format!(":{form}")).unwrap_or_default();
            let mark = format!("{}{}/{}{form})", secret::MARK, reference.service, reference.name);
            filled = filled.replace(&mark, value);
        }
        Ok(filled)
    }

    /// A text that somebody else wrote, without any of the values.
    pub fn redact(&self, text: &str) -> String {
        // Short ones would take words apart that are no secrets.
        let values = self.0.iter().filter(|(_, value)| value.len() >= 4);
        values.fold(text.to_owned(), |text, (Reference { service, name, .. }, value)| {
            text.replace(value.as_str(), &format!("[secret {service}/{name}]"))
        })
    }
}

/// A declared value with everything filled in. `find` knows other objects; `own` is what the object will be.
pub fn resolve(
    value: &Value,
    secrets: &Secrets,
    find: &dyn Fn(&Made) -> Option<Value>,
) -> Result<Value, Missing> {
    Ok(match value {
        Value::String(text) => match made(text) {
            Some(made) => find(&made).ok_or(Missing::Object(made))?,
            None => Value::String(secrets.fill(text)?),
        },
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| resolve(item, secrets, find)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let filled =
                fields.iter().map(|(name, value)| Ok((name.clone(), resolve(value, secrets, find)?)));
            Value::Object(filled.collect::<Result<_, _>>()?)
        }
        plain => plain.clone(),
    })
}

/// A value, or the part of the object itself that it stands for; `whole` is the object.
pub fn own(value: &Value, whole: &Value) -> Value {
    let inner = value.as_str().and_then(|text| text.strip_prefix(OWN)?.strip_suffix(')'));
    let Some(inner) = inner else { return value.clone() };
    let found = inner.split('|').find_map(|path| whole.pointer(path).filter(|found| !found.is_null()));
    found.cloned().unwrap_or(Value::Null)
}

/// A declared value for people: secrets and objects by name.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => match (made(text), secret::references(text).next()) {
            (Some(made), _) => made.to_string(),
            (_, Some(Reference { service, name, .. })) => format!("secret {service}/{name}"),
            _ if text.starts_with(OWN) => place::spoken(text.trim_start_matches(OWN).trim_end_matches(')')),
            _ => quoted(text),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(_) => value.to_string(),
        plain => text(plain).filter(|text| !text.is_empty()).unwrap_or_else(|| "nothing".to_owned()),
    }
}

fn quoted(text: &str) -> String {
    const LONGEST: usize = 120;
    let cut: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().count() > LONGEST { format!("\"{cut}…\"") } else { format!("\"{cut}\"") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_filled_in() {
        let reference = Reference { service: "a".into(), name: "key".into(), form: None };
        let mut secrets = Secrets::default();
        secrets.insert(reference.clone(), "v-1234".into());
        let find = |made: &Made| (made.key == "HD - 720p/1080p").then(|| json!(6));
        let declared = json!({
            "key": "Bearer mediac-secret(a/key)",
            "profile": ["mediac-made(b/profiles/HD - 720p/1080p:id)"],
        });
        assert_eq!(
            resolve(&declared, &secrets, &find).unwrap(),
            json!({"key": "Bearer v-1234", "profile": [6]})
        );
        assert_eq!(self::secrets(&declared), BTreeSet::from([reference]));
        let missing = resolve(&json!("mediac-made(b/tags/x:id)"), &secrets, &find).unwrap_err();
        assert_eq!(missing.to_string(), "the id of b's tags `x` is not known");
        assert!(resolve(&json!("mediac-secret(a/other)"), &secrets, &find).is_err());
        assert_eq!(secrets.redact("got v-1234!"), "got [secret a/key]!");
        assert_eq!(shown(&declared["key"]), "secret a/key");
        assert_eq!(own(&json!("mediac-own(/q/id|/id)"), &json!({"id": 7})), json!(7));
    }
}
