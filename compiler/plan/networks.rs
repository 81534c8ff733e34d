//! Container networks and the fixed addresses in them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use sha2::{Digest, Sha256};

use super::{Network, NetworkKind, TunnelPlan};
use crate::ir::{Cidr, Host, Runtime, Service};
use crate::path::OptionPath;

/// The network of ordinary containers.
pub const SERVICES: &str = "services";

/// The networks of a host, by name.
pub fn plan(host: &Host) -> BTreeMap<String, Network> {
    let mut networks = BTreeMap::new();
    if host.services.values().any(is_open) {
        let origin = OptionPath::root().field("network").field("services");
        let network = network("br-mediac".to_owned(), host.network.services, NetworkKind::Open, origin);
        networks.insert(SERVICES.to_owned(), network);
    }
    let owners: Vec<&str> = tunnel_owners(host).collect();
    let slots = slots(&owners, 1 << (24_u8.saturating_sub(host.network.confined.prefix)).min(16), 0);
    for owner in owners {
        let slot = slots.get(owner).copied().unwrap_or_default();
        let address = host.network.confined.nth(slot << 8).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let kind = NetworkKind::Confined(owner.to_owned());
        let origin = Host::service_path(owner).field("tunnel");
        networks.insert(owner.to_owned(), network(bridge(owner), Cidr::v4(address, 24), kind, origin));
    }
    networks
}

/// The tunnels of a host, sorted by their owner.
pub fn tunnels(host: &Host, networks: &BTreeMap<String, Network>) -> Vec<TunnelPlan> {
    tunnel_owners(host)
        .filter_map(|owner| {
            let network = networks.get(owner)?;
            let tunnel = host.services.get(owner)?.tunnel.as_ref()?;
            Some(TunnelPlan {
                owner: owner.to_owned(),
                network: owner.to_owned(),
                address: network.subnet.nth(2)?,
                endpoints: tunnel.endpoints.values().cloned().collect(),
                children: children(host, owner).map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// The services that share the network of `owner`.
pub fn children<'a>(host: &'a Host, owner: &'a str) -> impl Iterator<Item = &'a str> {
    host.services
        .iter()
        .filter(move |(_, service)| service.confine.as_deref() == Some(owner))
        .map(|(id, _)| id.as_str())
}

/// Fixed addresses on the network of ordinary containers, by service.
pub fn addresses(host: &Host) -> BTreeMap<String, Ipv4Addr> {
    let open: Vec<&str> =
        host.services.iter().filter(|(_, service)| is_open(service)).map(|(id, _)| id.as_str()).collect();
    let subnet = host.network.services;
    let fixed = 1_u32 << (31_u8.saturating_sub(subnet.prefix)).min(30);
    slots(&open, fixed, 2)
        .into_iter()
        .filter_map(|(id, slot)| Some((id.to_owned(), subnet.nth(slot)?)))
        .collect()
}

/// Whether a service is a container on the network of ordinary containers.
pub fn is_open(service: &Service) -> bool {
    service.runtime == Runtime::Container && service.confine.is_none() && service.tunnel.is_none()
}

/// A number that depends on the text alone.
pub fn stable_hash(text: &str) -> u32 {
    Sha256::digest(text.as_bytes()).iter().take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

fn tunnel_owners(host: &Host) -> impl Iterator<Item = &str> {
    host.services
        .iter()
        .filter(|(_, service)| service.tunnel.is_some() && service.runtime == Runtime::Container)
        .map(|(id, _)| id.as_str())
}

fn network(bridge: String, subnet: Cidr, kind: NetworkKind, origin: OptionPath) -> Network {
    let half = 1_u32 << (31_u8.saturating_sub(subnet.prefix)).min(30);
    Network {
        bridge,
        subnet,
        gateway: subnet.nth(1).unwrap_or(Ipv4Addr::UNSPECIFIED),
        dynamic: Cidr::v4(subnet.nth(half).unwrap_or(Ipv4Addr::UNSPECIFIED), subnet.prefix.saturating_add(1)),
        kind,
        origin,
    }
}

/// Linux allows 15 bytes for the name of an interface.
fn bridge(owner: &str) -> String {
    let name = format!("br-{owner}");
    if name.len() <= 15 {
        return name;
    }
    let short: String = owner.chars().take(7).collect();
    format!("br-{short}-{:04x}", stable_hash(owner) & 0xffff)
}

/// A place for each name in `first..size`, chosen by its hash: adding a name moves no other one,
/// except in the rare case that two hashes meet.
fn slots<'a>(names: &[&'a str], size: u32, first: u32) -> BTreeMap<&'a str, u32> {
    let room = size.saturating_sub(first).max(1);
    let mut taken = BTreeSet::new();
    let mut slots = BTreeMap::new();
    for name in names {
        let start = stable_hash(name) % room;
        let slot =
            (0..room).map(|step| (start + step) % room).find(|slot| !taken.contains(slot)).unwrap_or(start);
        taken.insert(slot);
        slots.insert(*name, first + slot);
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bridges_fit_into_fifteen_bytes() {
        assert_eq!(bridge("tunnel"), "br-tunnel");
        let long = bridge("a-tunnel-with-a-long-name");
        assert!(long.len() <= 15, "{long}");
        assert_ne!(long, bridge("a-tunnel-with-a-longer-name"));
    }

    #[test]
    fn a_new_name_moves_no_other() {
        let before = slots(&["alpha", "gamma"], 1 << 15, 2);
        let after = slots(&["alpha", "beta", "gamma"], 1 << 15, 2);
        assert!(before.iter().all(|(name, slot)| after.get(name) == Some(slot)));
        assert!(after.values().all(|slot| (2..1 << 15).contains(slot)));
        let full = slots(&["a", "b", "c"], 5, 2);
        assert_eq!(full.values().collect::<BTreeSet<_>>().len(), 3);
    }
}
