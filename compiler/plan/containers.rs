//! Containers: networks, ports, folders and environment.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::{
    Container, ExposedBy, Exposure, Network, NetworkUse, Published, RUN, SECRETS_IN_CONTAINER, TunnelPlan,
    Volume, exposure, networks, storage,
};
use crate::ir::{Access, Expose, Host, Need, Runtime, Service};
use crate::secret;

/// The containers of a host, by service.
pub fn plan(
    host: &Host,
    networks: &BTreeMap<String, Network>,
    tunnels: &[TunnelPlan],
    exposures: &[Exposure],
) -> BTreeMap<String, Container> {
    let addresses = networks::addresses(host);
    let gateway = networks.get(networks::SERVICES).map(|network| network.gateway);
    let mut containers = BTreeMap::new();
    for (id, service) in &host.services {
        if service.runtime != Runtime::Container {
            continue;
        }
        let network = match &service.confine {
            Some(owner) => NetworkUse::Shared(owner.clone()),
            None => match tunnels.iter().find(|tunnel| &tunnel.owner == id) {
                Some(tunnel) => NetworkUse::Own { network: tunnel.network.clone(), address: tunnel.address },
                None => NetworkUse::Own {
                    network: networks::SERVICES.to_owned(),
                    address: addresses.get(id).copied().unwrap_or(Ipv4Addr::UNSPECIFIED),
                },
            },
        };
        let (secret_env, env) = service
            .env
            .clone()
            .into_iter()
            .partition(|(_, value)| secret::references(value).next().is_some());
        containers.insert(
            id.clone(),
            Container {
                title: service.title.clone(),
                kind: service.kind.clone(),
                image: image(service),
                command: service.command.clone(),
                user: service.user.clone(),
                init: service.init,
                network,
                ports: ports(id, exposures, gateway),
                env,
                secret_env,
                volumes: volumes(host, id, service),
                devices: if service.gpu && host.gpu.is_some() {
                    vec!["/dev/dri".to_owned()]
                } else {
                    Vec::new()
                },
                capabilities: wanted(&service.capabilities),
                sysctls: service.sysctls.clone(),
                dns: service.tunnel.as_ref().map(|tunnel| tunnel.dns.clone()).unwrap_or_default(),
                extra_hosts: extra_hosts(host, id, service, gateway),
                health: service.health.clone(),
                reload: service.reload.clone(),
                needs: needs(service),
                origin: Host::service_path(id),
            },
        );
    }
    containers
}

/// The names that are switched on.
fn wanted(names: &BTreeMap<String, bool>) -> Vec<String> {
    names.iter().filter(|(_, on)| **on).map(|(name, _)| name.clone()).collect()
}

fn image(service: &Service) -> String {
    let image = service.image.clone().unwrap_or_default();
    match &service.digest {
        Some(digest) => format!("{image}@{digest}"),
        None => image,
    }
}

/// The ports that `id` publishes: Docker publishes for the owner of a namespace only.
fn ports(id: &str, exposures: &[Exposure], gateway: Option<Ipv4Addr>) -> Vec<Published> {
    let mut ports = Vec::new();
    for exposure in exposures {
        let mine = match &exposure.by {
            ExposedBy::Native => false,
            ExposedBy::Container(owner) | ExposedBy::Tunnel(owner) => owner == id,
        };
        if !mine {
            continue;
        }
        let mut addresses = match exposure.expose {
            Expose::None => Vec::new(),
            Expose::Host => vec![Some(Ipv4Addr::LOCALHOST)],
            Expose::Lan | Expose::Wan => vec![None],
        };
        // Other containers cannot use the host's loopback: for them there is the gateway of their network.
        if !exposure.peers.is_empty() && exposure.expose <= Expose::Host {
            addresses.extend(gateway.map(Some));
        }
        for address in addresses {
            ports.push(Published {
                host_port: exposure.host_port,
                proto: exposure.proto,
                address,
                container_port: exposure.container_port,
                origin: exposure.origin.clone(),
            });
        }
    }
    ports.sort();
    ports
}

/// The folders a container sees, by where it sees them.
fn volumes(host: &Host, id: &str, service: &Service) -> Vec<Volume> {
    let origin = Host::service_path(id);
    let mut volumes = storage::shared(host, service);
    if let Some(state) = &service.state {
        volumes.push(Volume {
            source: storage::state(host, id),
            target: state.clone(),
            access: Access::Write,
            origin: origin.field("state"),
        });
    }
    for (name, mount) in &service.mounts {
        volumes.push(Volume {
            source: mount.source.clone(),
            target: mount.target.clone(),
            access: mount.access,
            origin: origin.field("mounts").field(name),
        });
    }
    if service.secrets.values().any(|secret| secret.file) {
        volumes.push(Volume {
            source: format!("{RUN}/secrets/{id}"),
            target: SECRETS_IN_CONTAINER.to_owned(),
            access: Access::Read,
            origin: origin.field("secrets"),
        });
    }
    volumes.sort_by(|a, b| a.target.cmp(&b.target));
    volumes
}

/// Fixed names: those said, and those of services that are reached through the host.
fn extra_hosts(
    host: &Host,
    id: &str,
    service: &Service,
    gateway: Option<Ipv4Addr>,
) -> BTreeMap<String, IpAddr> {
    let mut names = service.extra_hosts.clone();
    if !networks::is_open(service) {
        return names;
    }
    for (target, other) in &host.services {
        if networks::is_open(other) || other.runtime == Runtime::None {
            continue;
        }
        if let Some(gateway) = gateway.filter(|_| exposure::reached_by(host, target).contains(id)) {
            names.entry(target.clone()).or_insert(gateway.into());
        }
    }
    names
}

/// What must be there first: what was said, and for a confined service its tunnel in good health.
fn needs(service: &Service) -> BTreeMap<String, Need> {
    let mut needs = service.needs.clone();
    if let Some(owner) = &service.confine {
        needs.insert(owner.clone(), Need::Healthy);
    }
    needs
}
