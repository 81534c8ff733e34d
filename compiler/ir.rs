//! What the user said: the evaluated definition, typed. The boundary between Nickel and Rust.

mod host;
mod net;
mod parts;
mod service;
mod words;

use serde::de::Error as _;

use crate::node::{Node, Value};

pub use host::{
    Account, Disk, Downloads, FileSystem, Firewall, Gpu, Host, KillSwitch, Lan, Library, Networks, Storage,
};
pub use host::{GpuDriver, Ipv6Policy, Macvlan, Undeclared};
pub use net::{Cidr, Port};
pub use parts::{Apt, Ban, Class, File, Format, Native, Proxy, Route, Tunnel, TunnelEndpoint, WebAccess};
pub use service::{
    Access, Directory, Endpoint, Expose, Health, Mount, Need, Proto, Runtime, Scheme, Secret, SecretForm,
    SecretSource, Service, Uses,
};
pub use words::{Duration, Mode};

/// Reads a host from its evaluated definition.
///
/// The schemas have judged it before: what fails here is a fault of mediac, not of the host file.
pub fn read(tree: &Node) -> Result<Host, String> {
    let mut host: Host = serde_json::from_value(json(tree)).map_err(|error| error.to_string())?;
    for (id, service) in &mut host.services {
        let said = tree.get("services").and_then(|services| services.get(id));
        let part = |name: &str| {
            let found = said.and_then(|service| service.get(name)).cloned();
            found.filter(|node| node.value != Value::Null)
        };
        (service.api, service.wiring) = (part("api"), part("wiring"));
        for (kind, files) in [("seeds", &mut service.seeds), ("files", &mut service.files)] {
            for (name, file) in files.iter_mut() {
                file.content = said
                    .and_then(|service| service.get(kind)?.get(name)?.get("content"))
                    .cloned()
                    .ok_or_else(|| {
                        serde_json::Error::custom(format!("{id}: {name} has no content")).to_string()
                    })?;
            }
        }
    }
    Ok(host)
}

/// The same data without origins. Free-form parts are left out: they stay trees.
fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(n) => (*n).into(),
        Value::Float(n) => (*n).into(),
        Value::Str(s) => s.as_str().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => entries
            .iter()
            .filter(|(key, _)| match key.as_str() {
                "content" => false,
                "options" | "api" | "wiring" => !entries.contains_key("runtime"),
                _ => true,
            })
            .map(|(key, value)| (key.clone(), json(value)))
            .collect(),
    }
}
