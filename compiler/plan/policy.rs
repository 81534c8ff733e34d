//! Who may reach what: exposed ports, the firewall, and what confined services may do.

use std::net::Ipv4Addr;

use crate::ir::{Expose, KillSwitch, Port, Proto, TunnelEndpoint};
use crate::path::OptionPath;

/// A port that can be reached from outside its network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The service.
    pub service: String,
    /// Its endpoint.
    pub endpoint: String,
    /// Transport protocol.
    pub proto: Proto,
    /// Port on the host.
    pub host_port: Port,
    /// Port in the container.
    pub container_port: Port,
    /// Who may reach it.
    pub expose: Expose,
    /// How it gets there.
    pub by: ExposedBy,
    /// Containers of open networks that reach it through the host.
    pub peers: Vec<String>,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// How a port gets to the host's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExposedBy {
    /// A unit of the host listens on it.
    Native,
    /// Docker forwards it to the named container.
    Container(String),
    /// Docker forwards it into the namespace of the named tunnel.
    Tunnel(String),
}

/// The firewall.
#[derive(Debug, Clone)]
pub struct Firewall {
    /// Whether refused packets are logged.
    pub log: bool,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// The kill-switch.
#[derive(Debug, Clone)]
pub struct KillSwitchPlan {
    /// Its policy.
    pub policy: KillSwitch,
    /// The confined networks.
    pub tunnels: Vec<TunnelPlan>,
    /// Containers with a fixed address on an open network: bridge and address.
    pub open: Vec<(String, Ipv4Addr)>,
    /// User numbers that may not speak on the host's own network.
    pub uids: Vec<u32>,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// A tunnel, and what shares its network.
#[derive(Debug, Clone)]
pub struct TunnelPlan {
    /// The service that makes it.
    pub owner: String,
    /// Its network.
    pub network: String,
    /// Its address there.
    pub address: Ipv4Addr,
    /// VPN servers it may talk to.
    pub endpoints: Vec<TunnelEndpoint>,
    /// Services that share its network.
    pub children: Vec<String>,
}
