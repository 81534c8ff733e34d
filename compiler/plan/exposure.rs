//! Which ports can be reached from where.

use std::collections::BTreeSet;

use super::{ExposedBy, Exposure, networks};
use crate::ir::{Expose, Host, Runtime, Service};

/// Every port that is reachable from outside its own network, sorted by service and endpoint.
pub fn plan(host: &Host) -> Vec<Exposure> {
    let mut exposures = Vec::new();
    for (id, service) in &host.services {
        let by = match (service.runtime, &service.confine) {
            (Runtime::Native, _) => ExposedBy::Native,
            (Runtime::Container, Some(owner)) => ExposedBy::Tunnel(owner.clone()),
            (Runtime::Container, None) if service.tunnel.is_some() => ExposedBy::Tunnel(id.clone()),
            (Runtime::Container, None) => ExposedBy::Container(id.clone()),
            (Runtime::None, _) => continue,
        };
        for (name, endpoint) in &service.endpoints {
            let peers =
                if matches!(by, ExposedBy::Container(_)) { Vec::new() } else { peers(host, id, name) };
            if endpoint.expose == Expose::None && peers.is_empty() {
                continue;
            }
            exposures.push(Exposure {
                service: id.clone(),
                endpoint: name.clone(),
                proto: endpoint.proto,
                host_port: endpoint.host_port(),
                container_port: endpoint.port,
                expose: endpoint.expose,
                by: by.clone(),
                peers,
                origin: Host::service_path(id).field("endpoints").field(name).field("port"),
            });
        }
    }
    exposures
}

/// The services of the open network that talk to `target`, which is not on it.
pub fn reached_by<'a>(host: &'a Host, target: &str) -> BTreeSet<&'a str> {
    host.services
        .iter()
        .filter(|(_, service)| networks::is_open(service))
        .filter(|(_, service)| reaches(service, target) || routes_to(service, target).next().is_some())
        .map(|(id, _)| id.as_str())
        .collect()
}

/// The services of the open network that talk to one endpoint of `target`.
fn peers(host: &Host, target: &str, endpoint: &str) -> Vec<String> {
    host.services
        .iter()
        .filter(|(_, service)| networks::is_open(service))
        .filter(|(_, service)| {
            reaches(service, target) || routes_to(service, target).any(|name| name == endpoint)
        })
        .map(|(id, _)| id.clone())
        .collect()
}

fn reaches(service: &Service, target: &str) -> bool {
    service.reaches.get(target).copied().unwrap_or_default()
}

fn routes_to<'a>(service: &'a Service, target: &'a str) -> impl Iterator<Item = &'a str> {
    service
        .proxy
        .iter()
        .flat_map(|proxy| proxy.routes.values())
        .filter(move |route| route.to == target)
        .map(|route| route.endpoint.as_str())
}
