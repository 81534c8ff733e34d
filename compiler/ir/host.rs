//! The machine: network, accounts, storage, and the policies that hold for all services.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Cidr, Service};
use crate::path::OptionPath;

/// A whole host definition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Name of the host and of its output folder.
    pub name: String,
    /// IANA time zone.
    pub timezone: String,
    /// Networks that count as home.
    pub lan: Lan,
    /// Networks for containers.
    pub network: Networks,
    /// Accounts that own files.
    pub accounts: BTreeMap<String, Account>,
    /// Octal umask of what writes media.
    pub umask: String,
    /// Disks and folders.
    pub storage: Storage,
    /// The GPU, if there is one.
    pub gpu: Option<Gpu>,
    /// The firewall, if mediac writes one.
    pub firewall: Option<Firewall>,
    /// The kill-switch, if mediac writes one.
    pub killswitch: Option<KillSwitch>,
    /// The services by name.
    pub services: BTreeMap<String, Service>,
}

/// Networks that count as home.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lan {
    /// IPv4 networks.
    pub ipv4: Vec<Cidr>,
    /// IPv6 networks.
    pub ipv6: Vec<Cidr>,
}

/// Networks for containers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Networks {
    /// The network of ordinary containers.
    pub services: Cidr,
    /// The range the tunnels' networks are taken from.
    pub confined: Cidr,
}

/// An account of the host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
    /// Group name, when it is not the account's.
    pub group: Option<String>,
}

/// Disks and folders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Disks by name.
    pub disks: BTreeMap<String, Disk>,
    /// Where services keep their settings.
    pub config: String,
    /// Where people's homes are.
    pub home: Option<String>,
    /// Where downloads go.
    pub downloads: Option<Downloads>,
    /// Where the media are.
    pub library: Option<Library>,
    /// Where transcoding writes.
    pub transcode: Option<String>,
}

/// A disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// UUID of the file system.
    pub uuid: Option<String>,
    /// Label of the file system.
    pub label: Option<String>,
    /// Where it is mounted.
    pub mount: String,
    /// Its file system.
    pub fs: FileSystem,
    /// Mount options.
    pub options: BTreeMap<String, bool>,
    /// Whether mediac writes the mount unit.
    pub managed: bool,
}

/// File systems of Debian's kernel that a media disk may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileSystem {
    /// ext4.
    Ext4,
    /// XFS.
    Xfs,
    /// Btrfs.
    Btrfs,
}

impl FileSystem {
    /// Its name for mount(8).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
        }
    }
}

/// The folders for downloads.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Downloads {
    /// The folder of all downloads.
    pub root: String,
    /// Name of the folder for finished ones.
    pub complete: String,
    /// Name of the folder for unfinished ones.
    pub incomplete: String,
}

/// The folders of the library.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// The folder of the whole library.
    pub root: String,
    /// What is kept, and the name of its folder.
    pub folders: BTreeMap<String, String>,
}

/// A GPU for transcoding.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// Its driver family.
    pub driver: GpuDriver,
    /// Its PCI address.
    pub pci: Option<String>,
}

/// Driver families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GpuDriver {
    /// Intel: Quick Sync.
    Intel,
    /// AMD: VA-API.
    Amd,
}

/// The host's firewall.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    /// Whether refused packets are logged.
    pub log: bool,
}

/// The kill-switch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillSwitch {
    /// What confined services may do over IPv6.
    pub ipv6: Ipv6Policy,
    /// Whether only `WireGuard` messages may leave for the endpoint.
    pub wireguard_only: bool,
    /// What an undeclared bridge may do.
    pub undeclared: Undeclared,
    /// What a container network of the macvlan kind may do.
    pub macvlan: Macvlan,
}

/// What confined services may do over IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ipv6Policy {
    /// Nothing.
    Drop,
}

/// What an undeclared container bridge may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Undeclared {
    /// As little as a confined one.
    Confine,
    /// Anything.
    Allow,
}

/// What frames may leave an interface that leads out of the house under another address than its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Macvlan {
    /// None.
    Drop,
    /// All.
    Allow,
}

impl Host {
    /// The option path of a service.
    pub fn service_path(id: &str) -> OptionPath {
        OptionPath::root().field("services").field(id)
    }
}
