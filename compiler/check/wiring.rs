//! What services want of each other's interfaces: it can be read, reached and put into an order.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::strings;
use super::tools::{at, list, nearest, services};
use crate::diag::{Diagnostic, Report};
use crate::format::json;
use crate::ir::{Expose, Host, Scheme, Service};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{self, ENDPOINT};
use crate::wire::{self, Made};

/// A description of an API that cannot be read.
pub fn format(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        let Some(api) = service.api.as_ref().and_then(Node::as_map) else { continue };
        let path = at(id, &["api"]);
        for (name, part) in api {
            let inner = || part.as_map().into_iter().flatten();
            match name.as_str() {
                "resources" => inner().for_each(|(each, node)| {
                    judge::<wire::Resource>(&path.field(name).field(each), node, report);
                }),
                "steps" => inner().for_each(|(each, node)| {
                    judge::<wire::Step>(&path.field(name).field(each), node, report);
                }),
                "auth" => judge::<wire::Auth>(&path.field(name), part, report),
                "ready" => judge::<wire::Ready>(&path.field(name), part, report),
                "endpoint" => {}
                _ => report.push(unreadable(&path.field(name), "an API has no such part")),
            }
        }
        if !api.contains_key("ready") {
            report.push(unreadable(&path, "it does not say how to tell that the service answers (`ready`)"));
        }
    }
}

fn judge<T: DeserializeOwned>(path: &OptionPath, node: &Node, report: &mut Report) {
    let Ok(text) = json::write(node) else { return };
    if let Err(error) = serde_json::from_str::<T>(text.as_str()) {
        let said = error.to_string();
        report.push(unreadable(path, said.split(" at line ").next().unwrap_or_default()));
    }
}

fn unreadable(path: &OptionPath, why: &str) -> Diagnostic {
    let message = format!("`{path}` cannot be read: {why}");
    Diagnostic::error(
        "api-format",
        path,
        message,
        "ARCHITECTURE.md has the words that an API is described with",
    )
}

/// An API that this machine itself cannot reach.
pub fn unreachable(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        let Some(api) = &service.api else { continue };
        let name = api.get("endpoint").and_then(Node::as_str).unwrap_or(ENDPOINT);
        let path = at(id, &["endpoints", name]);
        let (why, help) = match service.endpoints.get(name) {
            None => ("it has no such endpoint", format!("add `{path}`")),
            Some(endpoint) if endpoint.scheme != Scheme::Http => {
                ("it does not speak plain HTTP there", format!("set `{path}.scheme = 'http`"))
            }
            Some(endpoint) if endpoint.expose == Expose::None => {
                ("only other services reach it", format!("set `{path}.expose = 'host`"))
            }
            Some(_) => continue,
        };
        let path = if service.endpoints.contains_key(name) { path } else { at(id, &["endpoints"]) };
        let message = format!("`{id}` is wired over its endpoint `{name}`, and {why}");
        report.push(Diagnostic::error("api-unreachable", &path, message, help));
    }
}

/// Objects of a kind that an API does not have, here or in a reference.
pub fn unknown_resource(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (name, _) in service.wiring.iter().filter_map(Node::as_map).flatten() {
            if let Some((why, help)) = missing(service, id, name) {
                report.push(Diagnostic::error("unknown-resource", &at(id, &["wiring", name]), why, help));
            }
        }
        for (path, node) in strings::wiring(id, service) {
            strings::leaves(&path, node, &mut |path, _, text| {
                let Some(Made { service: other, resource, .. }) = wire::made(text) else { return };
                let fault = if let Some(service) = host.services.get(&other) {
                    missing(service, &other, &resource)
                } else {
                    let known = nearest(&other, host.services.keys().map(String::as_str));
                    let help = known.map_or_else(
                        || format!("add `services.{other}`, or remove this"),
                        |known| format!("did you mean `{known}`?"),
                    );
                    Some((format!("there is no service `{other}`"), help))
                };
                if let Some((why, help)) = fault {
                    report.push(Diagnostic::error("unknown-resource", path, why, help));
                }
            });
        }
    }
}

/// Why there is no such resource, and what to do about it.
fn missing(service: &Service, id: &str, name: &str) -> Option<(String, String)> {
    let known: BTreeMap<&str, &Node> = resources(service).collect();
    if known.contains_key(name) {
        return None;
    }
    let why = match service.api {
        Some(_) => format!("the API of `{id}` has no `{name}`"),
        None => format!("nothing says how the API of `{id}` is talked to"),
    };
    let names: Vec<&str> = known.keys().copied().collect();
    let help = match (nearest(name, names.iter().copied()), names.is_empty()) {
        (Some(close), _) => format!("did you mean `{close}`?"),
        (None, false) => format!("there are {}", list(&names, "and")),
        (None, true) => "remove it, or describe the API".to_owned(),
    };
    Some((why, help))
}

fn resources(service: &Service) -> impl Iterator<Item = (&str, &Node)> {
    let api = service.api.as_ref().and_then(|api| api.get("resources")?.as_map());
    api.into_iter().flatten().map(|(name, node)| (name.as_str(), node))
}

/// Objects that each need another one first, in a circle.
pub fn cycle(host: &Host, report: &mut Report) {
    // What cannot be written or read back is a finding of its own.
    let text = plan::wiring(host).and_then(|file| json::write(&file.content).ok());
    let Some(Ok(wiring)) = text.map(|text| wire::parse(text.as_str())) else { return };
    let Err(circle) = wire::order(&wire::needs(&wiring, &wire::Records::default())) else { return };
    let names: Vec<String> = circle.iter().map(|(id, name)| format!("{id}/{name}")).collect();
    let Some((id, name)) = circle.first() else { return };
    report.push(Diagnostic::error(
        "wiring-cycle",
        &at(id, &["wiring", name]),
        format!("objects wait for each other: {}", list(&names, "and")),
        "remove one of the references",
    ));
}
