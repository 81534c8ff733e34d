//! What to write into a host file so that it says what was changed in the services.

use std::fmt::Write as _;

use serde_json::Value;

use crate::path::OptionPath;
use crate::wire::{Cause, Change, Outcome, names};

/// Nickel, a line for each field; notes for what cannot be said so.
pub fn nickel(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (id, plan) in &outcome.plan {
        for change in &plan.changes {
            for field in
                change.fields.iter().filter(|field| matches!(field.cause, Cause::Service | Cause::Both))
            {
                let option = option(id, change, &field.place);
                match &field.found {
                    Some(value) => {
                        let _ = writeln!(text, "{option} = {},", value_of(value));
                    }
                    None => {
                        let _ = writeln!(text, "# {option}: its value is secret, or nobody can read it");
                    }
                }
            }
        }
    }
    if text.is_empty() { "# nothing was changed in the services\n".to_owned() } else { text }
}

fn option(id: &str, change: &Change, place: &str) -> OptionPath {
    let object = Some(&change.object).filter(|object| !object.is_empty());
    let start = OptionPath::root().field("services").field(id).field("wiring").field(&change.resource);
    let start = object.into_iter().fold(start, |path, name| path.field(name));
    names(place).iter().fold(start, |path, name| path.field(name))
}

/// JSON is Nickel but for what stands between a name and its value, and for a percent sign that begins something.
fn value_of(value: &Value) -> String {
    match value {
        Value::String(text) => crate::format::json::string(text).replace("%{", "\\%{"),
        Value::Array(items) => format!("[{}]", items.iter().map(value_of).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{} = {}", value_of(&name.as_str().into()), value_of(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}
