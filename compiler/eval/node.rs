//! A tree of plain data in which each node knows the option it came from.

use std::collections::BTreeMap;

use crate::path::OptionPath;

/// A value, and the option that caused it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// The data itself.
    pub value: Value,
    /// The option it comes from; `None` for what the compiler adds by itself.
    pub origin: Option<OptionPath>,
}

/// Plain data, as JSON knows it. Maps are sorted by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(String),
    /// A sequence, in the order given.
    List(Vec<Node>),
    /// Named values.
    Map(BTreeMap<String, Node>),
}

impl Node {
    /// A value without an origin.
    pub fn new(value: impl Into<Value>) -> Self {
        Self { value: value.into(), origin: None }
    }

    /// The same value, with `origin` as the option it comes from.
    #[must_use]
    pub fn from_option(mut self, origin: &OptionPath) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    /// The same value, in which whatever has no origin has that of what it is in, or else `origin`.
    #[must_use]
    pub fn inheriting(self, origin: &OptionPath) -> Self {
        let own = self.origin.unwrap_or_else(|| origin.clone());
        let value = match self.value {
            Value::List(items) => Value::List(items.into_iter().map(|item| item.inheriting(&own)).collect()),
            Value::Map(entries) => {
                Value::Map(entries.into_iter().map(|(key, value)| (key, value.inheriting(&own))).collect())
            }
            other => other,
        };
        Self { value, origin: Some(own) }
    }

    /// A map of the given entries.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Node)>) -> Self {
        Self::new(Value::Map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }

    /// A list of the given nodes.
    pub fn list(items: impl IntoIterator<Item = Node>) -> Self {
        Self::new(Value::List(items.into_iter().collect()))
    }

    /// The text of a string node.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map node.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of `key`, when this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<u16> for Value {
    fn from(n: u16) -> Self {
        Self::Int(n.into())
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Int(n.into())
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Str(s.to_owned())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Str(s)
    }
}
