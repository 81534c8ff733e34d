//! What is proved, said in terms of the plan and not of the rules.

use std::net::Ipv4Addr;

use super::flow::{Region, subtract};
use super::network::{Ended, Fate, LOOPBACK, Network, UNDECLARED, UPLINK};
use super::outside;
use super::rules::{Key, Value};
use super::space::{AXES, Axis, Block, Space};
use crate::ir::{Cidr, Expose, Undeclared};
use crate::path::OptionPath;
use crate::plan::{ExposedBy, Exposure, KillSwitchPlan, NetworkKind, NetworkUse, Plan};

/// A statement about all packets.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Stable name in kebab case.
    pub name: &'static str,
    /// What is claimed.
    pub statement: &'static str,
    /// How many sets of packets were looked at.
    pub regions: usize,
    /// Packets for which it does not hold.
    pub against: Vec<Against>,
}

/// Packets for which a claim does not hold.
#[derive(Debug, Clone)]
pub struct Against {
    /// They, as they came in.
    pub packets: Region,
    /// What became of them, and by which rules; None if no packet is involved.
    pub ended: Option<Ended>,
    /// What is wrong.
    pub message: String,
    /// The option that says otherwise.
    pub option: OptionPath,
}

/// Checks everything that a plan promises.
pub fn check(network: &Network<'_>, arrived: &[Ended]) -> Vec<Claim> {
    let mut claims = Vec::new();
    if let Some(switch) = &network.plan.killswitch {
        claims.extend(confined(network, switch));
        claims.push(users(network, switch));
        claims.push(resolver(network.plan, switch));
    }
    if network.plan.firewall.is_some() {
        claims.extend(outside::check(network, arrived));
    }
    claims
}

/// Checks what the routing rules promise, with the tables flushed.
pub fn check_belt(network: &Network<'_>) -> Vec<Claim> {
    network.plan.killswitch.iter().map(|switch| flushed(network, switch)).collect()
}

/// What confined containers send, and where it may end.
fn confined(network: &Network<'_>, switch: &KillSwitchPlan) -> Vec<Claim> {
    let mut claims = vec![
        claim(
            "tunnel-only",
            "nothing confined leaves the house except to the locked endpoints, or in answer to home",
        ),
        claim(
            "no-way-around",
            "nothing confined reaches another container, except in answer to one that may ask it",
        ),
        claim(
            "at-the-door",
            "what confined containers must not send is dropped before it is routed or translated",
        ),
        claim("not-by-the-host", "nothing confined is served by the host itself: no name server, no proxy"),
    ];
    let uplink = number(network, UPLINK);
    let allowed = [tunnels(network, switch, Magic::AsConfigured), answers(network)].concat();
    let answer = vec![(Axis::Tracking, network.tracking("reply", &["established"]))];
    let host = regions(network, &[answer]);
    let through = door(network, &allowed, &host);
    for ended in senders(network, switch).into_iter().flat_map(|region| network.receive(region)) {
        if ended.fate != Fate::DroppedEarly
            && let Some(claim) = claims.get_mut(2)
        {
            claim.regions += 1;
            if let Some(packets) = subtract(&ended.flow.entry, &through).into_iter().next() {
                let message = "a confined container gets a packet past the first look".to_owned();
                let option = switch.origin.clone();
                claim.against.push(Against { packets, ended: Some(ended.clone()), message, option });
            }
        }
        let (claim, allowed) = match ended.fate {
            Fate::Left(interface) if Some(interface) == uplink => (claims.first_mut(), &allowed),
            Fate::Left(interface) if own_bridge(network, &ended, interface) => continue,
            Fate::Left(_) => (claims.get_mut(1), &allowed),
            Fate::Delivered => (claims.get_mut(3), &host),
            _ => continue,
        };
        let Some(claim) = claim else { continue };
        claim.regions += 1;
        if let Some(packets) = beyond(network.space, &ended, allowed) {
            let message = "a confined container gets a packet out that it must not send".to_owned();
            claim.against.push(Against {
                packets,
                ended: Some(ended),
                message,
                option: switch.origin.clone(),
            });
        }
    }
    claims
}

/// What may pass the first look: what may leave, answers to the host, neighbours among themselves.
fn door(network: &Network<'_>, allowed: &[Region], host: &[Region]) -> Vec<Region> {
    let space = network.space;
    let local = space.of(Axis::DestinationLocal, [1]);
    let mut through = allowed.to_vec();
    through.extend(host.iter().filter_map(|region| region.with(Axis::DestinationLocal, &local)));
    for bridge in network.plan.networks.values().filter(|net| matches!(net.kind, NetworkKind::Confined(_))) {
        let subnet = space.net(&bridge.subnet);
        let gateway = space.net(&Cidr::single(bridge.gateway.into()));
        let block = vec![
            (Axis::In, space.interface(&bridge.bridge)),
            (Axis::Source, subnet.clone()),
            (Axis::Destination, subnet.without(&gateway)),
        ];
        through.extend(regions(network, &[block]));
    }
    through
}

