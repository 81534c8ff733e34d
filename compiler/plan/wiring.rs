//! What services want of each other's interfaces, as one file, and the secrets that are needed for it.

use std::collections::BTreeSet;

use super::{ETC, File};
use crate::ir::{Class, Format, Host, Mode, Service};
use crate::node::{Node, Value};
use crate::path::OptionPath;
use crate::secret::{HELD_MARK, MARK, Reference, held, references};

/// The endpoint that an API is at, unless its module names another one.
pub const ENDPOINT: &str = "http";

/// The file, where anything is wired.
pub fn plan(host: &Host) -> Option<File> {
    let services: Vec<(String, Node)> =
        wired(host).map(|(id, service)| (id.to_owned(), node(id, service))).collect();
    if services.is_empty() {
        return None;
    }
    let origin = OptionPath::root().field("services");
    Some(File {
        path: format!("{ETC}/wiring.json"),
        format: Format::Json,
        content: Node::map([("services", Node::map(services))]),
        class: Class::Owned,
        mode: Mode::new(0o644),
        owner: "root".to_owned(),
        group: "root".to_owned(),
        origin,
    })
}

/// The values that are needed for it, in memory.
pub fn secrets(host: &Host) -> Vec<File> {
    let mut wanted = BTreeSet::new();
    for (_, service) in wired(host) {
        for part in [&service.api, &service.wiring].into_iter().flatten() {
            collect(part, &mut wanted);
        }
    }
    wanted.iter().map(file).collect()
}

/// Services with an API that is talked to.
fn wired(host: &Host) -> impl Iterator<Item = (&str, &Service)> {
    host.services
        .iter()
        .filter(|(_, service)| service.api.is_some())
        .map(|(id, service)| (id.as_str(), service))
}

fn node(id: &str, service: &Service) -> Node {
    let origin = Host::service_path(id);
    let api = service.api.clone().unwrap_or_default();
    let name = api.get("endpoint").and_then(Node::as_str).unwrap_or(ENDPOINT).to_owned();
    let port = service.endpoints.get(&name).map(|endpoint| endpoint.host_port().number()).unwrap_or_default();
    let url = Node::new(format!("http://127.0.0.1:{port}"));
    let mut parts = vec![
        ("title", Node::new(service.title.as_str()).from_option(&origin.field("title"))),
        ("url", url.from_option(&origin.field("endpoints").field(&name))),
        ("api", unfilled(without_endpoint(api))),
    ];
    parts.extend(service.wiring.clone().map(|wiring| ("wiring", unfilled(wiring))));
    Node::map(parts)
}

fn without_endpoint(mut api: Node) -> Node {
    if let Value::Map(entries) = &mut api.value {
        entries.remove("endpoint");
    }
    api
}

/// The same with references that no apply fills in.
fn unfilled(node: Node) -> Node {
    let value = match node.value {
        Value::Str(text) => Value::Str(text.replace(MARK, HELD_MARK)),
        Value::List(items) => Value::List(items.into_iter().map(unfilled).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(name, item)| (name, unfilled(item))).collect())
        }
        other => other,
    };
    Node { value, origin: node.origin }
}

fn collect(node: &Node, found: &mut BTreeSet<Reference>) {
    match &node.value {
        Value::Str(text) => found.extend(references(text)),
        Value::List(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Map(entries) => entries.values().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

fn file(reference: &Reference) -> File {
    let Reference { service, name, form } = reference;
    let form_text = form.as_ref().map(|form| format!(":{form}")).unwrap_or_default();
    let origin = Host::service_path(service).field("secrets").field(name);
    let text = Node::new(format!("{MARK}{service}/{name}{form_text})")).from_option(&origin);
    File {
        path: held(reference),
        format: Format::Lines,
        content: Node::list([text]),
        class: Class::Owned,
        mode: Mode::new(0o400),
        owner: "root".to_owned(),
        group: "root".to_owned(),
        origin,
    }
}
