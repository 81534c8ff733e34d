//! Ports: on the host, and in network namespaces that several services share.

use std::collections::{BTreeMap, BTreeSet};

use super::tools::{at, containers, namespace, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Endpoint, Expose, Host, Proto, Runtime, Service};
use crate::path::OptionPath;

/// An endpoint that occupies a port of the host.
#[derive(Clone, Copy)]
struct Published<'a> {
    id: &'a str,
    name: &'a str,
    endpoint: &'a Endpoint,
    native: bool,
    namespace: &'a str,
}

impl Published<'_> {
    /// The option that decides the port on the host.
    fn option(&self) -> OptionPath {
        let field = if !self.native && self.endpoint.publish.is_some() { "publish" } else { "port" };
        at(self.id, &["endpoints", self.name, field])
    }

    /// The port on the host: a native service has no other than its own.
    fn port(&self) -> u16 {
        if self.native { self.endpoint.port.number() } else { self.endpoint.host_port().number() }
    }

    /// What it does there, for a label.
    fn role(&self) -> String {
        if self.native {
            return format!("`{}` listens on the host itself", self.id);
        }
        let addresses = match self.endpoint.expose {
            Expose::None => "the host for the services that reach it",
            Expose::Host => "127.0.0.1",
            Expose::Lan | Expose::Wan => "all addresses",
        };
        format!("`{}` is published on {addresses}", self.id)
    }
}

/// Two endpoints on one port of the host.
pub fn clash(host: &Host, report: &mut Report) {
    let mut ports: BTreeMap<(u16, Proto), Vec<Published>> = BTreeMap::new();
    for published in published(host) {
        ports.entry((published.port(), published.endpoint.proto)).or_default().push(published);
    }
    let mut taken: BTreeSet<(u16, Proto)> = ports.keys().copied().collect();
    for ((port, proto), mut parties) in ports {
        // Who was put there by hand moves more easily than who is there by default, and a container
        // more easily than a program of the host.
        parties.sort_by_key(|party| (!party.native, party.endpoint.publish.is_some()));
        let Some((holder, others)) = parties.split_first() else { continue };
        for other in others {
            if other.namespace == holder.namespace
                && other.endpoint.port == holder.endpoint.port
                && other.endpoint.publish.is_none()
            {
                continue; // it is the port inside that has to change
            }
            let free = free_port(&taken, port, proto);
            taken.insert((free, proto));
            let field = if other.native { "port" } else { "publish" };
            let set = at(other.id, &["endpoints", other.name, field]);
            let mut finding = Diagnostic::error(
                "port-clash",
                &other.option(),
                format!("port {port}{} is published twice", suffix(proto)),
                format!("set `{set} = {free}`"),
            )
            .here(other.role())
            .also(&holder.option(), holder.role());
            if holder.native {
                finding = finding.because(format!(
                    "`{}` runs without a container, so its ports are the host's",
                    holder.id
                ));
            } else if other.endpoint.expose != holder.endpoint.expose {
                finding = finding.because(
                    "127.0.0.1 and the networks of containers are among all addresses, so the two overlap",
                );
            }
            report.push(finding);
        }
    }
}

