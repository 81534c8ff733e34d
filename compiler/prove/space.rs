//! The space of packets, cut into finitely many classes.
//!
//! Every constant of the rules and of the network is a cut. Within a class no rule can tell two packets
//! apart, so what holds for one of them holds for all.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bits::Bits;
use super::rules::{Key, Rule, Table, Value, Values};
use crate::ir::Cidr;

/// What is known of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    /// The interface it came in by.
    In,
    /// The interface it leaves by.
    Out,
    /// Source address.
    Source,
    /// Destination address.
    Destination,
    /// Transport protocol: an index of [`PROTOCOLS`].
    Protocol,
    /// Source port.
    SourcePort,
    /// Destination port.
    DestinationPort,
    /// Whether it looks like a message of `WireGuard`: 1 if so.
    Payload,
    /// Its place in its connection: an index of [`TRACKING`].
    Tracking,
    /// The source of the first packet of its connection.
    Original,
    /// Whether its source is an address of the host: 1 if so.
    SourceLocal,
    /// Whether its destination is an address of the host: 1 if so.
    DestinationLocal,
    /// Whether its destination was translated: 1 if so.
    Translated,
    /// The user that sent it.
    User,
    /// The type of its ICMP message.
    Icmp,
}

/// All axes, in the order of their numbers.
pub const AXES: [Axis; 15] = [
    Axis::In,
    Axis::Out,
    Axis::Source,
    Axis::Destination,
    Axis::Protocol,
    Axis::SourcePort,
    Axis::DestinationPort,
    Axis::Payload,
    Axis::Tracking,
    Axis::Original,
    Axis::SourceLocal,
    Axis::DestinationLocal,
    Axis::Translated,
    Axis::User,
    Axis::Icmp,
];

/// Transport protocols that rules tell apart.
pub const PROTOCOLS: [&str; 5] = ["tcp", "udp", "icmp", "icmpv6", "other"];

/// Places in a connection: state and direction.
pub const TRACKING: [(&str, &str); 6] = [
    ("new", "original"),
    ("established", "original"),
    ("established", "reply"),
    ("related", "original"),
    ("related", "reply"),
    ("invalid", ""),
];

/// One condition on several axes at once.
pub type Block = Vec<(Axis, Bits)>;

/// The classes of each axis.
#[derive(Debug, Clone)]
pub struct Space {
    /// Names of interfaces.
    pub interfaces: Vec<String>,
    starts4: Vec<u32>,
    starts6: Vec<u128>,
    ports: Vec<u32>,
    users: Vec<u32>,
    icmp: Vec<(Key, String)>,
}

impl Space {
    /// The space that these rules, networks and ports cut.
    pub fn new(tables: &[Table], interfaces: Vec<String>, nets: &[Cidr], ports: &[u16]) -> Self {
        let mut space = Self {
            interfaces,
            starts4: vec![0],
            starts6: vec![0],
            ports: vec![0],
            users: Vec::new(),
            icmp: Vec::new(),
        };
        for net in nets {
            space.cut_at(net);
        }
        for port in ports {
            space.cut_port(u32::from(*port));
        }
        for table in tables {
            for rule in table.chains.values().flat_map(|chain| &chain.rules) {
                space.cut_by(table, rule);
            }
        }
        space.starts4 = sorted(space.starts4);
        space.starts6 = sorted(space.starts6);
        space.ports = sorted(space.ports);
        space.users = sorted(space.users);
        space.icmp = sorted(space.icmp);
        space
    }

    fn cut_by(&mut self, table: &Table, rule: &Rule) {
        for condition in &rule.matches {
            let elements = match &condition.values {
                Values::List(list) => list.as_slice(),
                Values::Set(name) => table.sets.get(name).map(Vec::as_slice).unwrap_or_default(),
            };
            for element in elements {
                for (key, value) in condition.keys.iter().zip(element) {
                    match (key, value) {
                        (_, Value::Net(net)) => self.cut_at(net),
                        (Key::SourcePort | Key::DestinationPort, Value::Number(port)) => self.cut_port(*port),
                        (Key::User, Value::Number(user)) => self.users.push(*user),
                        (Key::Icmp | Key::Icmpv6, Value::Word(word)) => self.icmp.push((*key, word.clone())),
                        _ => {}
                    }
                }
            }
        }
    }

