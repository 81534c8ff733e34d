//! What a host means: names, networks, mounts, ports, units and policies, ready to be written.
//!
//! Making a plan cannot fail: what could be wrong with a host was judged before.

mod accounts;
mod containers;
mod exposure;
mod files;
mod natives;
mod networks;
mod policy;
mod routes;
mod storage;
mod types;
mod wiring;

use std::collections::BTreeMap;

use crate::ir::Host;
use crate::path::OptionPath;

pub use networks::stable_hash;
pub use storage::{common as common_folder, disk_of, is_within as storage_is_within};

pub use policy::{ExposedBy, Exposure, Firewall, KillSwitchPlan, TunnelPlan};
pub use wiring::{ENDPOINT, plan as wiring};

pub use types::{
    Account, Container, Directory, DiskMount, File, Maker, Native, Network, NetworkKind, NetworkUse, Plan,
    Proxy, Published, Repository, Secret, Site, Volume,
};

/// The folder of everything that mediac keeps on the host.
pub const ETC: &str = "/etc/mediac";
/// Where secrets are filled in, in memory.
pub const RUN: &str = "/run/mediac";
/// Where scripts go.
pub const LIB: &str = "/usr/lib/mediac";
/// The folder in which a container finds its secrets.
pub const SECRETS_IN_CONTAINER: &str = "/run/secrets/mediac";

/// Plans a host that was judged before.
pub fn plan(host: &Host) -> Plan {
    let networks = networks::plan(host);
    let tunnels = networks::tunnels(host, &networks);
    let exposures = exposure::plan(host);
    let containers = containers::plan(host, &networks, &tunnels, &exposures);
    let secrets = secrets(host);
    let mut files = files::plan(host);
    files.extend(files::secrets(host));
    files.extend(wiring::plan(host));
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
    for (wanted, option) in [(host.firewall.is_some(), "firewall"), (host.killswitch.is_some(), "killswitch")]
    {
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