/// Two endpoints on one port of a network namespace that services share.
pub fn namespace_clash(host: &Host, report: &mut Report) {
    let mut ports: BTreeMap<_, Vec<(&str, &str)>> = BTreeMap::new();
    for (id, service) in containers(host) {
        for (name, endpoint) in &service.endpoints {
            let key = (namespace(id, service), endpoint.port.number(), endpoint.proto);
            ports.entry(key).or_default().push((id, name));
        }
    }
    let mut taken: BTreeSet<(u16, Proto)> = ports.keys().map(|&(_, port, proto)| (port, proto)).collect();
    for ((owner, port, proto), mut parties) in ports {
        // As on the host: who has a port of its own there was put there by hand, and moves more easily.
        parties.sort_by_key(|(id, name)| {
            let endpoint = host.services.get(*id).and_then(|service| service.endpoints.get(*name));
            (*id != owner, endpoint.is_some_and(|endpoint| endpoint.publish.is_some()))
        });
        let Some((&(first, first_name), others)) = parties.split_first() else { continue };
        for &(id, name) in others {
            let free = free_port(&taken, port, proto);
            taken.insert((free, proto));
            let path = at(id, &["endpoints", name, "port"]);
            let finding = Diagnostic::error(
                "namespace-port-clash",
                &path,
                format!("two programs listen on port {port}{} of one network namespace", suffix(proto)),
                format!("set `{path} = {free}`"),
            )
            .here(format!("`{id}` listens on it"))
            .also(&at(first, &["endpoints", first_name, "port"]), format!("`{first}` listens on it as well"));
            report.push(if id == first {
                finding
            } else {
                finding.because(format!(
                    "both live in the network namespace of `{owner}`, where each port is there once"
                ))
            });
        }
    }
}

/// A port of the host for an endpoint that is not published there.
pub fn publish_unused(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (name, endpoint) in &service.endpoints {
            let Some(publish) = endpoint.publish else { continue };
            let path = at(id, &["endpoints", name, "publish"]);
            let open = endpoint.expose != Expose::None || is_reached(host, id, service);
            if service.runtime == Runtime::Container && !open {
                report.push(Diagnostic::warning(
                    "publish-unused",
                    &path,
                    format!(
                        "endpoint `{name}` of `{id}` has a port on the host, but nobody may reach it there"
                    ),
                    format!("set `{} = 'lan`, or remove `publish`", at(id, &["endpoints", name, "expose"])),
                ));
            } else if service.runtime != Runtime::Container && publish != endpoint.port {
                report.push(
                    Diagnostic::warning(
                        "publish-unused",
                        &path,
                        format!("endpoint `{name}` of `{id}` cannot be on another port of the host"),
                        format!("set `{} = {publish}` instead", at(id, &["endpoints", name, "port"])),
                    )
                    .because(format!("`{id}` runs without a container, so its ports are the host's")),
                );
            }
        }
    }
}

fn published(host: &Host) -> impl Iterator<Item = Published<'_>> {
    services(host).flat_map(move |(id, service)| {
        let native = service.runtime == Runtime::Native;
        service
            .endpoints
            .iter()
            .filter(move |(_, endpoint)| match service.runtime {
                Runtime::Container => endpoint.expose != Expose::None || is_reached(host, id, service),
                Runtime::Native => true,
                Runtime::None => false,
            })
            .map(move |(name, endpoint)| Published {
                id,
                name,
                endpoint,
                native,
                namespace: if native { "" } else { namespace(id, service) },
            })
    })
}

/// Whether a service with a network of its own is reached from another one: through the host, then.
fn is_reached(host: &Host, id: &str, service: &Service) -> bool {
    let apart = service.confine.is_some() || service.tunnel.is_some();
    apart
        && containers(host).filter(|(_, other)| other.confine.is_none() && other.tunnel.is_none()).any(
            |(_, other)| {
                let routes = other.proxy.iter().flat_map(|proxy| proxy.routes.values());
                other.reaches.get(id) == Some(&true) || routes.map(|route| &route.to).any(|to| to == id)
            },
        )
}

/// The next port above `port` that is not taken.
fn free_port(taken: &BTreeSet<(u16, Proto)>, port: u16, proto: Proto) -> u16 {
    // Ports below 1024 are known to everyone; their neighbours are no good place to move to.
    let above = if port < 1024 { 8000 + port % 1000 } else { port };
    (above..=u16::MAX)
        .skip(1)
        .chain(1024..above)
        .find(|free| !taken.contains(&(*free, proto)))
        .unwrap_or(port)
}

fn suffix(proto: Proto) -> &'static str {
    match proto {
        Proto::Tcp => "",
        Proto::Udp => "/udp",
    }
}
