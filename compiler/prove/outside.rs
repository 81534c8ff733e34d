//! What can be reached from outside: what the definition exposes, all of it, and nothing else.

use super::claims::{Against, Claim, claim, number, regions};
use super::exposed;
use super::flow::{Region, subtract};
use super::network::{Ended, Fate, Network, UPLINK};
use super::space::Axis;

/// Checks the claims about connections from outside.
pub fn check(network: &Network<'_>, arrived: &[Ended]) -> Vec<Claim> {
    vec![closed(network, arrived), open(network, arrived)]
}

/// What becomes of the first packets of connections from outside.
pub fn arrived(network: &Network<'_>) -> Vec<Ended> {
    let first = network.tracking("original", &["new"]);
    let all = network.arriving(&network.space.interface(UPLINK));
    all.iter()
        .filter_map(|region| region.with(Axis::Tracking, &first))
        .flat_map(|region| network.possible(&region))
        .flat_map(|region| network.receive(region))
        .collect()
}

/// Whether packets from outside reach something here.
pub fn came_in(network: &Network<'_>, ended: &Ended) -> bool {
    match ended.fate {
        Fate::Delivered => true,
        Fate::Left(interface) => Some(interface) != number(network, UPLINK),
        _ => false,
    }
}

fn closed(network: &Network<'_>, arrived: &[Ended]) -> Claim {
    let mut claim = claim("closed", "from outside nothing can be reached but what the definition exposes");
    let mut allowed: Vec<Region> = network
        .plan
        .exposures
        .iter()
        .flat_map(|exposure| exposed::sources(network, exposure))
        .flat_map(|block| regions(network, &[block]))
        .collect();
    let ports = |from: u16, to: u16| {
        vec![
            (Axis::Protocol, network.protocol("udp")),
            (Axis::SourcePort, network.space.port(from)),
            (Axis::DestinationPort, network.space.port(to)),
        ]
    };
    allowed.extend(regions(
        network,
        &[
            vec![(Axis::Protocol, network.protocol("icmp").or(&network.protocol("icmpv6")))],
            // Answers to its own question for an address, which no connection is known for.
            ports(67, 68),
            ports(547, 546),
        ],
    ));
    let origin = network.plan.firewall.as_ref().map(|firewall| firewall.origin.clone()).unwrap_or_default();
    for ended in arrived.iter().filter(|ended| came_in(network, ended)) {
        claim.regions += 1;
        if let Some(packets) = subtract(&ended.flow.entry, &allowed).into_iter().next() {
            let message = "something can be reached from outside that nothing exposes".to_owned();
            claim.against.push(Against {
                packets,
                ended: Some(ended.clone()),
                message,
                option: origin.clone(),
            });
        }
    }
    claim
}

fn open(network: &Network<'_>, arrived: &[Ended]) -> Claim {
    let mut claim = claim(
        "reachable",
        "what the definition exposes to home or to the internet can be reached from there",
    );
    let inside: Vec<Region> =
        arrived.iter().filter(|e| came_in(network, e)).map(|e| e.flow.entry.clone()).collect();
    for exposure in &network.plan.exposures {
        for block in exposed::sources(network, exposure) {
            for wanted in exposed::arriving(network, &block) {
                claim.regions += 1;
                let Some(packets) = subtract(&wanted, &inside).into_iter().next() else { continue };
                let ended = arrived.iter().find(|ended| packets.overlaps(&ended.flow.entry));
                claim.against.push(Against {
                    packets,
                    ended: ended.cloned(),
                    message: format!(
                        "{} port {} of `{}` is exposed, and cannot be reached",
                        exposure.proto.as_str(),
                        exposure.host_port,
                        exposure.service
                    ),
                    option: exposure.origin.clone(),
                });
            }
        }
    }
    claim
}
