//! What a packet goes through on the host, besides our own rules: Docker's translation, routing, Docker's
//! forwarding.

use std::net::Ipv4Addr;

use super::belt::{Route, Target};
use super::bits::Bits;
use super::chains::{Chains, Passed};
use super::flow::{Flow, Region, take};
use super::rules::Point;
use super::space::{Axis, Block, PROTOCOLS, Space, TRACKING};
use crate::ir::Cidr;
use crate::plan::{self, NetworkUse, Plan};

/// The priority of destination NAT, Docker's too.
const TRANSLATION: i32 = -100;

/// An interface that is neither a bridge of ours nor one of Docker's: whatever leads out of the house.
pub const UPLINK: &str = "uplink";
/// The host talking to itself.
pub const LOOPBACK: &str = "lo";
/// Bridges that nobody declared, as Docker names them.
pub const UNDECLARED: [&str; 3] = ["br-0123456789ab", "docker0", "docker_gwbridge"];

/// Where packets end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// A program of the host gets them.
    Delivered,
    /// They leave by this interface.
    Left(usize),
    /// Our rules drop them: before routing.
    DroppedEarly,
    /// Our rules drop them: on the way to a program of the host.
    DroppedInput,
    /// Our rules drop them: on the way through.
    DroppedForward,
    /// The kernel does not route them.
    Unroutable,
    /// Docker's rules drop them.
    Docker,
}

/// Packets that ended in the same way.
#[derive(Debug, Clone)]
pub struct Ended {
    /// They, and their way.
    pub flow: Flow,
    /// Where.
    pub fate: Fate,
}

/// The host as packets see it.
#[derive(Debug, Clone)]
pub struct Network<'a> {
    /// The classes of packets.
    pub space: &'a Space,
    /// The rules; None when they were flushed.
    pub chains: Option<&'a Chains>,
    /// The routing rules, as far as they are there.
    pub belt: &'a [Route],
    /// What runs there.
    pub plan: &'a Plan,
    /// What Docker translates, publishes and lets through.
    published: Vec<Published>,
    /// Destinations on the link, and the interface that leads there.
    links: Vec<(Block, String)>,
    /// Addresses that can be the host's own, and those that can be another's.
    ownable: Bits,
    foreign: Bits,
    /// Addresses that can come from no other interface than the loopback.
    martians: Vec<Block>,
}

/// A port that Docker publishes.
#[derive(Debug, Clone)]
struct Published {
    /// What is for it, before translation.
    outside: Block,
    /// What is for it, after translation.
    inside: Block,
    address: Bits,
    port: Bits,
}