/// Back onto the bridge it came from: between containers that share a tunnel.
fn own_bridge(network: &Network<'_>, ended: &Ended, interface: usize) -> bool {
    let there = network.space.of(Axis::In, [interface]);
    ended.flow.entry.get(Axis::In, network.space).without(&there).is_empty()
}

/// Everything that confined containers, and those that nobody declared, can send.
fn senders(network: &Network<'_>, switch: &KillSwitchPlan) -> Vec<Region> {
    let space = network.space;
    let mut interfaces = space.of(Axis::In, []);
    for bridge in network.plan.networks.values().filter(|net| matches!(net.kind, NetworkKind::Confined(_))) {
        interfaces = interfaces.or(&space.interface(&bridge.bridge));
    }
    if switch.policy.undeclared == Undeclared::Confine {
        for name in UNDECLARED {
            interfaces = interfaces.or(&space.interface(name));
        }
    }
    let mut senders = network.arriving(&interfaces);
    // On an open bridge only the addresses of declared containers are open.
    for bridge in network.plan.networks.values().filter(|net| net.kind == NetworkKind::Open) {
        let mut strangers = space.family("ipv4").or(&space.family("ipv6"));
        for (_, address) in switch.open.iter().filter(|(name, _)| *name == bridge.bridge) {
            strangers = strangers.without(&space.net(&Cidr::single((*address).into())));
        }
        let all = network.arriving(&space.interface(&bridge.bridge));
        senders.extend(all.iter().filter_map(|region| region.with(Axis::Source, &strangers)));
    }
    senders.iter().flat_map(|region| network.possible(region)).collect()
}

/// Whether a tunnel's messages must look like those of `WireGuard`.
#[derive(Clone, Copy)]
enum Magic {
    AsConfigured,
    Any,
}

/// What the tunnels themselves may send.
fn tunnels(network: &Network<'_>, switch: &KillSwitchPlan, magic: Magic) -> Vec<Region> {
    let space = network.space;
    let mut blocks: Vec<Block> = Vec::new();
    for tunnel in &switch.tunnels {
        for endpoint in tunnel.endpoints.iter().filter(|endpoint| endpoint.ip.is_ipv4()) {
            let mut block = vec![
                (Axis::Destination, space.net(&Cidr::single(endpoint.ip))),
                (Axis::Protocol, network.protocol("udp")),
                (Axis::DestinationPort, space.port(endpoint.port.number())),
            ];
            if matches!(magic, Magic::AsConfigured) {
                block.push((Axis::Source, space.net(&Cidr::single(tunnel.address.into()))));
                if switch.policy.wireguard_only {
                    block.push((Axis::Payload, space.of(Axis::Payload, [1])));
                }
            }
            blocks.push(block);
        }
    }
    regions(network, &blocks)
}

/// Answers of pages that home, or a declared peer, may use.
fn answers(network: &Network<'_>) -> Vec<Region> {
    let plan = network.plan;
    let mut blocks: Vec<Block> = Vec::new();
    for exposure in plan.exposures.iter().filter(|exposure| matches!(exposure.by, ExposedBy::Tunnel(_))) {
        for net in clients(plan, exposure) {
            blocks.push(vec![
                (Axis::Tracking, network.tracking("reply", &["established"])),
                (Axis::Protocol, network.protocol(exposure.proto.as_str())),
                (Axis::SourcePort, network.space.port(exposure.container_port.number())),
                (Axis::Destination, network.space.net(&net)),
            ]);
        }
    }
    regions(network, &blocks)
}

/// Who may use a page of a confined service.
fn clients(plan: &Plan, exposure: &Exposure) -> Vec<Cidr> {
    let home = plan.lan4.iter().copied().filter(|_| exposure.expose >= Expose::Lan);
    let peers = exposure.peers.iter().filter_map(|id| match &plan.containers.get(id)?.network {
        NetworkUse::Own { address, .. } => Some(Cidr::single((*address).into())),
        NetworkUse::Shared(_) => None,
    });
    home.chain(peers).collect()
}

/// A confined service that lost its namespace and runs on the host's network.
fn users(network: &Network<'_>, switch: &KillSwitchPlan) -> Claim {
    let mut claim =
        claim("not-as-that-user", "the user of a confined service cannot use the host's own network");
    let space = network.space;
    let outside = space.interface(LOOPBACK).complement();
    for uid in &switch.uids {
        // A user that no rule names is like any other.
        let named =
            space.block(Key::User, &Value::Number(*uid)).and_then(|block| Region::all(space).within(&block));
        let region = named.unwrap_or_else(|| {
            let mut other = Region::all(space);
            other.set(Axis::User, &space.of(Axis::User, [space.size(Axis::User) - 1]));
            other
        });
        for ended in region.with(Axis::Out, &outside).into_iter().flat_map(|region| network.send(region)) {
            claim.regions += 1;
            if matches!(ended.fate, Fate::Left(_)) {
                let message = format!("the user {uid} sends on the host's own network");
                let packets = ended.flow.entry.clone();
                claim.against.push(Against {
                    packets,
                    ended: Some(ended),
                    message,
                    option: switch.origin.clone(),
                });
            }
        }
    }
    claim
}

