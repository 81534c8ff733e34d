//! What a host means: names, networks, mounts, ports, units and policies, ready to be written.
//!
//! Making a plan cannot fail: what could be wrong with a host was judged before.

mod accounts;
mod containers;
mod exposure;
mod files;
mod natives;
mod networks;
mod routes;
mod storage;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::ir::{
    Cidr, Class, Expose, FileSystem, Format, Gpu, Health, Host, KillSwitch, Mode, Need, Port, Proto, Scheme,
    SecretForm, SecretSource, TunnelEndpoint, WebAccess,
};
use crate::node::Node;
use crate::path::OptionPath;

pub use networks::stable_hash;
pub use storage::{common as common_folder, disk_of, is_within as storage_is_within};

/// The folder of everything that mediac keeps on the host.
pub const ETC: &str = "/etc/mediac";
/// Where secrets are filled in, in memory.
pub const RUN: &str = "/run/mediac";
/// Where scripts go.
pub const LIB: &str = "/usr/lib/mediac";
/// The folder in which a container finds its secrets.
pub const SECRETS_IN_CONTAINER: &str = "/run/secrets/mediac";

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

/// Plans a host that was judged before.
pub fn plan(host: &Host) -> Plan {
    let networks = networks::plan(host);
    let tunnels = networks::tunnels(host, &networks);
    let exposures = exposure::plan(host);
    let containers = containers::plan(host, &networks, &tunnels, &exposures);
    let secrets = secrets(host);
    let mut files = files::plan(host);
    files.extend(files::secrets(host));
    let open = containers
        .values()
        .filter_map(|container| match &container.network {
            NetworkUse::Own { network, address } => {
                let network = networks.get(network).filter(|network| network.kind == NetworkKind::Open)?;
                Some((network.bridge.clone(), *address))
            }
            NetworkUse::Shared(_) => None,
        })
        .collect();
    Plan {
        host: host.name.clone(),
        lan4: host.lan.ipv4.clone(),
        lan6: host.lan.ipv6.clone(),
        umask: host.umask.clone(),
        natives: natives::plan(host),
        accounts: accounts::plan(host),
        disks: storage::disks(host),
        mount_points: storage::mount_points(host),
        directories: storage::directories(host, &files),
        files,
        proxy: routes::plan(host),
        firewall: host
            .firewall
            .as_ref()
            .map(|firewall| Firewall { log: firewall.log, origin: OptionPath::root().field("firewall") }),
        killswitch: host.killswitch.as_ref().filter(|_| !tunnels.is_empty()).map(|policy| KillSwitchPlan {
            policy: policy.clone(),
            uids: accounts::confined_uids(host),
            open,
            tunnels,
            origin: OptionPath::root().field("killswitch"),
        }),
        gpu: host.gpu.clone().filter(|_| host.services.values().any(|service| service.gpu)),
        packages: packages(host),
        repositories: repositories(host),
        networks,
        containers,
        exposures,
        secrets,
    }
}

fn secrets(host: &Host) -> BTreeMap<(String, String), Secret> {
    let mut all = BTreeMap::new();
    for (id, service) in &host.services {
        for (name, secret) in &service.secrets {
            let origin = Host::service_path(id).field("secrets").field(name);
            let crate::ir::Secret { source, form, file, about } = secret.clone();
            all.insert((id.clone(), name.clone()), Secret { source, form, file, about, origin });
        }
    }
    all
}

/// What services ask for, and what mediac's own files need.
fn packages(host: &Host) -> BTreeMap<String, OptionPath> {
    let mut packages = BTreeMap::new();
    if host.services.values().any(|service| service.runtime == crate::ir::Runtime::Container) {
        for name in ["docker.io", "docker-cli", "docker-compose"] {
            packages.insert(name.to_owned(), OptionPath::root().field("services"));
        }
    }
    for (wanted, option) in [(host.firewall.is_some(), "firewall"), (host.killswitch.is_some(), "killswitch")] {
        if wanted {
            packages.insert("nftables".to_owned(), OptionPath::root().field(option));
        }
    }
    for (id, service) in &host.services {
        for name in service.packages.iter().filter(|(_, wanted)| **wanted).map(|(name, _)| name) {
            packages.insert(name.clone(), Host::service_path(id).field("packages").field(name));
        }
    }
    packages
}

fn repositories(host: &Host) -> BTreeMap<String, Repository> {
    let mut all = BTreeMap::new();
    for (id, service) in &host.services {
        for (name, apt) in &service.apt {
            let origin = Host::service_path(id).field("apt").field(name);
            let crate::ir::Apt { uris, suites, components, signed_by, key_uri } = apt.clone();
            all.insert(name.clone(), Repository { uris, suites, components, signed_by, key_uri, origin });
        }
    }
    all
}
