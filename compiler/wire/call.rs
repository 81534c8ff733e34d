//! Requests as modules describe them: how a resource is read, and how an object of it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A request that changes nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// How.
    #[serde(default)]
    pub method: Method,
    /// Where.
    pub path: String,
    /// Parameters of the address.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// A JSON body.
    pub body: Option<Value>,
    /// Where in the answer it is, names with dots between; the whole by default.
    #[serde(default)]
    pub pick: String,
}

/// A request that changes something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where; `{id}` stands for the object's.
    pub path: String,
    /// Parameters of the address.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// How much of the object is sent.
    #[serde(default)]
    pub send: Send,
    /// How it is written.
    #[serde(default)]
    pub encode: Encode,
    /// What is sent besides; `{id}` as above.
    #[serde(default)]
    pub constant: BTreeMap<String, Value>,
    /// Fields that are sent under another name.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// Fields that are not sent.
    #[serde(default)]
    pub without: Vec<String>,
    /// The object is sent as this field: of the body, or in JSON as this field of the form. `[]` at its end puts it into
    /// a list.
    pub within: Option<String>,
    /// What is called once that has worked, for it to take effect.
    pub then: Option<Read>,
    /// The items that have a flag, by their names alone.
    pub chosen: Option<Chosen>,
    /// What the names of a form's fields begin with.
    #[serde(default)]
    pub prefix: String,
    /// What stands between the parts of such a name.
    #[serde(default)]
    pub join: String,
}

/// Items of an object that are sent by their names alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// The field that they are sent as, again and again.
    pub name: String,
    /// The field of an item that says whether it is one of them.
    pub flag: String,
    /// The field that is sent of each; its name by default.
    pub field: Option<String>,
    /// What stands between them where they are sent as one.
    pub join: Option<String>,
}

/// How much of an object is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Send {
    /// Nothing.
    #[default]
    Nothing,
    /// What is there, with what is declared.
    Whole,
    /// What is declared.
    Declared,
    /// What differs.
    Changed,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encode {
    /// As JSON.
    #[default]
    Json,
    /// As a form.
    Form,
    /// As parameters of the address.
    Query,
}

/// Methods of HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Reads, usually.
    #[default]
    Get,
    /// Makes.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