/// Docker asks the name servers of the host, from the host, for containers that have none of their own.
fn resolver(plan: &Plan, switch: &KillSwitchPlan) -> Claim {
    let mut claim =
        claim("own-name-server", "names are looked up in the tunnel, not by Docker from the host");
    for tunnel in &switch.tunnels {
        claim.regions += 1;
        let container = plan.containers.get(&tunnel.owner);
        if container.is_none_or(|container| container.dns.is_empty()) {
            claim.against.push(Against {
                packets: Region::none(),
                ended: None,
                message: format!(
                    "`{}` has no name servers: Docker asks the host's, from the host",
                    tunnel.owner
                ),
                option: container.map_or(switch.origin.clone(), |container| container.origin.clone()),
            });
        }
    }
    claim
}

/// The second lock: without any table, routing leads nowhere but to the endpoints, and from pages to who may use them.
fn flushed(network: &Network<'_>, switch: &KillSwitchPlan) -> Claim {
    let mut claim = claim(
        "holds-when-flushed",
        "without any firewall table nothing confined gets out but answers of its pages",
    );
    let mut allowed = tunnels(network, switch, Magic::Any);
    let mut near: Vec<Block> = Vec::new();
    for exposure in network.plan.exposures.iter().filter(|one| matches!(one.by, ExposedBy::Tunnel(_))) {
        let nets = clients(network.plan, exposure);
        near.extend(nets.iter().map(|net| {
            vec![
                (Axis::Destination, network.space.net(net)),
                (Axis::Protocol, network.protocol(exposure.proto.as_str())),
                (Axis::SourcePort, network.space.port(exposure.container_port.number())),
            ]
        }));
    }
    allowed.extend(regions(network, &near));
    for bridge in network.plan.networks.values().filter(|net| matches!(net.kind, NetworkKind::Confined(_))) {
        let own = number(network, &bridge.bridge);
        let all = network.arriving(&network.space.interface(&bridge.bridge));
        for ended in all.iter().flat_map(|region| network.possible(region)).flat_map(|r| network.receive(r)) {
            if !matches!(ended.fate, Fate::Left(interface) if Some(interface) != own) {
                continue;
            }
            claim.regions += 1;
            if let Some(packets) = beyond(network.space, &ended, &allowed) {
                let message = "without the firewall a confined container gets a packet out".to_owned();
                claim.against.push(Against {
                    packets,
                    ended: Some(ended),
                    message,
                    option: bridge.origin.clone(),
                });
            }
        }
    }
    claim
}

pub(super) fn claim(name: &'static str, statement: &'static str) -> Claim {
    Claim { name, statement, regions: 0, against: Vec::new() }
}

pub(super) fn regions(network: &Network<'_>, blocks: &[Block]) -> Vec<Region> {
    blocks.iter().filter_map(|block| Region::all(network.space).within(block)).collect()
}

pub(super) fn number(network: &Network<'_>, interface: &str) -> Option<usize> {
    network.space.interface(interface).iter().next()
}

/// Packets that ended as they must not: those that no allowed region has, as they came in.
fn beyond(space: &Space, ended: &Ended, allowed: &[Region]) -> Option<Region> {
    let parts = subtract(&ended.flow.now, allowed);
    let part = parts.first()?;
    // The part is said of packets as they left: what they were like when they came differs in what was translated.
    let mut flow = ended.flow.clone();
    for axis in AXES {
        flow = flow.with(axis, &part.get(axis, space)).unwrap_or(flow);
    }
    Some(flow.entry)
}

/// Every network a plan speaks of.
pub fn networks(plan: &Plan) -> Vec<Cidr> {
    let mut nets: Vec<Cidr> = plan.lan4.iter().chain(&plan.lan6).copied().collect();
    nets.push(Cidr::v4(Ipv4Addr::new(127, 0, 0, 0), 8));
    for network in plan.networks.values() {
        nets.push(network.subnet);
        nets.push(Cidr::single(network.gateway.into()));
    }
    for container in plan.containers.values() {
        if let NetworkUse::Own { address, .. } = &container.network {
            nets.push(Cidr::single((*address).into()));
        }
        nets.extend(container.ports.iter().filter_map(|port| port.address).map(|ip| Cidr::single(ip.into())));
    }
    for endpoint in plan.killswitch.iter().flat_map(|switch| &switch.tunnels).flat_map(|t| &t.endpoints) {
        nets.push(Cidr::single(endpoint.ip));
    }
    nets
}
