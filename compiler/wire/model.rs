//! What services want of each other, as modules say it: `/etc/mediac/wiring.json`, read back.
//!
//! A module describes its API as data: how to log in, which resources there are, and how each is read and written. What
//! the objects of a resource should be is beside it, and comes from modules and host files alike.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::call::{Call, Method, Read};

/// Everything that is wired on a host.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wiring {
    /// Services by name.
    pub services: BTreeMap<String, Service>,
}

/// One service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name people know it by.
    pub title: String,
    /// Where it answers, from this machine.
    pub url: String,
    /// How one talks to it.
    pub api: Api,
    /// What its objects should be: by resource, and there by name unless there is only one.
    #[serde(default)]
    pub wiring: BTreeMap<String, Value>,
}

/// How one talks to a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// How to tell that it answers.
    pub ready: Ready,
    /// How one logs in.
    #[serde(default)]
    pub auth: Auth,
    /// What has to be done once, before anything else.
    #[serde(default)]
    pub steps: BTreeMap<String, Step>,
    /// Kinds of objects.
    #[serde(default)]
    pub resources: BTreeMap<String, Resource>,
}

/// How to tell that a service answers; nobody is logged in then.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// What is asked for.
    pub path: String,
    /// Status codes that say yes; by default all from 200 to 299.
    #[serde(default)]
    pub statuses: Vec<u16>,
}

/// How one logs in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Auth {
    /// Not at all.
    #[default]
    Open,
    /// With headers.
    Header {
        /// By name.
        headers: BTreeMap<String, String>,
    },
    /// With parameters of every address.
    Query {
        /// By name.
        query: BTreeMap<String, String>,
    },
    /// With name and password in every request.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
        /// A header that the service gives out with status 409, and wants back.
        session: Option<String>,
    },
    /// With a form, which is answered with a cookie.
    Form {
        /// Where it is sent.
        path: String,
        /// What is in it.
        form: BTreeMap<String, String>,
        /// What the answer says when the password is wrong, whatever its status.
        refused: Option<String>,
    },
    /// With a JSON body, which is answered with a token.
    Token {
        /// Where it is sent.
        path: String,
        /// What is in it.
        body: Value,
        /// Where the token is in the answer.
        pick: String,
        /// Headers of all requests; `{token}` stands for it, and for nothing before there is one.
        headers: BTreeMap<String, String>,
    },
}

/// Something that has to be done once: a wizard, the first user, an account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it does, as a phrase: `make the first user`.
    pub about: String,
    /// What tells whether it was done; nobody is logged in then.
    pub probe: Read,
    /// What is read there when it was done.
    pub done: Value,
    /// What comes first: the steps of a SERVICE, or all objects of a SERVICE/RESOURCE.
    #[serde(default)]
    pub after: Vec<String>,
    /// The calls, in order.
    pub calls: Vec<StepCall>,
}

/// One call of a step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepCall {
    /// How.
    #[serde(default)]
    pub method: Method,
    /// Where; `{NAME}` stands for what an earlier call kept.
    pub path: String,
    /// Parameters of the address.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// A JSON body.
    #[serde(default)]
    pub body: Option<Value>,
    /// Whether the service knows us already.
    #[serde(default)]
    pub login: Login,
    /// Parts of the answer that later calls need, by name: a place in it, `*` for every item.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
}

/// Whether a request comes from somebody who is logged in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// It does.
    #[default]
    Ours,
    /// Nobody is known yet.
    Nobody,
}

/// A kind of objects.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What people call one: `download client`.
    pub about: String,
    /// Whether there are many, or just one.
    #[serde(default)]
    pub count: Count,
    /// How they are read.
    pub read: Read,
    /// The fields that tell one from another, compared as `same` says; otherwise case does not matter.
    #[serde(default)]
    pub key: Vec<String>,
    /// What the name of one stands for in its key, with `{}` for the name; otherwise it is the name.
    #[serde(default)]
    pub named: Value,
    /// The field with the service's own number or name for one.
    #[serde(default = "id")]
    pub id: String,
    /// How one is made.
    pub create: Option<Call>,
    /// How one is changed.
    pub update: Option<Call>,
    /// How one is removed.
    pub delete: Option<Call>,
    /// What a new one starts from.
    pub template: Option<Read>,
    /// What declared fields are set to meanwhile for one that is not tested, for when what it talks to is away.
    #[serde(default)]
    pub dormant: BTreeMap<String, Value>,
    /// Parameters that save one without a test.
    #[serde(default)]
    pub untested: BTreeMap<String, String>,
    /// Lists of names and values that are really records, by where they are: how they call the two.
    #[serde(default)]
    pub pairs: BTreeMap<String, Pair>,
    /// Lists whose items have a name of their own, by where they are: the place of that name; `|` for another one.
    #[serde(default)]
    pub keyed: BTreeMap<String, String>,
    /// Those of `keyed` whose items go when they are declared no longer, if they were wired.
    #[serde(default)]
    pub parts: Vec<String>,
    /// How values are compared, by field; otherwise as they are.
    #[serde(default)]
    pub same: BTreeMap<String, Same>,
    /// Fields that stay what they are once it is there: with another value it is another object.
    #[serde(default)]
    pub fixed: Vec<String>,
    /// Fields that are never read back.
    #[serde(default)]
    pub unread: Vec<String>,
    /// Fields that are read back in disguise: whether there is anything, and not what.
    #[serde(default)]
    pub masked: Vec<String>,
    /// Where fields are read that are written under another name.
    #[serde(default)]
    pub reads: BTreeMap<String, String>,
    /// Resources that come first, as SERVICE/RESOURCE.
    #[serde(default)]
    pub after: Vec<String>,
}

fn id() -> String {
    "id".to_owned()
}

/// How many objects a resource has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Count {
    /// Any number.
    #[default]
    Many,
    /// Exactly one, which nobody makes or removes.
    One,
}

/// What the two parts of a pair are called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// When two values are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Same {
    /// Whatever slashes are at the end.
    Slash,
    /// Whatever the case of letters.
    Case,
    /// When they are written the same: the number 1 and the text "1", true and "true".
    Text,
    /// Whatever the order of their items.
    Set,
}

impl Service {
    /// The declared objects of a resource, by name; the only one of its kind has none.
    pub fn objects(&self, resource: &str) -> BTreeMap<String, &Value> {
        let Some(declared) = self.wiring.get(resource) else { return BTreeMap::new() };
        match (self.api.resources.get(resource).map(|known| known.count), declared) {
            (Some(Count::Many), Value::Object(all)) => {
                all.iter().map(|(name, object)| (name.clone(), object)).collect()
            }
            _ => BTreeMap::from([(String::new(), declared)]),
        }
    }
}