impl Network<'_> {
    /// The host of a plan under some rules.
    pub fn new<'a>(
        space: &'a Space,
        plan: &'a Plan,
        chains: Option<&'a Chains>,
        belt: &'a [Route],
    ) -> Network<'a> {
        let loopback = space.net(&Cidr::v4(Ipv4Addr::new(127, 0, 0, 0), 8));
        let mut own = loopback.clone();
        let mut never = space.of(Axis::Source, []);
        for network in plan.networks.values() {
            never = never.or(&space.net(&network.subnet));
            own = own.or(&space.net(&Cidr::single(network.gateway.into())));
        }
        for tunnel in plan.killswitch.iter().flat_map(|switch| &switch.tunnels) {
            for endpoint in &tunnel.endpoints {
                never = never.or(&space.net(&Cidr::single(endpoint.ip)));
            }
        }
        let mut network = Network {
            space,
            chains,
            belt,
            plan,
            published: Vec::new(),
            links: Vec::new(),
            ownable: never.without(&own).complement(),
            foreign: own.complement(),
            martians: Vec::new(),
        };
        network.published = network.publish();
        for bridge in plan.networks.values() {
            let block = vec![(Axis::Destination, space.net(&bridge.subnet))];
            network.links.push((block, bridge.bridge.clone()));
        }
        for net in plan.lan4.iter().chain(&plan.lan6) {
            network.links.push((vec![(Axis::Destination, space.net(net))], UPLINK.to_owned()));
        }
        let outside = space.interface(LOOPBACK).complement();
        network.martians = vec![
            // Only for IPv4 does the kernel ask whose a source is.
            vec![
                (Axis::In, outside.clone()),
                (Axis::SourceLocal, space.of(Axis::SourceLocal, [1])),
                (Axis::Source, space.family("ipv4")),
            ],
            vec![(Axis::In, outside.clone()), (Axis::Source, loopback.clone())],
            vec![(Axis::In, outside), (Axis::Destination, loopback)],
        ];
        network
    }

    /// All that becomes of packets that come in by an interface.
    pub fn receive(&self, region: Region) -> Vec<Ended> {
        let mut ended = Vec::new();
        let early = self.pass(Point::Prerouting, i32::MIN, TRANSLATION, Flow::new(region));
        ended.extend(dropped(early.dropped, Fate::DroppedEarly));
        for flow in early.on.into_iter().flat_map(|flow| self.translate(flow)) {
            let late = self.pass(Point::Prerouting, TRANSLATION, i32::MAX, flow);
            ended.extend(dropped(late.dropped, Fate::DroppedEarly));
            for flow in late.on {
                self.route(flow, &mut ended);
            }
        }
        ended
    }

    /// All that becomes of packets that programs of the host send.
    pub fn send(&self, region: Region) -> Vec<Ended> {
        let passed = self.pass(Point::Output, i32::MIN, i32::MAX, Flow::new(region));
        let mut ended: Vec<Ended> = dropped(passed.dropped, Fate::DroppedEarly).collect();
        for flow in passed.on {
            for interface in flow.now.iter(Axis::Out) {
                let part = flow.with(Axis::Out, &self.space.of(Axis::Out, [interface]));
                ended.extend(part.map(|flow| Ended { flow, fate: Fate::Left(interface) }));
            }
        }
        ended
    }

    fn pass(&self, point: Point, from: i32, before: i32, flow: Flow) -> Passed {
        match self.chains {
            Some(chains) => chains.pass(point, from, before, flow),
            None => Passed { on: vec![flow], dropped: Vec::new() },
        }
    }

    /// Connection tracking and Docker: where packets are really for.
    fn translate(&self, flow: Flow) -> Vec<Flow> {
        let local = self.space.of(Axis::DestinationLocal, [1]);
        let answers = self.tracking("reply", &["established", "related"]);
        let mut done = Vec::new();
        let mut rest = vec![flow];
        // Answers to flows whose source was made ours go back to that source, or are for us.
        let block = vec![(Axis::Tracking, answers), (Axis::DestinationLocal, local.clone())];
        rest = split(rest, &block, |flow| {
            done.push(flow.clone());
            let mut back = flow;
            let source = back.now.get(Axis::Original, self.space);
            back.translate(Axis::Destination, &source, Some(Axis::Original));
            back.translate(Axis::DestinationLocal, &self.space.of(Axis::DestinationLocal, [0]), None);
            done.push(back);
        });
        for Published { outside, address, port, .. } in &self.published {
            rest = split(rest, outside, |mut flow| {
                flow.translate(Axis::Destination, address, None);
                flow.translate(Axis::DestinationPort, port, None);
                flow.translate(Axis::DestinationLocal, &self.space.of(Axis::DestinationLocal, [0]), None);
                flow.translate(Axis::Translated, &self.space.of(Axis::Translated, [1]), None);
                done.push(flow);
            });
        }
        done.extend(rest);
        done
    }

    fn route(&self, flow: Flow, ended: &mut Vec<Ended>) {
        let mut rest = vec![flow];
        for block in &self.martians {
            rest = split(rest, block, |flow| ended.push(Ended { flow, fate: Fate::Unroutable }));
        }
        let local = vec![(Axis::DestinationLocal, self.space.of(Axis::DestinationLocal, [1]))];
        rest = split(rest, &local, |flow| {
            let passed = self.pass(Point::Input, i32::MIN, i32::MAX, flow);
            ended.extend(dropped(passed.dropped, Fate::DroppedInput));
            ended.extend(passed.on.into_iter().map(|flow| Ended { flow, fate: Fate::Delivered }));
        });
        for Route { block, target, .. } in self.belt {
            rest = split(rest, block, |flow| match target {
                Target::Main => self.forward(flow, Reach::Anywhere, ended),
                Target::Near => self.forward(flow, Reach::Near, ended),
                Target::Unreachable => ended.push(Ended { flow, fate: Fate::Unroutable }),
            });
        }
        for flow in rest {
            self.forward(flow, Reach::Anywhere, ended);
        }
    }

    /// Through the main routing table: bridges have their networks, home is on the link, the rest is out there.
    fn forward(&self, flow: Flow, reach: Reach, ended: &mut Vec<Ended>) {
        let mut rest = vec![flow];
        for (block, interface) in &self.links {
            rest = split(rest, block, |flow| self.through(flow, interface, ended));
        }
        for flow in rest {
            match reach {
                Reach::Anywhere => self.through(flow, UPLINK, ended),
                // Other rules come after this one.
                Reach::Near => ended.push(Ended { flow, fate: Fate::Unroutable }),
            }
        }
    }

    fn through(&self, mut flow: Flow, interface: &str, ended: &mut Vec<Ended>) {
        let out = self.space.interface(interface);
        let Some(number) = out.iter().next() else { return };
        flow.translate(Axis::Out, &out, None);
        let passed = self.pass(Point::Forward, i32::MIN, i32::MAX, flow);
        ended.extend(dropped(passed.dropped, Fate::DroppedForward));
        for flow in passed.on {
            let (refused, on) = self.docker(flow, interface);
            ended.extend(refused.into_iter().map(|flow| Ended { flow, fate: Fate::Docker }));
            ended.extend(on.into_iter().map(|flow| Ended { flow, fate: Fate::Left(number) }));
        }
    }

    /// What Docker lets into its bridges from elsewhere: answers, and what is for a published port, translated or not.
    fn docker(&self, flow: Flow, interface: &str) -> (Vec<Flow>, Vec<Flow>) {
        let bridge = self.plan.networks.values().any(|network| network.bridge == interface);
        if !bridge {
            return (Vec::new(), vec![flow]);
        }
        let same = vec![(Axis::In, self.space.interface(interface))];
        let answers = self
            .tracking("reply", &["established", "related"])
            .or(&self.tracking("original", &["established", "related"]));
        let mut on = Vec::new();
        let mut rest = split(vec![flow], &same, |flow| on.push(flow));
        rest = split(rest, &vec![(Axis::Tracking, answers)], |flow| on.push(flow));
        for published in &self.published {
            rest = split(rest, &published.inside, |flow| on.push(flow));
        }
        (rest, on)
    }

    fn publish(&self) -> Vec<Published> {
        let space = self.space;
        let single = |address: Ipv4Addr| space.net(&Cidr::single(address.into()));
        published(self.plan)
            .map(|(address, port)| {
                let protocol = (Axis::Protocol, self.protocol(port.proto.as_str()));
                let inner = space.port(port.container_port.number());
                let mut outside = vec![
                    (Axis::DestinationPort, space.port(port.host_port.number())),
                    protocol.clone(),
                    (Axis::Tracking, self.tracking("original", &["new", "established"])),
                    (Axis::Source, space.family("ipv4")),
                    (Axis::DestinationLocal, space.of(Axis::DestinationLocal, [1])),
                ];
                outside.extend(port.address.map(|address| (Axis::Destination, single(address))));
                let address = single(address);
                let inside = vec![
                    (Axis::Destination, address.clone()),
                    (Axis::DestinationPort, inner.clone()),
                    protocol,
                ];
                Published { outside, inside, address, port: inner }
            })
            .collect()
    }

    /// A protocol by its name.
    pub fn protocol(&self, name: &str) -> Bits {
        self.space.of(Axis::Protocol, PROTOCOLS.iter().position(|known| *known == name))
    }

    /// Places in a connection: a direction, and some states.
    pub fn tracking(&self, direction: &str, states: &[&str]) -> Bits {
        let places = TRACKING.iter().enumerate();
        let wanted = places.filter(|(_, (state, way))| *way == direction && states.contains(state));
        self.space.of(Axis::Tracking, wanted.map(|(index, _)| index))
    }

    /// Every packet that can come in by the interfaces, in IPv4 or IPv6.
    pub fn arriving(&self, interfaces: &Bits) -> Vec<Region> {
        ["ipv4", "ipv6"].iter().filter_map(|family| self.of_family(interfaces, family)).collect()
    }

    fn of_family(&self, interfaces: &Bits, family: &str) -> Option<Region> {
        let other = if family == "ipv4" { "icmpv6" } else { "icmp" };
        let addresses = self.space.family(family);
        let mut region = Region::all(self.space)
            .with(Axis::In, interfaces)?
            .with(Axis::Source, &addresses)?
            .with(Axis::Destination, &addresses)?
            .with(Axis::Original, &addresses)?
            .with(Axis::Protocol, &self.protocol(other).complement())?
            .with(Axis::Translated, &self.space.of(Axis::Translated, [0]))?;
        // Nothing is known yet of where they leave, and nobody here has sent them.
        region.set(Axis::Out, &self.space.of(Axis::Out, [0]));
        region.set(Axis::User, &self.space.of(Axis::User, [self.space.size(Axis::User) - 1]));
        Some(region)
    }

    /// What is not the host's own cannot be delivered, and what is cannot be routed on: which addresses can be whose.
    pub fn possible(&self, region: &Region) -> Vec<Region> {
        let sides = [(Axis::Source, Axis::SourceLocal), (Axis::Destination, Axis::DestinationLocal)];
        sides.iter().fold(vec![region.clone()], |regions, (address, kind)| {
            let yes = self.space.of(*kind, [1]);
            let no = self.space.of(*kind, [0]);
            regions
                .iter()
                .flat_map(|region| {
                    let local = region.with(*kind, &yes).and_then(|r| r.with(*address, &self.ownable));
                    let other = region.with(*kind, &no).and_then(|r| r.with(*address, &self.foreign));
                    [local, other].into_iter().flatten()
                })
                .collect()
        })
    }
}

/// The ports that Docker publishes, and the address of the container that each leads to.
pub fn published(plan: &Plan) -> impl Iterator<Item = (Ipv4Addr, &plan::Published)> {
    plan.containers.values().flat_map(|container| {
        let address = match &container.network {
            NetworkUse::Own { address, .. } => Some(*address),
            NetworkUse::Shared(_) => None,
        };
        address.into_iter().flat_map(|address| container.ports.iter().map(move |port| (address, port)))
    })
}

/// How far a routing rule lets packets go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Anywhere,
    /// Not by the default route.
    Near,
}

fn dropped(flows: Vec<Flow>, fate: Fate) -> impl Iterator<Item = Ended> {
    flows.into_iter().map(move |flow| Ended { flow, fate })
}

/// Hands the parts of flows that a block describes to `inside`, and returns the others.
fn split(mut flows: Vec<Flow>, block: &Block, mut inside: impl FnMut(Flow)) -> Vec<Flow> {
    for flow in take(&mut flows, |flow| !flow.misses(block)) {
        let (part, others) = flow.split(block);
        flows.extend(others);
        if let Some(part) = part {
            inside(part);
        }
    }
    flows
}
