//! The inventory: what a build means, in the words of a reviewer. `diff` compares two of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ir::{SecretSource, WebAccess};
use crate::path::OptionPath;
use crate::plan::{ExposedBy, NetworkKind, NetworkUse, Plan};

/// What a build means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The host.
    pub host: String,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
    /// Sites by full name.
    pub routes: BTreeMap<String, Route>,
    /// Container networks by name.
    pub networks: BTreeMap<String, Network>,
    /// Disks by mount point: device and file system.
    pub disks: BTreeMap<String, String>,
    /// Whether there is a firewall, and whether there is a kill-switch.
    pub policies: Policies,
    /// Secrets as SERVICE/NAME: where the value comes from.
    pub secrets: BTreeMap<String, String>,
    /// Debian packages.
    pub packages: Vec<String>,
    /// Package repositories: addresses, and the key.
    pub repositories: BTreeMap<String, String>,
}

/// A service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name people know it by.
    pub title: String,
    /// Its module.
    pub kind: String,
    /// Its image, for a container.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<String>,
    /// Its unit, for a native service.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// Its network, or the service whose network it shares.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network: Option<String>,
    /// The command that makes its container take in changed files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reload: Option<Vec<String>>,
    /// Endpoints by name: port, protocol, and who may reach it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub ports: BTreeMap<String, Port>,
}

/// A port that can be reached from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// Port on the host and protocol, such as `8080/tcp`.
    pub port: String,
    /// Who may reach it: none (only named containers), host, lan, wan.
    pub expose: String,
    /// Containers that reach it through the host.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub peers: Vec<String>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Where it leads: service and port.
    pub to: String,
    /// Who may use it: lan or wan.
    pub access: String,
}

/// A container network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its addresses.
    pub subnet: String,
    /// Its bridge.
    pub bridge: String,
    /// The tunnel its containers are confined to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confined_to: Option<String>,
}

/// Policies of the whole host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// Whether mediac writes the host's firewall.
    pub firewall: bool,
    /// Whether mediac writes the kill-switch.
    pub killswitch: bool,
}

impl Inventory {
    /// The inventory of a plan.
    pub fn new(plan: &Plan) -> Self {
        Self {
            host: plan.host.clone(),
            services: services(plan),
            routes: routes(plan),
            networks: networks(plan),
            disks: plan
                .disks
                .iter()
                .map(|disk| (disk.at.clone(), format!("{} ({})", disk.what, disk.fs.as_str())))
                .collect(),
            policies: Policies { firewall: plan.firewall.is_some(), killswitch: plan.killswitch.is_some() },
            secrets: plan
                .secrets
                .iter()
                .map(|((service, name), secret)| {
                    let source = match secret.source {
                        SecretSource::Given => "given",
                        SecretSource::Derived => "derived",
                    };
                    (format!("{service}/{name}"), source.to_owned())
                })
                .collect(),
            packages: plan.packages.keys().cloned().collect(),
            repositories: plan
                .repositories
                .iter()
                .map(|(name, repository)| {
                    let key = repository.key_uri.as_deref().unwrap_or("no known address");
                    let uris = repository.uris.join(" ");
                    (name.clone(), format!("{uris} (key {} from {key})", repository.signed_by))
                })
                .collect(),
        }
    }

    /// The text of the inventory.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The option that a part of the inventory comes from.
    pub fn option(service: &str) -> OptionPath {
        OptionPath::root().field("services").field(service)
    }
}

fn services(plan: &Plan) -> BTreeMap<String, Service> {
    let mut services = BTreeMap::new();
    for (id, container) in &plan.containers {
        let network = match &container.network {
            NetworkUse::Own { network, .. } => network.clone(),
            NetworkUse::Shared(owner) => format!("that of {owner}"),
        };
        services.insert(
            id.clone(),
            Service {
                title: container.title.clone(),
                kind: container.kind.clone(),
                image: Some(container.image.clone()),
                network: Some(network),
                reload: container.reload.clone(),
                ..Service::default()
            },
        );
    }
    for (id, native) in &plan.natives {
        services.insert(
            id.clone(),
            Service {
                title: native.title.clone(),
                kind: native.kind.clone(),
                unit: Some(native.unit.clone()),
                ..Service::default()
            },
        );
    }
    for exposure in &plan.exposures {
        let Some(service) = services.get_mut(&exposure.service) else { continue };
        let port = Port {
            port: format!("{}/{}", exposure.host_port, exposure.proto.as_str()),
            expose: exposure.expose.as_str().to_owned(),
            peers: if exposure.by == ExposedBy::Native { Vec::new() } else { exposure.peers.clone() },
        };
        service.ports.insert(exposure.endpoint.clone(), port);
    }
    services
}

fn routes(plan: &Plan) -> BTreeMap<String, Route> {
    let sites = plan.proxy.iter().flat_map(|proxy| &proxy.sites);
    sites
        .map(|(name, site)| {
            let access = match site.access {
                WebAccess::Lan => "lan",
                WebAccess::Wan => "wan",
            };
            (name.clone(), Route { to: format!("{}:{}", site.service, site.port), access: access.to_owned() })
        })
        .collect()
}

fn networks(plan: &Plan) -> BTreeMap<String, Network> {
    plan.networks
        .iter()
        .map(|(name, network)| {
            let confined_to = match &network.kind {
                NetworkKind::Open => None,
                NetworkKind::Confined(owner) => Some(owner.clone()),
            };
            let (subnet, bridge) = (network.subnet.to_string(), network.bridge.clone());
            (name.clone(), Network { subnet, bridge, confined_to })
        })
        .collect()
}