    fn cut_port(&mut self, port: u32) {
        self.ports.extend([port, port + 1]);
    }

    fn cut_at(&mut self, net: &Cidr) {
        match limits(net) {
            Limits::V4(first, last) => {
                self.starts4.push(first);
                self.starts4.extend(last.checked_add(1));
            }
            Limits::V6(first, last) => {
                self.starts6.push(first);
                self.starts6.extend(last.checked_add(1));
            }
        }
    }

    /// How many classes an axis has.
    pub fn size(&self, axis: Axis) -> usize {
        match axis {
            Axis::In | Axis::Out => self.interfaces.len(),
            Axis::Source | Axis::Destination | Axis::Original => self.starts4.len() + self.starts6.len(),
            Axis::Protocol => PROTOCOLS.len(),
            Axis::SourcePort | Axis::DestinationPort => self.ports.len(),
            Axis::Payload | Axis::SourceLocal | Axis::DestinationLocal | Axis::Translated => 2,
            Axis::Tracking => TRACKING.len(),
            Axis::User => self.users.len() + 1,
            Axis::Icmp => self.icmp.len() + 1,
        }
    }

    /// Classes by their numbers.
    pub fn of(&self, axis: Axis, numbers: impl IntoIterator<Item = usize>) -> Bits {
        Bits::of(self.size(axis), numbers)
    }

    /// The addresses of a network.
    pub fn net(&self, net: &Cidr) -> Bits {
        let size = self.size(Axis::Source);
        match limits(net) {
            Limits::V4(first, last) => Bits::of(size, within(&self.starts4, first, last)),
            Limits::V6(first, last) => {
                let offset = self.starts4.len();
                Bits::of(size, within(&self.starts6, first, last).map(|index| index + offset))
            }
        }
    }

