//! Who can reach what: the ports of the host, from where, and through which rule.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::flow::Region;
use super::network::Network;
use super::space::{Axis, Block};
use crate::ir::{Cidr, Expose};
use crate::plan::{ExposedBy, Exposure};

/// Neighbours on the link, which have no other address yet.
const LINK: Cidr =
    Cidr { address: std::net::IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), prefix: 10 };

/// Packets from outside that an exposure is for, a block for each network they may come from.
pub fn sources(network: &Network<'_>, exposure: &Exposure) -> Vec<Block> {
    let space = network.space;
    // Docker publishes to IPv4; what runs on the host itself listens on both.
    let both = exposure.by == ExposedBy::Native;
    let from = match exposure.expose {
        Expose::Wan if both => vec![space.family("ipv4"), space.family("ipv6")],
        Expose::Wan => vec![space.family("ipv4")],
        Expose::Lan => {
            let home6 = network.plan.lan6.iter().copied().chain([LINK]).filter(|_| both);
            network.plan.lan4.iter().copied().chain(home6).map(|net| space.net(&net)).collect()
        }
        Expose::Host | Expose::None => Vec::new(),
    };
    from.into_iter()
        .map(|from| {
            vec![
                (Axis::Source, from),
                (Axis::Protocol, network.protocol(exposure.proto.as_str())),
                (Axis::DestinationPort, space.port(exposure.host_port.number())),
                (Axis::DestinationLocal, space.of(Axis::DestinationLocal, [1])),
            ]
        })
        .collect()
}

/// The first packets of connections that come from outside, as a block describes them; not those that claim to
/// come from the host itself, or go to its loopback.
pub fn arriving(network: &Network<'_>, block: &Block) -> Vec<Region> {
    let space = network.space;
    let loopback = space.net(&Cidr::v4(Ipv4Addr::new(127, 0, 0, 0), 8)).complement();
    let first = network.tracking("original", &["new"]);
    network
        .arriving(&space.interface(super::network::UPLINK))
        .iter()
        .filter_map(|region| {
            region
                .within(block)?
                .with(Axis::Tracking, &first)?
                .with(Axis::SourceLocal, &space.of(Axis::SourceLocal, [0]))?
                .with(Axis::Source, &loopback)?
                .with(Axis::Destination, &loopback)
        })
        .flat_map(|region| network.possible(&region))
        .collect()
}
