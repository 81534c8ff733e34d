//! Packets drawn from the classes, with what the proof says of each: for a kernel to be asked the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use super::flow::Region;
use super::network::{Ended, Fate, LOOPBACK, Network, UPLINK, published};
use super::packet::Packet;
use super::space::{Axis, PROTOCOLS, TRACKING};
use crate::ir::Cidr;

/// What a kernel needs to know to be asked, and the packets.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// Interfaces of the host, and the networks that are on them.
    pub interfaces: Vec<Interface>,
    /// What Docker publishes.
    pub published: Vec<Publication>,
    /// The packets, one of each set before the second of any.
    pub packets: Vec<Case>,
}

/// An interface of the host.
#[derive(Debug, Clone, Serialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// The host's addresses there, with the length of the prefix.
    pub addresses: Vec<String>,
}

/// A published port.
#[derive(Debug, Clone, Serialize)]
pub struct Publication {
    /// Transport protocol.
    pub protocol: &'static str,
    /// The host's address, if it is bound to one.
    pub host_address: Option<Ipv4Addr>,
    /// Port of the host.
    pub host_port: u16,
    /// Address of the container.
    pub address: Ipv4Addr,
    /// Its port.
    pub port: u16,
}

/// A packet, and what becomes of it.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// The packet.
    pub packet: Packet,
    /// Where it ends.
    pub fate: &'static str,
    /// The interface it leaves by, if it leaves.
    pub out: Option<String>,
}

/// Draws packets from all sets that there are.
pub fn draw(network: &Network<'_>, count: usize) -> Sample {
    let mut ended: Vec<Ended> = Vec::new();
    let outside = network.space.interface(LOOPBACK).complement();
    // Those that a kernel can be made to see: first packets, and answers.
    let places = network.tracking("original", &["new"]).or(&network.tracking("reply", &["established"]));
    for region in network.arriving(&outside) {
        for place in places.iter() {
            let part = region.with(Axis::Tracking, &network.space.of(Axis::Tracking, [place]));
            let parts = part.iter().flat_map(|region| network.possible(region));
            ended.extend(parts.flat_map(|region| network.receive(region)));
        }
    }
    let mut dice = Dice(1);
    let mut packets = Vec::new();
    let locals = locals(network);
    // A set whose packets no kernel can be shown yields none: the rounds are bounded.
    for _ in 0..count {
        for one in &ended {
            if packets.len() < count {
                packets.extend(case(network, &locals, one, &mut dice));
            }
        }
    }
    Sample { interfaces: interfaces(network, &locals), published: publications(network), packets }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20
    }

    fn pick(&mut self, region: &Region, axis: Axis) -> Option<usize> {
        let count = region.iter(axis).count();
        let index = usize::try_from(self.roll()).unwrap_or_default().checked_rem(count)?;
        region.iter(axis).nth(index)
    }
}

/// The host's own addresses, as a kernel is given them.
fn locals(network: &Network<'_>) -> Vec<(String, Cidr)> {
    let mut all = Vec::new();
    for bridge in network.plan.networks.values() {
        all.push((bridge.bridge.clone(), Cidr::v4(bridge.gateway, bridge.subnet.prefix)));
    }
    for net in &network.plan.lan4 {
        all.extend(net.nth(2).map(|address| (UPLINK.to_owned(), Cidr::v4(address, net.prefix))));
    }
    let own6 = Cidr { address: Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 2).into(), prefix: 64 };
    all.push((UPLINK.to_owned(), own6));
    all
}

fn interfaces(network: &Network<'_>, locals: &[(String, Cidr)]) -> Vec<Interface> {
    let names = network.space.interfaces.iter().filter(|name| *name != LOOPBACK);
    names
        .map(|name| Interface {
            name: name.clone(),
            addresses: locals.iter().filter(|(on, _)| on == name).map(|(_, net)| net.to_string()).collect(),
        })
        .collect()
}

fn publications(network: &Network<'_>) -> Vec<Publication> {
    published(network.plan)
        .map(|(address, port)| Publication {
            protocol: port.proto.as_str(),
            host_address: port.address,
            host_port: port.host_port.number(),
            address,
            port: port.container_port.number(),
        })
        .collect()
}

