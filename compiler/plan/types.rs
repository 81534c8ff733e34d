//! What a plan is made of.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::{Exposure, Firewall, KillSwitchPlan};
use crate::ir::{
    Cidr, Class, FileSystem, Format, Gpu, Health, Mode, Need, Port, Proto, Scheme, SecretForm, SecretSource,
    WebAccess,
};
use crate::node::Node;
use crate::path::OptionPath;

/// A planned host.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its name.
    pub host: String,
    /// Networks that count as home.
    pub lan4: Vec<Cidr>,
    /// The same for IPv6.
    pub lan6: Vec<Cidr>,
    /// Umask of what writes media.
    pub umask: String,
    /// Container networks by name.
    pub networks: BTreeMap<String, Network>,
    /// Containers by service.
    pub containers: BTreeMap<String, Container>,
    /// Native services by service.
    pub natives: BTreeMap<String, Native>,
    /// Accounts that something runs under.
    pub accounts: Vec<Account>,
    /// Mount units.
    pub disks: Vec<DiskMount>,
    /// Mount points that the host's services depend on.
    pub mount_points: Vec<String>,
    /// Folders that must exist.
    pub directories: BTreeMap<String, Directory>,
    /// Files that services bring, seeds among them.
    pub files: Vec<File>,
    /// The reverse proxy.
    pub proxy: Option<Proxy>,
    /// Every port that can be reached from outside its network.
    pub exposures: Vec<Exposure>,
    /// The firewall, when one is wanted.
    pub firewall: Option<Firewall>,
    /// The kill-switch, when one is wanted and something is confined.
    pub killswitch: Option<KillSwitchPlan>,
    /// The GPU.
    pub gpu: Option<Gpu>,
    /// Debian packages, and the option that asks for each.
    pub packages: BTreeMap<String, OptionPath>,
    /// Package repositories by name.
    pub repositories: BTreeMap<String, Repository>,
    /// Secrets by service and name.
    pub secrets: BTreeMap<(String, String), Secret>,
}

/// A container network.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its bridge on the host.
    pub bridge: String,
    /// Its addresses.
    pub subnet: Cidr,
    /// The host's address in it.
    pub gateway: Ipv4Addr,
    /// Where Docker takes addresses from by itself; fixed ones lie outside.
    pub dynamic: Cidr,
    /// What its containers may do.
    pub kind: NetworkKind,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// What the containers of a network may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkKind {
    /// Anything.
    Open,
    /// Only what the tunnel of the named service allows.
    Confined(String),
}

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    /// The name people know it by.
    pub title: String,
    /// Its module.
    pub kind: String,
    /// Image with tag, and digest where one is known.
    pub image: String,
    /// Its command, when it is not the image's.
    pub command: Option<Vec<String>>,
    /// User inside the container.
    pub user: Option<String>,
    /// Whether Docker puts an init process in front.
    pub init: bool,
    /// Its network.
    pub network: NetworkUse,
    /// Ports that it publishes, its own and those of what shares its network.
    pub ports: Vec<Published>,
    /// Environment without secrets.
    pub env: BTreeMap<String, String>,
    /// The environment that holds secrets: variables by name, with references.
    pub secret_env: BTreeMap<String, String>,
    /// Folders of the host it sees.
    pub volumes: Vec<Volume>,
    /// Devices it gets.
    pub devices: Vec<String>,
    /// Linux capabilities it gets.
    pub capabilities: Vec<String>,
    /// Kernel settings of its network.
    pub sysctls: BTreeMap<String, String>,
    /// Name servers, when they are not Docker's own.
    pub dns: Vec<IpAddr>,
    /// Names with fixed addresses.
    pub extra_hosts: BTreeMap<String, IpAddr>,
    /// Its health check.
    pub health: Option<Health>,
    /// The command that makes it take in changed files.
    pub reload: Option<Vec<String>>,
    /// What must be there first.
    pub needs: BTreeMap<String, Need>,
    /// The option path of the service.
    pub origin: OptionPath,
}

/// How a container is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkUse {
    /// It has a network of its own, with a fixed address.
    Own {
        /// The network.
        network: String,
        /// The address.
        address: Ipv4Addr,
    },
    /// It shares the network of another service.
    Shared(String),
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Published {
    /// Port on the host.
    pub host_port: Port,
    /// Transport protocol.
    pub proto: Proto,
    /// The host address it is bound to; all when there is none.
    pub address: Option<Ipv4Addr>,
    /// Port in the container.
    pub container_port: Port,
    /// The endpoint it comes from.
    pub origin: OptionPath,
}

/// A folder of the host that a container sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The folder.
    pub source: String,
    /// Where it is seen.
    pub target: String,
    /// Whether it can be written.
    pub access: crate::ir::Access,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// A unit of the host.
#[derive(Debug, Clone)]
pub struct Native {
    /// The name people know it by.
    pub title: String,
    /// Its module.
    pub kind: String,
    /// Its systemd unit.
    pub unit: String,
    /// The user it runs as.
    pub user: String,
    /// Groups it needs.
    pub groups: Vec<String>,
    /// Folders that must be mounted before it starts.
    pub mounts: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Whether it needs the GPU.
    pub gpu: bool,
    /// The umask it writes with, when it writes media.
    pub umask: Option<String>,
    /// The option path of the service.
    pub origin: OptionPath,
}

/// An account of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// User number.
    pub uid: u32,
    /// Group name.
    pub group: String,
    /// Group number.
    pub gid: u32,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// A disk to mount.
#[derive(Debug, Clone)]
pub struct DiskMount {
    /// The device file, by UUID or label.
    pub what: String,
    /// The mount point.
    pub at: String,
    /// File system.
    pub fs: FileSystem,
    /// Mount options.
    pub options: Vec<String>,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// A folder that must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its mode.
    pub mode: Mode,
    /// Its owner.
    pub owner: String,
    /// Its group.
    pub group: String,
    /// Who makes it.
    pub maker: Maker,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// Who makes a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// systemd-tmpfiles, after the disks are mounted.
    Tmpfiles,
    /// mediac itself, when it applies a build: its owner comes with a package.
    Apply,
}

/// A file that a service brings.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it goes.
    pub path: String,
    /// How it is written.
    pub format: Format,
    /// What it says.
    pub content: Node,
    /// How it is kept.
    pub class: Class,
    /// Its mode.
    pub mode: Mode,
    /// Its owner.
    pub owner: String,
    /// Its group.
    pub group: String,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// The reverse proxy and its sites.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// The service that is the proxy.
    pub service: String,
    /// Its configuration file.
    pub path: String,
    /// Address for the certificate authority.
    pub email: Option<String>,
    /// Its access log.
    pub log: Option<String>,
    /// Its sites by full host name.
    pub sites: BTreeMap<String, Site>,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// A site of the proxy.
#[derive(Debug, Clone)]
pub struct Site {
    /// The service that answers.
    pub service: String,
    /// What is spoken there.
    pub scheme: Scheme,
    /// Its port, as the proxy reaches it.
    pub port: Port,
    /// Who may use it.
    pub access: WebAccess,
    /// The option it comes from.
    pub origin: OptionPath,
}

/// A package repository.
#[derive(Debug, Clone)]
pub struct Repository {
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
    /// The option it comes from.
    pub origin: OptionPath,
}

/// A secret, by reference.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Where its value comes from.
    pub source: SecretSource,
    /// The shape of its value.
    pub form: SecretForm,
    /// Whether the container gets it as a file.
    pub file: bool,
    /// What it is.
    pub about: String,
    /// The option it comes from.
    pub origin: OptionPath,
}
