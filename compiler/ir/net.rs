//! Addresses, networks and ports.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

/// A TCP or UDP port, 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u16")]
pub struct Port(u16);

impl Port {
    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Port {
    type Error = String;

    fn try_from(number: u16) -> Result<Self, String> {
        if number == 0 { Err("0 is no port".to_owned()) } else { Ok(Self(number)) }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A network: an address and the length of its prefix. The address is kept as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Cidr {
    /// The address that was said; host bits may be set.
    pub address: IpAddr,
    /// Length of the prefix in bits.
    pub prefix: u8,
}

impl Cidr {
    /// The IPv4 network of the given address and prefix.
    pub const fn v4(address: Ipv4Addr, prefix: u8) -> Self {
        Self { address: IpAddr::V4(address), prefix }
    }

    /// The network of one address alone.
    pub const fn single(address: IpAddr) -> Self {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix }
    }

    /// The address with all host bits cleared.
    pub fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(a) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                Ipv4Addr::from(u32::from(a) & mask).into()
            }
            IpAddr::V6(a) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                std::net::Ipv6Addr::from(u128::from(a) & mask).into()
            }
        }
    }

    /// Whether no host bit is set.
    pub fn is_network(&self) -> bool {
        self.network() == self.address
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && Self { address, prefix: self.prefix }.network() == self.network()
    }

    /// Whether two networks share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.network()) || other.contains(self.network())
    }

    /// Whether it lies in the address space for private use (RFC 1918, RFC 4193) or is link-local.
    pub fn is_private(&self) -> bool {
        let within = |text: &str| {
            Self::try_from(text.to_owned())
                .is_ok_and(|outer| outer.prefix <= self.prefix && outer.contains(self.network()))
        };
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"]
            .into_iter()
            .any(within)
    }

    /// The IPv4 address `offset` addresses above the network's own.
    pub fn nth(&self, offset: u32) -> Option<Ipv4Addr> {
        let IpAddr::V4(base) = self.network() else { return None };
        u32::from(base).checked_add(offset).map(Ipv4Addr::from)
    }
}

impl TryFrom<String> for Cidr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let error = || format!("`{text}` is no network");
        let (address, prefix) = text.split_once('/').ok_or_else(error)?;
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let prefix: u8 = prefix.parse().map_err(|_| error())?;
        if prefix > if address.is_ipv4() { 32 } else { 128 } {
            return Err(error());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn networks_know_what_they_hold() {
        assert!(cidr("192.168.1.0/24").contains("192.168.1.7".parse().unwrap()));
        assert!(!cidr("192.168.1.0/24").contains("192.168.2.7".parse().unwrap()));
        assert!(cidr("0.0.0.0/0").contains("8.8.8.8".parse().unwrap()));
        assert!(!cidr("0.0.0.0/0").contains("::1".parse().unwrap()));
        assert!(cidr("10.0.0.0/8").overlaps(&cidr("10.5.0.0/16")));
        assert!(cidr("10.5.0.0/16").overlaps(&cidr("10.0.0.0/8")));
        assert!(!cidr("10.5.0.0/16").overlaps(&cidr("10.6.0.0/16")));
        assert!(cidr("fd00:1::/64").is_private());
        assert!(!cidr("172.32.0.0/16").is_private());
        assert!(!cidr("0.0.0.0/0").is_private());
        assert!(!cidr("192.168.1.5/24").is_network());
        assert_eq!(cidr("172.30.0.0/16").nth(258), Some(Ipv4Addr::new(172, 30, 1, 2)));
    }
}
