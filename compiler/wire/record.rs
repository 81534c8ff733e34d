//! What was wired last: the third side of every comparison. It says who changed what, and whom an object belongs to.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

/// Everything that was wired.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// By service, resource and name.
    pub services: BTreeMap<String, BTreeMap<String, BTreeMap<String, Record>>>,
}

/// One object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The service's own number or name for it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub id: Value,
    /// Who made it.
    pub maker: Maker,
    /// Fields by place.
    pub fields: BTreeMap<String, Kept>,
}

/// Who made an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Maker {
    /// It was there.
    #[default]
    Other,
    /// mediac.
    Mediac,
}

/// A field as it was wired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// What was wanted.
    pub said: Said,
    /// What the service made of it, when that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Said>,
}

/// A value; of a secret only a keyed hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// The value.
    Plain(Value),
    /// Its hash.
    Hash(String),
}

/// Makes hashes that nobody can try passwords against without the key.
pub struct Key(pub Vec<u8>);

impl Key {
    /// A value to keep; `is_secret` when nobody may read it there.
    pub fn keep(&self, value: &Value, secrecy: Secrecy) -> Said {
        match secrecy {
            Secrecy::Open => Said::Plain(value.clone()),
            Secrecy::Secret => Said::Hash(self.hash(value)),
        }
    }

    /// Whether a value is the one that was kept.
    pub fn is(&self, said: &Said, value: &Value) -> bool {
        match said {
            Said::Plain(kept) => kept == value,
            Said::Hash(hash) => *hash == self.hash(value),
        }
    }

    fn hash(&self, value: &Value) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(value.to_string().as_bytes());
        mac.finalize().into_bytes().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// Whether a value may be shown and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// It may.
    Open,
    /// It may not.
    Secret,
}

impl Records {
    /// What is known of an object.
    pub fn get(&self, service: &str, resource: &str, name: &str) -> Option<&Record> {
        self.services.get(service)?.get(resource)?.get(name)
    }

    /// What was wired of a resource.
    pub fn of(&self, service: &str, resource: &str) -> impl Iterator<Item = (&String, &Record)> {
        self.services.get(service).and_then(|resources| resources.get(resource)).into_iter().flatten()
    }

    /// Notes an object.
    pub fn put(&mut self, service: &str, resource: &str, name: &str, record: Record) {
        let resources = self.services.entry(service.to_owned()).or_default();
        resources.entry(resource.to_owned()).or_default().insert(name.to_owned(), record);
    }

    /// Forgets an object.
    pub fn forget(&mut self, service: &str, resource: &str, name: &str) {
        if let Some(objects) = self.services.get_mut(service).and_then(|all| all.get_mut(resource)) {
            objects.remove(name);
        }
    }
}
