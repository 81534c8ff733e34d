//! Networks: at home, and for containers.

use std::net::IpAddr;

use super::tools::{containers, option, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Cidr, Expose, Host};
use crate::path::OptionPath;

/// The prefix of the network that each tunnel gets.
const TUNNEL_PREFIX: u8 = 24;

/// The longest prefix of the network that all other containers share.
const SERVICES_PREFIX: u8 = 24;

/// The addresses that no container can have: the network's own and the gateway's.
const RESERVED: usize = 2;

/// Networks that share addresses.
pub fn overlap(host: &Host, report: &mut Report) {
    let nets = networks(host);
    for (index, (path, net, what)) in nets.iter().enumerate() {
        for (other_path, other, other_what) in nets.iter().skip(index + 1) {
            if !net.overlaps(other) {
                continue;
            }
            // The later one is a container network unless both are at home.
            let help = match other_path.as_str() {
                "network.services" => {
                    "set `network.services` to a private network that is free at home".to_owned()
                }
                "network.confined" => {
                    "set `network.confined` to a private network that is free at home".to_owned()
                }
                _ => format!("keep {} only", if net.prefix <= other.prefix { net } else { other }),
            };
            let finding = Diagnostic::error(
                "network-overlap",
                other_path,
                format!("{other_what} and {what} overlap"),
                match free_network(host, other_path) {
                    Some(free) => format!("set `{other_path} = \"{free}\"`"),
                    None => help,
                },
            )
            .here(format!("{other} is {other_what}"))
            .also(path, format!("{net} is {what}"));
            report.push(finding);
        }
    }
}

/// Networks that are written as an address within them.
pub fn host_bits(host: &Host, report: &mut Report) {
    for (path, net, _) in networks(host) {
        if !net.is_network() {
            let right = Cidr { address: net.network(), prefix: net.prefix };
            let entry = if path.as_str().ends_with(']') {
                format!("write \"{right}\"")
            } else {
                format!("set `{path} = \"{right}\"`")
            };
            report.push(Diagnostic::error(
                "network-with-host-bits",
                &path,
                format!("{net} is an address within a network, not a network"),
                entry,
            ));
        }
    }
}

/// Networks that are not for private use.
pub fn not_private(host: &Host, report: &mut Report) {
    for (path, net, what) in networks(host) {
        let finding =
            |message: String, help: String| Diagnostic::error("network-not-private", &path, message, help);
        match net.address {
            IpAddr::V4(_) if !is_rfc1918(&net) => {
                let help = "use a network within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16".to_owned();
                report.push(finding(format!("{net} is {what}, but not for private use"), help).because(
                    "its addresses belong to others in the Internet, who would be mistaken for yours",
                ));
            }
            // An internet provider hands out prefixes of /48 to /64: these are at home, although public.
            IpAddr::V6(_) if !net.is_private() && net.prefix < 48 => {
                let help = "write the prefix that your router announces, a /48 or longer".to_owned();
                report.push(finding(format!("{net} is {what}, but far larger than any home"), help));
            }
            _ => {}
        }
    }
}

/// Container networks with too few addresses.
pub fn too_small(host: &Host, report: &mut Report) {
    let net = &host.network.services;
    // Half of them stay free for containers that nobody declared.
    let room = 1usize
        .checked_shl(u32::from(31u8.saturating_sub(net.prefix)))
        .unwrap_or(usize::MAX)
        .saturating_sub(RESERVED);
    let there = containers(host).filter(|(_, s)| s.confine.is_none() && s.tunnel.is_none()).count();
    if net.prefix > SERVICES_PREFIX || room < there {
        let prefix = if net.prefix > SERVICES_PREFIX { SERVICES_PREFIX } else { 16 };
        report.push(too_small_at("services", net, "the containers need a /24 at least", prefix));
    }
    let net = &host.network.confined;
    let tunnels = services(host).filter(|(_, service)| service.tunnel.is_some()).count();
    let room = 1usize.checked_shl(u32::from(TUNNEL_PREFIX.saturating_sub(net.prefix))).unwrap_or(usize::MAX);
    if net.prefix > TUNNEL_PREFIX || room < tunnels {
        let why = if tunnels > 1 {
            format!("{tunnels} tunnels need a /24 each")
        } else {
            "a tunnel needs a /24".to_owned()
        };
        report.push(too_small_at("confined", net, &why, 16));
    }
}

fn too_small_at(field: &str, net: &Cidr, why: &str, prefix: u8) -> Diagnostic {
    let path = option(&["network", field]);
    let larger = Cidr { address: Cidr { address: net.address, prefix }.network(), prefix };
    Diagnostic::error(
        "network-too-small",
        &path,
        format!("{net} has too few addresses: {why}"),
        format!("set `{path} = \"{larger}\"`"),
    )
}

/// A host at home in no network, although something is meant for the home.
pub fn no_lan(host: &Host, report: &mut Report) {
    if !host.lan.ipv4.is_empty() || !host.lan.ipv6.is_empty() {
        return;
    }
    let open = services(host)
        .flat_map(|(id, service)| service.endpoints.iter().map(move |(name, endpoint)| (id, name, endpoint)))
        .find(|(_, _, endpoint)| endpoint.expose == Expose::Lan);
    if let Some((id, name, _)) = open {
        let path = super::tools::at(id, &["endpoints", name, "expose"]);
        report.push(
            Diagnostic::warning(
                "lan-without-network",
                &option(&["lan", "ipv4"]),
                "no network counts as home, so nobody can reach what is meant for the LAN",
                "set `lan.ipv4 = [\"192.168.1.0/24\"]`, with the network of your router",
            )
            .also(&path, format!("`{id}` is meant for the LAN")),
        );
    }
}

/// All networks of a host: option, network, and what it is.
fn networks(host: &Host) -> Vec<(OptionPath, Cidr, &'static str)> {
    let lan4 = host
        .lan
        .ipv4
        .iter()
        .enumerate()
        .map(|(i, net)| (option(&["lan", "ipv4"]).index(i), *net, "a network at home"));
    let lan6 = host
        .lan
        .ipv6
        .iter()
        .enumerate()
        .map(|(i, net)| (option(&["lan", "ipv6"]).index(i), *net, "a network at home"));
    lan4.chain(lan6)
        .chain([
            (option(&["network", "services"]), host.network.services, "the network of the containers"),
            (option(&["network", "confined"]), host.network.confined, "the range of the tunnels' networks"),
        ])
        .collect()
}

/// A network for the containers that none of the host's overlaps; another one for each option.
fn free_network(host: &Host, option: &OptionPath) -> Option<Cidr> {
    let turn = ["network.services", "network.confined"].iter().position(|name| option.as_str() == *name)?;
    let used = networks(host);
    let candidates = (16..32)
        .rev()
        .map(|n| format!("172.{n}.0.0/16"))
        .chain((0..256).rev().map(|n| format!("10.{n}.0.0/16")));
    candidates
        .filter_map(|text| Cidr::try_from(text).ok())
        .filter(|free| used.iter().all(|(_, net, _)| !net.overlaps(free)))
        .nth(turn)
}

fn is_rfc1918(net: &Cidr) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
        .into_iter()
        .filter_map(|text| Cidr::try_from(text.to_owned()).ok())
        .any(|outer| outer.prefix <= net.prefix && outer.contains(net.network()))
}
