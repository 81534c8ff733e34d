//! Services: what a module and the host file together say about one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use crate::node::Node;

use super::{Apt, Ban, Duration, File, Mode, Native, Port, Proxy, Tunnel};

/// One service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The module that knows it.
    pub kind: String,
    /// The name people know it by.
    pub title: String,
    /// How it runs.
    pub runtime: Runtime,
    /// Repository and tag of its image.
    pub image: Option<String>,
    /// Digest of its image.
    pub digest: Option<String>,
    /// Its command, when it is not the image's.
    pub command: Option<Vec<String>>,
    /// User and group inside the container.
    pub user: Option<String>,
    /// The account its files belong to.
    pub account: String,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Ports it listens on.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Where it keeps its state.
    pub state: Option<String>,
    /// Further folders of the host.
    pub mounts: BTreeMap<String, Mount>,
    /// Parts of the storage.
    pub uses: Uses,
    /// Folders it needs to find.
    pub directories: BTreeMap<String, Directory>,
    /// Whether it gets the GPU.
    pub gpu: bool,
    /// Whether Docker puts an init process in front.
    pub init: bool,
    /// The tunnel service whose network it shares.
    pub confine: Option<String>,
    /// The tunnel it makes for others.
    pub tunnel: Option<Tunnel>,
    /// Linux capabilities.
    pub capabilities: BTreeMap<String, bool>,
    /// Kernel settings of its network namespace.
    pub sysctls: BTreeMap<String, String>,
    /// Names with fixed addresses.
    pub extra_hosts: BTreeMap<String, IpAddr>,
    /// Its health check.
    pub health: Option<Health>,
    /// Whether the image has a health check.
    pub builtin_health: bool,
    /// The command that makes it take in changed files.
    pub reload: Option<Vec<String>>,
    /// Services that must be there first.
    pub needs: BTreeMap<String, Need>,
    /// Services it talks to across networks.
    pub reaches: BTreeMap<String, bool>,
    /// The category of its downloads.
    pub category: Option<String>,
    /// Secrets it needs.
    pub secrets: BTreeMap<String, Secret>,
    /// Files of its own at its first start.
    pub seeds: BTreeMap<String, File>,
    /// Files of the host it brings.
    pub files: BTreeMap<String, File>,
    /// Its unit, for a native service.
    pub native: Option<Native>,
    /// Debian packages.
    pub packages: BTreeMap<String, bool>,
    /// Package repositories.
    pub apt: BTreeMap<String, Apt>,
    /// The sites, for the reverse proxy.
    pub proxy: Option<Proxy>,
    /// What is watched for it, to shut out whoever fails to log in.
    pub bans: BTreeMap<String, Ban>,
    /// How its API is talked to; filled in from the tree.
    #[serde(skip)]
    pub api: Option<Node>,
    /// What its objects should be; filled in from the tree.
    #[serde(skip)]
    pub wiring: Option<Node>,
}

/// How a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// In a container.
    Container,
    /// As a unit of the host.
    Native,
    /// Not at all: it only brings files.
    None,
}

/// A port a service listens on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The port inside the container.
    pub port: Port,
    /// The port on the host, when it is another.
    pub publish: Option<Port>,
    /// Transport protocol.
    pub proto: Proto,
    /// What is spoken.
    pub scheme: Scheme,
    /// Who may reach it.
    pub expose: Expose,
}

impl Endpoint {
    /// The port on the host.
    pub fn host_port(&self) -> Port {
        self.publish.unwrap_or(self.port)
    }
}

/// Transport protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proto {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Proto {
    /// Its usual name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// Application protocols that matter to a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTPS.
    Https,
    /// Anything else.
    None,
}

/// Who may reach an endpoint; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expose {
    /// Only services on the same network.
    None,
    /// Processes of the host.
    Host,
    /// The networks at home.
    Lan,
    /// Everyone.
    Wan,
}

impl Expose {
    /// Its name in a definition.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Host => "host",
            Self::Lan => "lan",
            Self::Wan => "wan",
        }
    }
}

/// A folder of the host that a container sees.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// The folder on the host.
    pub source: String,
    /// Where the container sees it.
    pub target: String,
    /// Whether it may write.
    pub access: Access,
}

/// Whether something may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It may only read.
    Read,
    /// It may read and write.
    Write,
}

/// Parts of the storage a service uses.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uses {
    /// The downloads.
    pub downloads: Option<Access>,
    /// The library.
    pub library: Option<Access>,
    /// The transcoding folder.
    pub transcode: Option<Access>,
}

/// A folder that must exist.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// The folder.
    pub path: String,
    /// Its mode.
    pub mode: Mode,
}

/// A health check.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The command, as Docker takes it.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: Duration,
    /// How long one may take.
    pub timeout: Duration,
    /// Failures in a row that count.
    pub retries: u32,
    /// Failures this soon do not count.
    pub start_period: Duration,
    /// Time between two checks until the first one passes, within the start period.
    pub start_interval: Duration,
}

/// What must be true of a service that another one needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// It was started.
    Started,
    /// Its health check passes.
    Healthy,
}

/// A secret a service needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Where its value comes from.
    pub source: SecretSource,
    /// The shape of its value.
    pub form: SecretForm,
    /// Whether the container gets it as a file.
    pub file: bool,
    /// What it is.
    pub about: String,
}

/// Where a secret's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// The user gives it, on the machine.
    Given,
    /// It is derived from the host's root key.
    Derived,
}

/// The shape of a secret's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretForm {
    /// 32 hexadecimal digits.
    Hex32,
    /// A password.
    Password,
    /// Any text.
    Text,
}
