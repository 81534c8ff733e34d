//! The larger parts of a service: files, units, repositories, tunnels and sites.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Mode, Port};
use crate::node::Node;

/// A file that a service brings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where it goes.
    pub path: String,
    /// How it is written.
    pub format: Format,
    /// What it says; filled in from the tree.
    #[serde(skip)]
    pub content: Node,
    /// How it is kept.
    pub class: Class,
    /// Its mode.
    pub mode: Mode,
    /// Its owner.
    pub owner: Option<String>,
    /// Its group.
    pub group: Option<String>,
}

/// Formats files are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// YAML.
    Yaml,
    /// YAML with all strings quoted.
    YamlQuoted,
    /// JSON.
    Json,
    /// XML elements.
    Xml,
    /// XML with a declaration and settings as attributes.
    XmlAttributes,
    /// INI as Python's configparser reads it.
    Ini,
    /// INI as Qt's `QSettings` reads it.
    Qsettings,
    /// A systemd unit.
    Unit,
    /// Lines of a keyword and its value, as `sshd_config` has.
    Keyword,
    /// A stanza of fields, as apt reads it.
    Deb822,
    /// One entry a line.
    Lines,
    /// udev rules.
    Udev,
    /// Variables, as Docker's env files have them.
    Env,
}

/// How a file is kept once it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Exactly as written.
    Owned,
    /// Made once, then its program's own.
    Seed,
    /// Only the keys written here are kept.
    Keys,
}

/// The unit of a native service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Native {
    /// Its systemd unit.
    pub unit: String,
    /// The user it runs as.
    pub user: String,
    /// Groups it needs besides.
    pub groups: BTreeMap<String, bool>,
}

/// A package repository.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apt {
    /// Addresses.
    pub uris: Vec<String>,
    /// Suites.
    pub suites: Vec<String>,
    /// Components.
    pub components: Vec<String>,
    /// The key it is signed with.
    pub signed_by: String,
    /// Where the vendor publishes the key.
    pub key_uri: Option<String>,
}

/// A tunnel that a service makes for others.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tunnel {
    /// Its interface inside the container.
    pub interface: String,
    /// VPN servers that may be used.
    pub endpoints: BTreeMap<String, TunnelEndpoint>,
    /// Name servers behind the tunnel.
    pub dns: Vec<IpAddr>,
}

/// A VPN server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunnelEndpoint {
    /// Its address.
    pub ip: IpAddr,
    /// Its port.
    pub port: Port,
    /// Its public key.
    pub public_key: String,
}

/// The sites of the reverse proxy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// Its configuration file.
    pub path: String,
    /// The domain.
    pub domain: String,
    /// Address for the certificate authority.
    pub email: Option<String>,
    /// The access log, as the proxy sees it.
    pub log: Option<String>,
    /// Names and where they lead.
    pub routes: BTreeMap<String, Route>,
}

/// A name, and where it leads.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The name below the domain, or a whole one.
    pub host: String,
    /// The service that answers.
    pub to: String,
    /// Its endpoint.
    pub endpoint: String,
    /// Who may use it.
    pub access: WebAccess,
}

/// Who may use a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebAccess {
    /// The networks at home.
    Lan,
    /// Everyone.
    Wan,
}

/// What is watched to shut out whoever fails to log in; the module that watches writes the files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// Ports to close.
    pub port: String,
    /// Where the log is.
    pub backend: String,
    /// The log file.
    pub log: Option<String>,
    /// The filter.
    #[serde(default)]
    pub filter: Option<IgnoredAny>,
}