/// A packet of a set; None if none can be shown to a kernel, or the dice fell badly.
fn case(network: &Network<'_>, locals: &[(String, Cidr)], ended: &Ended, dice: &mut Dice) -> Option<Case> {
    let space = network.space;
    let region = &ended.flow.entry;
    let protocol = PROTOCOLS.get(dice.pick(region, Axis::Protocol)?).copied()?;
    let (state, direction) = TRACKING.get(dice.pick(region, Axis::Tracking)?).copied()?;
    let answer = direction == "reply";
    let mut address = |axis: Axis, kind: Axis| {
        let local = dice.pick(region, kind)? == 1;
        let own: Vec<IpAddr> = locals.iter().map(|(_, net)| net.address).collect();
        let inside = |address: &IpAddr| {
            region.iter(axis).any(|class| {
                space.address(class).is_some_and(|first| first <= *address)
                    && *address <= space.last_address(class)
            })
        };
        if local {
            let own: Vec<IpAddr> = own.into_iter().filter(inside).collect();
            return own
                .get(usize::try_from(dice.roll()).unwrap_or_default().checked_rem(own.len())?)
                .copied();
        }
        let class = dice.pick(region, axis)?;
        let address = within(space.address(class)?, space.last_address(class), dice.roll());
        (ordinary(address) && !own.contains(&address)).then_some(address)
    };
    let source = address(Axis::Source, Axis::SourceLocal)?;
    let destination = address(Axis::Destination, Axis::DestinationLocal)?;
    // The answer goes back to where the connection came from: to the host itself, unless it translated the source.
    let back = answer
        && ended.flow.now.iter(Axis::DestinationLocal).next() != region.iter(Axis::DestinationLocal).next();
    let original_source = if back {
        let class = dice.pick(region, Axis::Original)?;
        let original = within(space.address(class)?, space.last_address(class), dice.roll());
        let own = locals.iter().any(|(_, net)| net.address == original);
        (ordinary(original) && !own).then_some(original)?
    } else if answer {
        destination
    } else {
        source
    };
    let stated = region.iter(Axis::Original).any(|class| {
        space.address(class).is_some_and(|first| first <= original_source)
            && original_source <= space.last_address(class)
    });
    if answer && (!stated || !matches!(protocol, "tcp" | "udp")) {
        return None;
    }
    let mut port = |axis: Axis| {
        let class = dice.pick(region, axis)?;
        let first = u64::from(space.port_of(class));
        let count = u64::from(space.last_port(class)).checked_sub(first)? + 1;
        u32::try_from(first + dice.roll() % count).ok().filter(|_| matches!(protocol, "tcp" | "udp"))
    };
    let (source_port, destination_port) = (port(Axis::SourcePort), port(Axis::DestinationPort));
    let icmp = space.icmp_of(dice.pick(region, Axis::Icmp)?, protocol);
    // Only a question opens a connection.
    let icmp = match (protocol, icmp) {
        ("icmp" | "icmpv6", Some("echo-request")) => icmp,
        ("icmp" | "icmpv6", _) => return None,
        _ => None,
    };
    let (fate, out) = match ended.fate {
        Fate::Delivered => ("delivered", None),
        Fate::Left(interface) => ("left", space.interfaces.get(interface).cloned()),
        Fate::DroppedEarly => ("dropped-early", None),
        Fate::DroppedInput => ("dropped-input", None),
        Fate::DroppedForward => ("dropped-forward", None),
        Fate::Unroutable => ("unroutable", None),
        Fate::Docker => ("docker", None),
    };
    let packet = Packet {
        interface: space.interfaces.get(dice.pick(region, Axis::In)?)?.clone(),
        source,
        destination,
        protocol,
        source_port,
        destination_port,
        icmp: icmp.map(str::to_owned),
        wireguard: dice.pick(region, Axis::Payload)? == 1,
        state,
        direction,
        original_source,
        source_local: dice.pick(region, Axis::SourceLocal)? == 1,
        destination_local: dice.pick(region, Axis::DestinationLocal)? == 1,
    };
    Some(Case { packet, fate, out })
}

/// An address between two others of its family.
fn within(first: IpAddr, last: IpAddr, roll: u64) -> IpAddr {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let (first, last) = (u32::from(first), u32::from(last));
            let span = u64::from(last - first) + 1;
            Ipv4Addr::from(first + u32::try_from(roll % span).unwrap_or_default()).into()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let (first, last) = (u128::from(first), u128::from(last));
            let span = last - first;
            let spread = u128::from(roll).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            Ipv6Addr::from(first + if span == u128::MAX { spread } else { spread % (span + 1) }).into()
        }
        _ => first,
    }
}

/// Whether a packet of this address is treated like any other: none that is for many, or for a link.
fn ordinary(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, .., last] = address.octets();
            (1..224).contains(&first) && first != 127 && !address.is_link_local() && !matches!(last, 0 | 255)
        }
        IpAddr::V6(address) => {
            let first = address.segments().first().copied().unwrap_or_default();
            (0x2000..0x4000).contains(&first) || (0xfc00..0xfe00).contains(&first)
        }
    }
}
