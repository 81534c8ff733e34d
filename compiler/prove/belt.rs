//! The routing rules that hold when the firewall is gone.

use super::rules::{Key, Value};
use super::space::{Axis, Block, PROTOCOLS, Space};
use crate::ir::Cidr;

/// A routing rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The packets it is for.
    pub block: Block,
    /// What becomes of them.
    pub target: Target,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// What a routing rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Routes them like any other packet.
    Main,
    /// Routes them, but not by the default route.
    Near,
    /// Refuses them.
    Unreachable,
}

/// Reads the commands that set the rules up. The error is the line that is none.
pub fn parse(space: &Space, source: &str) -> Result<Vec<Route>, usize> {
    source.lines().enumerate().map(|(index, line)| rule(space, line, index + 1).ok_or(index + 1)).collect()
}

/// `ip -4 rule add pref 5180 iif br to 203.0.113.51/32 ipproto udp dport 51820 lookup main protocol 77`
fn rule(space: &Space, line: &str, number: usize) -> Option<Route> {
    let mut words = line.strip_prefix("ip ")?.split_whitespace();
    let family = match words.next()? {
        "-4" => "ipv4",
        "-6" => "ipv6",
        _ => return None,
    };
    let mut block = vec![(Axis::Source, space.family(family)), (Axis::Destination, space.family(family))];
    let mut target = None;
    if (words.next()?, words.next()?) != ("rule", "add") {
        return None;
    }
    while let Some(word) = words.next() {
        match word {
            "pref" | "protocol" => {
                words.next()?.parse::<u32>().ok()?;
            }
            "iif" => block.push((Axis::In, space.interface(words.next()?))),
            "to" => {
                let net = Cidr::try_from(words.next()?.to_owned()).ok()?;
                block.extend(space.block(Key::Destination, &Value::Net(net))?);
            }
            "ipproto" => {
                let name = words.next()?;
                let protocol = PROTOCOLS.iter().position(|known| *known == name)?;
                block.push((Axis::Protocol, space.of(Axis::Protocol, [protocol])));
            }
            "sport" => block.push((Axis::SourcePort, space.port(words.next()?.parse().ok()?))),
            "dport" => block.push((Axis::DestinationPort, space.port(words.next()?.parse().ok()?))),
            "lookup" if words.next()? == "main" => target = Some(Target::Main),
            "suppress_prefixlength" if words.next()? == "0" => target = Some(Target::Near),
            "unreachable" => target = Some(Target::Unreachable),
            _ => return None,
        }
    }
    Some(Route { block, target: target?, line: number })
}
