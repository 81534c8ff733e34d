//! One packet of a set, as people and programs read it.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use super::flow::Region;
use super::network::Fate;
use super::space::{Axis, PROTOCOLS, Space, TRACKING};

/// A packet as it comes in.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Packet {
    /// The interface it comes in by.
    pub interface: String,
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Transport protocol.
    pub protocol: &'static str,
    /// Source port, if there are ports.
    pub source_port: Option<u32>,
    /// Destination port, if there are ports.
    pub destination_port: Option<u32>,
    /// The type of an ICMP message.
    pub icmp: Option<String>,
    /// Whether it looks like a message of `WireGuard`.
    pub wireguard: bool,
    /// What connection tracking says of it.
    pub state: &'static str,
    /// Which way it goes in its connection.
    pub direction: &'static str,
    /// Where the first packet of its connection came from.
    pub original_source: IpAddr,
    /// Whether its source is the host.
    pub source_local: bool,
    /// Whether its destination is the host.
    pub destination_local: bool,
}

/// Addresses that make good examples: of documentation, out on the internet.
const EXAMPLES: [&str; 2] = ["198.51.100.7", "2001:db8::7"];

impl Packet {
    /// A packet of a set; None if the set is empty.
    pub fn of(space: &Space, region: &Region) -> Option<Self> {
        let protocol = PROTOCOLS.get(region.iter(Axis::Protocol).next()?).copied()?;
        let (state, direction) = TRACKING.get(region.iter(Axis::Tracking).next()?).copied()?;
        let has_ports = matches!(protocol, "tcp" | "udp");
        let port = |axis: Axis| region.iter(axis).next().map(|class| space.port_of(class));
        let icmp = region.iter(Axis::Icmp).find_map(|class| space.icmp_of(class, protocol));
        let yes = |axis: Axis| region.iter(axis).next() == Some(1);
        Some(Self {
            interface: space.interfaces.get(region.iter(Axis::In).next()?)?.clone(),
            source: address(space, region, Axis::Source)?,
            destination: address(space, region, Axis::Destination)?,
            protocol,
            source_port: port(Axis::SourcePort).filter(|_| has_ports),
            destination_port: port(Axis::DestinationPort).filter(|_| has_ports),
            icmp: icmp.map(str::to_owned),
            wireguard: yes(Axis::Payload),
            state,
            direction,
            original_source: address(space, region, Axis::Original)?,
            source_local: yes(Axis::SourceLocal),
            destination_local: yes(Axis::DestinationLocal),
        })
    }
}

/// An address of the region; one of the examples where it has one.
fn address(space: &Space, region: &Region, axis: Axis) -> Option<IpAddr> {
    let examples = EXAMPLES.iter().filter_map(|text| text.parse::<IpAddr>().ok());
    for example in examples {
        let holds = |class: usize| {
            space.address(class).is_some_and(|first| first <= example) && example <= space.last_address(class)
        };
        if region.iter(axis).any(holds) {
            return Some(example);
        }
    }
    // The last class is seldom the odd one: 0.0.0.0 comes first.
    region.iter(axis).last().and_then(|class| space.address(class))
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |address: IpAddr, port: Option<u32>| match (address, port) {
            (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
            (address, Some(port)) => format!("{address}:{port}"),
            (address, None) => address.to_string(),
        };
        let from = end(self.source, self.source_port);
        let to = match (self.destination_local, self.destination_port) {
            (true, Some(port)) => format!("this host, port {port}"),
            (true, None) => "this host".to_owned(),
            (false, port) => end(self.destination, port),
        };
        write!(f, "{} {from} -> {to}, in by {}, {}", self.protocol, self.interface, self.state)?;
        if self.direction == "reply" {
            write!(f, ", an answer to {}", self.original_source)?;
        }
        Ok(())
    }
}

/// What became of a packet, in words.
pub fn fate(space: &Space, fate: Fate) -> String {
    match fate {
        Fate::Delivered => "the host takes it".to_owned(),
        Fate::Left(interface) => {
            let name = space.interfaces.get(interface).map_or("", String::as_str);
            format!("it leaves by {name}")
        }
        Fate::DroppedEarly => "dropped before routing".to_owned(),
        Fate::DroppedInput => "dropped on its way to the host".to_owned(),
        Fate::DroppedForward => "dropped on its way through".to_owned(),
        Fate::Unroutable => "not routed".to_owned(),
        Fate::Docker => "dropped by Docker's rules".to_owned(),
    }
}
