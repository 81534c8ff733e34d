//! What a build says of its units and containers, as far as it matters for starting and stopping them.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use super::generation::Generation;
use crate::diff::DEFINITION;

const UNITS: &str = "/etc/systemd/system/";
const COMPOSE_FILE: &str = "/etc/mediac/compose.yaml";

/// Units and containers of a build.
#[derive(Debug, Default)]
pub struct Layout {
    units: BTreeMap<String, String>,
    others: BTreeSet<String>,
    reloads: BTreeMap<String, Vec<String>>,
    networks: BTreeMap<String, BTreeSet<String>>,
    children: BTreeSet<String>,
    definitions: BTreeMap<String, String>,
}

impl Layout {
    /// Of a build.
    pub fn new(build: &Generation) -> Self {
        let mut layout = Self::default();
        for path in build.files.keys() {
            let Some(rest) = path.strip_prefix(UNITS) else { continue };
            match rest.split_once('/') {
                None => {
                    layout.units.insert(rest.to_owned(), build.text(path).unwrap_or_default().to_owned());
                }
                // An addition to a unit that a package brings.
                Some((folder, _)) => layout.others.extend(folder.strip_suffix(".d").map(str::to_owned)),
            }
        }
        let inventory = build.meaning();
        for (id, service) in inventory.services {
            layout.others.extend(service.unit);
            layout.reloads.extend(service.reload.map(|reload| (id, reload)));
        }
        layout.containers(build.text(COMPOSE_FILE).unwrap_or_default());
        layout
    }

    fn containers(&mut self, compose: &str) {
        let compose: Value = serde_yaml::from_str(compose).unwrap_or_default();
        let services = compose.get("services").and_then(Value::as_mapping);
        for (name, service) in services.into_iter().flatten() {
            let Some(name) = name.as_str() else { continue };
            let mode = service.get("network_mode").and_then(Value::as_str).unwrap_or_default();
            if mode.starts_with("service:") {
                self.children.insert(name.to_owned());
            }
            let label =
                service.get("labels").and_then(|labels| labels.get(DEFINITION)).and_then(Value::as_str);
            self.definitions.extend(label.map(|label| (name.to_owned(), label.to_owned())));
            let networks = service.get("networks").and_then(Value::as_mapping);
            for network in networks.into_iter().flatten().filter_map(|(network, _)| network.as_str()) {
                self.networks.entry(network.to_owned()).or_default().insert(name.to_owned());
            }
        }
    }

    /// Whether a unit is of this build, or one that this build is about.
    pub fn has(&self, unit: &str) -> bool {
        self.units.contains_key(unit) || self.others.contains(unit)
    }

    /// Whether a unit can be enabled.
    pub fn installs(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|text| text.lines().any(|line| line == "[Install]"))
    }

    /// Whether a unit is started by something else: a timer of its name.
    pub fn waits(&self, unit: &str) -> bool {
        unit.strip_suffix(".service").is_some_and(|name| self.units.contains_key(&format!("{name}.timer")))
    }

    /// The command that makes a container take in changed files.
    pub fn reload(&self, service: &str) -> Option<&[String]> {
        self.reloads.get(service).map(Vec::as_slice)
    }

    /// Whether a container shares the network of another one.
    pub fn is_child(&self, service: &str) -> bool {
        self.children.contains(service)
    }

    /// The label of a container that says which definition it was made from; builds of old have none.
    pub fn definition(&self, service: &str) -> Option<&str> {
        self.definitions.get(service).map(String::as_str)
    }

    /// The containers on a network.
    pub fn on_network(&self, network: &str) -> impl Iterator<Item = &str> {
        self.networks.get(network).into_iter().flatten().map(String::as_str)
    }
}
