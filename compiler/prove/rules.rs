//! A ruleset as nftables understands it, as far as mediac writes it.

use std::collections::BTreeMap;

use crate::ir::Cidr;

/// The table of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Named sets: their elements, a value for each part of a key.
    pub sets: BTreeMap<String, Vec<Vec<Value>>>,
    /// Its chains.
    pub chains: BTreeMap<String, Chain>,
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// Where packets enter it by themselves; others jump to it.
    pub hook: Option<Hook>,
    /// Its rules in order.
    pub rules: Vec<Rule>,
}

/// Where a base chain hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hook {
    /// Which packets.
    pub point: Point,
    /// When, among the chains of that point; Docker's destination NAT is at -100.
    pub priority: i32,
    /// What becomes of packets that no rule decides on.
    pub policy: Policy,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// A point on the way of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// Everything that comes in.
    Prerouting,
    /// What is for the host.
    Input,
    /// What is routed.
    Forward,
    /// What the host sends.
    Output,
    /// Everything that goes out.
    Postrouting,
}

/// The end of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Goes on to the next chain.
    Accept,
    /// Is gone.
    Drop,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What must all hold.
    pub matches: Vec<Match>,
    /// What happens then; nothing for a rule that only counts or logs.
    pub verdict: Option<Verdict>,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// What a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// On to the next base chain.
    Accept,
    /// Gone.
    Drop,
    /// Back to where the chain was jumped to.
    Return,
    /// Into a chain and, unless that decides, back.
    Jump(String),
    /// Into a chain and not back.
    Goto(String),
    /// On, with another source.
    Masquerade,
}

/// A condition: the keys, together, are among the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// What is looked at; a concatenation has several.
    pub keys: Vec<Key>,
    /// Whether they must be among the values.
    pub sense: Sense,
    /// The values.
    pub values: Values,
}

/// Whether a condition asks for membership or for its opposite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Among them.
    In,
    /// Not among them.
    NotIn,
}

/// The values of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Written out.
    List(Vec<Vec<Value>>),
    /// Those of a named set.
    Set(String),
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The interface it came in by.
    InInterface,
    /// The interface it leaves by.
    OutInterface,
    /// Source address.
    Source,
    /// Destination address.
    Destination,
    /// IPv4 or IPv6.
    Family,
    /// Transport protocol.
    Protocol,
    /// Source port.
    SourcePort,
    /// Destination port.
    DestinationPort,
    /// The first word of the payload.
    Payload,
    /// Which way the packet goes in its connection.
    Direction,
    /// What connection tracking says of it.
    State,
    /// Whether its destination was translated.
    Translated,
    /// The source address of the first packet of its connection.
    OriginalSource,
    /// Whether its source is an address of the host.
    SourceKind,
    /// Whether its destination is an address of the host.
    DestinationKind,
    /// The user that sends it.
    User,
    /// The type of an ICMP message.
    Icmp,
    /// The type of an `ICMPv6` message.
    Icmpv6,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The name of an interface; `*` at its end stands for any ending.
    Name(String),
    /// Addresses.
    Net(Cidr),
    /// A number: a port, a user.
    Number(u32),
    /// A word of the language.
    Word(String),
}