    /// All addresses of a family.
    pub fn family(&self, word: &str) -> Bits {
        let all = if word == "ipv6" { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        self.net(&Cidr { address: all, prefix: 0 })
    }

    /// A port.
    pub fn port(&self, port: u16) -> Bits {
        let port = u32::from(port);
        self.of(Axis::SourcePort, within(&self.ports, port, port))
    }

    /// Interfaces by a name or, with `*` at its end, by its beginning.
    pub fn interface(&self, name: &str) -> Bits {
        let matches = |other: &String| match name.strip_suffix('*') {
            Some(start) => other.starts_with(start),
            None => other == name,
        };
        let numbers = self.interfaces.iter().enumerate().filter(|(_, other)| matches(other));
        self.of(Axis::In, numbers.map(|(index, _)| index))
    }

    /// What a key says with a value. None if the value is none of that key.
    pub fn block(&self, key: Key, value: &Value) -> Option<Block> {
        let one = |axis: Axis, bits: Bits| Some(vec![(axis, bits)]);
        let named = |names: &[&str], word: &str| names.iter().position(|name| *name == word);
        match (key, value) {
            (Key::InInterface, Value::Name(name)) => one(Axis::In, self.interface(name)),
            (Key::OutInterface, Value::Name(name)) => one(Axis::Out, self.interface(name)),
            (Key::Source, Value::Net(net)) => one(Axis::Source, self.net(net)),
            (Key::Destination, Value::Net(net)) => one(Axis::Destination, self.net(net)),
            (Key::OriginalSource, Value::Net(net)) => one(Axis::Original, self.net(net)),
            (Key::Family, Value::Word(word)) if word == "ipv4" || word == "ipv6" => {
                Some(vec![(Axis::Source, self.family(word)), (Axis::Destination, self.family(word))])
            }
            (Key::Protocol, Value::Word(word)) => {
                one(Axis::Protocol, self.of(Axis::Protocol, [named(&PROTOCOLS, word)?]))
            }
            (Key::SourcePort, Value::Number(port)) => {
                one(Axis::SourcePort, self.port(u16::try_from(*port).ok()?))
            }
            (Key::DestinationPort, Value::Number(port)) => {
                one(Axis::DestinationPort, self.port(u16::try_from(*port).ok()?))
            }
            // The four kinds of messages are one class: rules name them all or none.
            (Key::Payload, Value::Number(0x0100_0000 | 0x0200_0000 | 0x0300_0000 | 0x0400_0000)) => {
                one(Axis::Payload, self.of(Axis::Payload, [1]))
            }
            (Key::State, Value::Word(word)) => self.tracking(|(state, _)| state == word),
            (Key::Direction, Value::Word(word)) => self.tracking(|(_, direction)| direction == word),
            (Key::Translated, Value::Word(word)) if word == "dnat" => {
                one(Axis::Translated, self.of(Axis::Translated, [1]))
            }
            (Key::SourceKind, Value::Word(word)) if word == "local" => {
                one(Axis::SourceLocal, self.of(Axis::SourceLocal, [1]))
            }
            (Key::DestinationKind, Value::Word(word)) if word == "local" => {
                one(Axis::DestinationLocal, self.of(Axis::DestinationLocal, [1]))
            }
            (Key::User, Value::Number(user)) => {
                one(Axis::User, self.of(Axis::User, self.users.iter().position(|other| other == user)))
            }
            (Key::Icmp | Key::Icmpv6, Value::Word(word)) => {
                let known = self.icmp.iter().position(|(other, name)| *other == key && name == word);
                one(Axis::Icmp, self.of(Axis::Icmp, known))
            }
            _ => None,
        }
    }

    fn tracking(&self, holds: impl Fn((&str, &str)) -> bool) -> Option<Block> {
        let places = TRACKING.iter().enumerate().filter(|(_, place)| holds(**place)).map(|(index, _)| index);
        let bits = self.of(Axis::Tracking, places);
        (!bits.is_empty()).then(|| vec![(Axis::Tracking, bits)])
    }

    /// An address of a class.
    pub fn address(&self, class: usize) -> Option<IpAddr> {
        match class.checked_sub(self.starts4.len()) {
            None => self.starts4.get(class).map(|start| Ipv4Addr::from(*start).into()),
            Some(index) => self.starts6.get(index).map(|start| Ipv6Addr::from(*start).into()),
        }
    }

    /// The last address of a class.
    pub fn last_address(&self, class: usize) -> IpAddr {
        match class.checked_sub(self.starts4.len()) {
            None => {
                let next = self.starts4.get(class + 1);
                Ipv4Addr::from(next.map_or(u32::MAX, |start| start - 1)).into()
            }
            Some(index) => {
                let next = self.starts6.get(index + 1);
                Ipv6Addr::from(next.map_or(u128::MAX, |start| start - 1)).into()
            }
        }
    }

    /// A port of a class: its first, or 1 where that would be 0.
    pub fn port_of(&self, class: usize) -> u32 {
        self.ports.get(class).copied().unwrap_or_default().max(1)
    }

    /// The last port of a class.
    pub fn last_port(&self, class: usize) -> u32 {
        self.ports.get(class + 1).map_or(65535, |next| (next - 1).min(65535))
    }

    /// The message of a class for a protocol, if it is one that rules name.
    pub fn icmp_of(&self, class: usize, protocol: &str) -> Option<&str> {
        let (key, name) = self.icmp.get(class)?;
        let of = if *key == Key::Icmp { "icmp" } else { "icmpv6" };
        (of == protocol).then_some(name.as_str())
    }
}

enum Limits {
    V4(u32, u32),
    V6(u128, u128),
}

/// First and last address of a network.
fn limits(net: &Cidr) -> Limits {
    match net.network() {
        IpAddr::V4(first) => {
            let first = u32::from(first);
            Limits::V4(first, first | u32::MAX.checked_shr(u32::from(net.prefix)).unwrap_or(0))
        }
        IpAddr::V6(first) => {
            let first = u128::from(first);
            Limits::V6(first, first | u128::MAX.checked_shr(u32::from(net.prefix)).unwrap_or(0))
        }
    }
}

/// The classes that begin between two limits, and so lie between them: both are cuts.
fn within<T: Copy + PartialOrd>(starts: &[T], first: T, last: T) -> impl Iterator<Item = usize> {
    starts
        .iter()
        .enumerate()
        .filter(move |(_, start)| first <= **start && **start <= last)
        .map(|(index, _)| index)
}

fn sorted<T: Ord>(items: Vec<T>) -> Vec<T> {
    items.into_iter().collect::<BTreeSet<T>>().into_iter().collect()
}
