//! Tunnels: where they lead, who resolves names for them, and how to tell that they are up.

use std::net::IpAddr;

use super::tools::{at, confined, option, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Host, Tunnel};
use crate::path::OptionPath;

/// A tunnel that the kill-switch cannot let through, for want of an address.
pub fn without_endpoint(host: &Host, report: &mut Report) {
    if host.killswitch.is_none() {
        return;
    }
    for (id, tunnel) in tunnels(host) {
        if tunnel.endpoints.is_empty() {
            let value = "{ ip = \"…\", public_key = \"…\" }";
            report.push(
                Diagnostic::error(
                    "tunnel-without-endpoint",
                    &at(id, &["tunnel", "endpoints"]),
                    format!("the tunnel of `{id}` leads to no VPN server"),
                    format!(
                        "add a server: `{} = {value}`; a service without a module has them in `tunnel.endpoints`",
                        at(id, &["options", "endpoints", "NAME"])
                    ),
                )
                .also(&option(&["killswitch"]), "it lets packets out to known VPN servers only"),
            );
        }
    }
}

/// A tunnel that others wait for, although nothing tells that it is up.
pub fn without_health(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        if service.tunnel.is_none() || service.health.is_some() || service.builtin_health {
            continue;
        }
        if let Some((child, ..)) = confined(host).find(|(_, _, owner)| *owner == id) {
            report.push(
                Diagnostic::error(
                    "tunnel-without-health",
                    &at(id, &["tunnel"]),
                    format!("nothing tells whether the tunnel of `{id}` is up"),
                    format!(
                        "set `{} = [\"CMD\", …]`, or `{} = true` if the image brings a check",
                        at(id, &["health", "test"]),
                        at(id, &["builtin_health"])
                    ),
                )
                .also(&at(child, &["confine"]), format!("`{child}` waits for it")),
            );
        }
    }
}

/// A tunnel that no service uses.
pub fn unused(host: &Host, report: &mut Report) {
    for (id, _) in tunnels(host) {
        if !confined(host).any(|(_, _, owner)| owner == id) {
            report.push(Diagnostic::warning(
                "tunnel-unused",
                &at(id, &["tunnel"]),
                format!("`{id}` makes a tunnel, but no service is confined to it"),
                format!("set `services.NAME.confine = \"{id}\"` for each service that must use it"),
            ));
        }
    }
}

/// A VPN server that is said to be at home.
pub fn endpoint_at_home(host: &Host, report: &mut Report) {
    for (id, tunnel) in tunnels(host) {
        for (name, endpoint) in &tunnel.endpoints {
            let path = at(id, &["tunnel", "endpoints", name, "ip"]);
            let message =
                format!("the VPN server `{name}` of `{id}` has the address {} of a network", endpoint.ip);
            let help = "write the public address of the VPN server";
            if let Some((option, what)) = home(host, endpoint.ip) {
                let message = format!("{message} at home");
                report.push(
                    Diagnostic::error("endpoint-at-home", &path, message, help)
                        .also(&option, format!("{what} contains it"))
                        .because("the kill-switch would let confined services out to a machine at home"),
                );
            } else if !is_public(endpoint.ip) {
                let message = format!("{message} that is not public");
                report.push(Diagnostic::error("endpoint-at-home", &path, message, help));
            }
        }
    }
}

/// A VPN server with an IPv6 address behind a kill-switch that drops IPv6.
pub fn endpoint_over_ipv6(host: &Host, report: &mut Report) {
    if host.killswitch.is_none() {
        return;
    }
    for (id, tunnel) in tunnels(host) {
        for (name, _) in tunnel.endpoints.iter().filter(|(_, endpoint)| endpoint.ip.is_ipv6()) {
            report.push(
                Diagnostic::error(
                    "endpoint-over-ipv6",
                    &at(id, &["tunnel", "endpoints", name, "ip"]),
                    format!("the VPN server `{name}` of `{id}` cannot be reached over IPv6"),
                    "write its IPv4 address",
                )
                .also(&option(&["killswitch", "ipv6"]), "confined services do nothing over IPv6"),
            );
        }
    }
}

/// Name servers of a tunnel that are outside of it, or none at all.
pub fn dns(host: &Host, report: &mut Report) {
    for (id, tunnel) in tunnels(host) {
        let path = at(id, &["tunnel", "dns"]);
        if tunnel.dns.is_empty() {
            report.push(
                Diagnostic::error(
                    "tunnel-dns",
                    &path,
                    format!("the tunnel of `{id}` has no name servers"),
                    format!("set `{path}` to the name servers of the VPN provider"),
                )
                .because("without them, names would be looked up outside of the tunnel: a DNS leak"),
            );
        }
        for (index, &server) in tunnel.dns.iter().enumerate() {
            let local = server.is_loopback() || server.is_unspecified();
            let finding = Diagnostic::error(
                "tunnel-dns",
                &path.index(index),
                format!("the name server {server} of the tunnel of `{id}` is outside of it: a DNS leak"),
                "write a name server of the VPN provider",
            );
            if let Some((option, what)) = home(host, server) {
                report.push(finding.also(&option, format!("{what} contains it")));
            } else if local {
                report.push(finding);
            }
        }
    }
}

fn tunnels(host: &Host) -> impl Iterator<Item = (&str, &Tunnel)> {
    services(host).filter_map(|(id, service)| Some((id, service.tunnel.as_ref()?)))
}

/// The network at home that an address is in: its option, and what it is.
fn home(host: &Host, address: IpAddr) -> Option<(OptionPath, &'static str)> {
    let lan4 =
        host.lan.ipv4.iter().enumerate().map(|(i, net)| (option(&["lan", "ipv4"]).index(i), net, "the LAN"));
    let lan6 =
        host.lan.ipv6.iter().enumerate().map(|(i, net)| (option(&["lan", "ipv6"]).index(i), net, "the LAN"));
    let containers = [
        (option(&["network", "services"]), &host.network.services, "the network of the containers"),
        (option(&["network", "confined"]), &host.network.confined, "the range of the tunnels' networks"),
    ];
    lan4.chain(lan6)
        .chain(containers)
        .find(|(_, net, _)| net.contains(address))
        .map(|(option, _, what)| (option, what))
}

/// Whether an address can be somewhere in the Internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            !(a.is_private()
                || a.is_loopback()
                || a.is_link_local()
                || a.is_multicast()
                || a.is_broadcast()
                || a.octets().first() == Some(&0))
        }
        IpAddr::V6(a) => {
            !(a.is_loopback()
                || a.is_unspecified()
                || a.is_multicast()
                || a.is_unique_local()
                || a.is_unicast_link_local())
        }
    }
}
