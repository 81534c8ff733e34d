//! The Compose file: every container, with fixed networks and addresses.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Rendered, located};
use crate::format::yaml;
use crate::ir::{Access, Health, Need};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{Container, ETC, Network, NetworkUse, Plan, Published, RUN, Volume, storage_is_within};
use crate::text::Text;
use crate::tree::Artifact;
use crate::tree::{Kept, Tree};

pub(super) fn render(plan: &Plan, tree: &Tree) -> Rendered {
    if plan.containers.is_empty() {
        return Ok(Vec::new());
    }
    let origin = OptionPath::root().field("services");
    let services = plan.containers.iter().map(|(id, container)| (id, service(plan, tree, id, container)));
    let networks = plan.networks.iter().map(|(name, network)| (name, network_node(name, network)));
    let document = Node::map([
        ("name", Node::new("mediac")),
        ("networks", Node::map(networks)),
        ("services", Node::map(services)),
    ])
    .inheriting(&origin);
    let text = yaml::write(&yaml::compose_escape(&document)).map_err(|issues| located(issues, &origin))?;
    Ok(vec![Artifact::system(format!("{ETC}/compose.yaml"), text, &origin)])
}

fn network_node(name: &str, network: &Network) -> Node {
    let Network { bridge, subnet, gateway, dynamic, kind: _, origin } = network;
    let text = |value: String| Node::new(value).from_option(origin);
    let pool = Node::map([
        ("subnet", text(subnet.to_string())),
        ("gateway", text(gateway.to_string())),
        ("ip_range", text(dynamic.to_string())),
    ]);
    Node::map([
        ("name", text(format!("mediac_{name}"))),
        ("driver", text("bridge".to_owned())),
        ("enable_ipv6", Node::new(false).from_option(origin)),
        // The firewall knows bridges by name: Docker must not make one up.
        ("driver_opts", Node::map([("com.docker.network.bridge.name", text(bridge.clone()))])),
        ("ipam", Node::map([("config", Node::list([pool]))])),
    ])
    .from_option(origin)
}

fn service(plan: &Plan, tree: &Tree, id: &str, container: &Container) -> Node {
    let Container {
        title,
        kind: _,
        image,
        command,
        user,
        init,
        network,
        ports,
        env,
        secret_env,
        volumes,
        devices,
        capabilities,
        sysctls,
        dns,
        extra_hosts,
        health,
        reload: _,
        needs,
        origin,
    } = container;
    let at = |field: &str| origin.field(field);
    let text = |value: &str, field: &str| Node::new(value).from_option(&at(field));
    let mut out: BTreeMap<&str, Node> = BTreeMap::new();
    out.insert("container_name", Node::new(id).from_option(origin));
    out.insert("image", text(image, "image"));
    if let Some(words) = command {
        out.insert("command", strings(words, &at("command")));
    }
    if let Some(user) = user {
        out.insert("user", text(user, "user"));
    }
    if *init {
        out.insert("init", Node::new(true).from_option(&at("init")));
    }
    if !env.is_empty() {
        out.insert("environment", map_of(env, &at("env")));
    }
    if !secret_env.is_empty() {
        out.insert("env_file", strings(&[format!("{RUN}/env/{id}.env")], &at("env")));
    }
    if !ports.is_empty() {
        out.insert("ports", Node::list(ports.iter().map(port)));
    }
    if !volumes.is_empty() {
        out.insert("volumes", Node::list(volumes.iter().map(volume)));
    }
    if !devices.is_empty() {
        out.insert("devices", strings(devices, &at("gpu")));
    }
    if !capabilities.is_empty() {
        out.insert("cap_add", strings(capabilities, &at("capabilities")));
    }
    if !sysctls.is_empty() {
        out.insert("sysctls", map_of(sysctls, &at("sysctls")));
    }
    if !dns.is_empty() {
        let servers: Vec<String> = dns.iter().map(ToString::to_string).collect();
        out.insert("dns", strings(&servers, &at("tunnel").field("dns")));
    }
    if !extra_hosts.is_empty() {
        let names: Vec<String> =
            extra_hosts.iter().map(|(name, address)| format!("{name}={address}")).collect();
        out.insert("extra_hosts", strings(&names, &at("extra_hosts")));
    }
    if let Some(health) = health {
        out.insert("healthcheck", healthcheck(health, &at("health")));
    }
    if !needs.is_empty() {
        let needs = needs.iter().map(|(name, need)| (name, dependency(*need, network, name)));
        out.insert("depends_on", Node::map(needs).from_option(&at("needs")));
    }
    let restart = match network {
        // Docker would start it in a namespace that is gone: its supervisor starts it.
        NetworkUse::Shared(owner) => {
            out.insert("network_mode", text(&format!("service:{owner}"), "confine"));
            "no"
        }
        NetworkUse::Own { network, address } => {
            let address = Node::map([("ipv4_address", Node::new(address.to_string()).from_option(origin))]);
            out.insert("networks", Node::map([(network.as_str(), address)]).from_option(origin));
            "unless-stopped"
        }
    };
    out.insert("restart", Node::new(restart).from_option(origin));
    // Docker's default keeps logs for ever; this driver keeps the last few megabytes.
    out.insert("logging", Node::map([("driver", Node::new("local").from_option(origin))]));
    let inputs = Node::new(inputs(plan, tree, container)).from_option(origin);
    let labels = BTreeMap::from([("mediac.inputs", inputs), ("mediac.title", text(title, "title"))]);
    out.insert("labels", Node::map(labels.clone()));
    let definition = Node::new(definition(&out)).from_option(origin);
    out.insert("labels", Node::map(labels.into_iter().chain([("mediac.definition", definition)])));
    Node::map(out).from_option(origin)
}

/// A hash of all that makes Compose take a container for another one. Its own is not the same in every version.
fn definition(service: &BTreeMap<&str, Node>) -> String {
    let hashed = service.iter().filter(|(key, _)| **key != "depends_on");
    let text = yaml::write(&Node::map(hashed.map(|(key, node)| (*key, node.clone()))));
    // What cannot be written is said when all of it is.
    digest(text.iter().map(Text::as_str))
}

fn strings(items: &[String], origin: &OptionPath) -> Node {
    let items = items
        .iter()
        .enumerate()
        .map(|(index, item)| Node::new(item.as_str()).from_option(&origin.index(index)));
    Node::list(items).from_option(origin)
}

fn map_of(entries: &BTreeMap<String, String>, origin: &OptionPath) -> Node {
    let entries = entries
        .iter()
        .map(|(name, value)| (name, Node::new(value.as_str()).from_option(&origin.field(name))));
    Node::map(entries).from_option(origin)
}

/// The long form: the short one is read as a number in base 60 by some YAML parsers.
fn port(port: &Published) -> Node {
    let Published { host_port, proto, address, container_port, origin } = port;
    let node = |value: Node| value.from_option(origin);
    let mut entries = vec![
        ("target", node(Node::new(container_port.number()))),
        ("published", node(Node::new(host_port.to_string()))),
        ("protocol", node(Node::new(proto.as_str()))),
        ("mode", node(Node::new("host"))),
    ];
    if let Some(address) = address {
        entries.push(("host_ip", node(Node::new(address.to_string()))));
    }
    Node::map(entries).from_option(origin)
}

/// A missing folder is an error: Docker would make one, owned by root, maybe below an absent disk.
fn volume(volume: &Volume) -> Node {
    let Volume { source, target, access, origin } = volume;
    let node = |value: Node| value.from_option(origin);
    let mut entries = vec![
        ("type", node(Node::new("bind"))),
        ("source", node(Node::new(source.as_str()))),
        ("target", node(Node::new(target.as_str()))),
        ("bind", Node::map([("create_host_path", node(Node::new(false)))])),
    ];
    if *access == Access::Read {
        entries.push(("read_only", node(Node::new(true))));
    }
    Node::map(entries).from_option(origin)
}

fn healthcheck(health: &Health, origin: &OptionPath) -> Node {
    let Health { test, interval, timeout, retries, start_period, start_interval } = health;
    let text = |value: &str, field: &str| Node::new(value).from_option(&origin.field(field));
    Node::map([
        ("test", strings(test, &origin.field("test"))),
        ("interval", text(interval.as_str(), "interval")),
        ("timeout", text(timeout.as_str(), "timeout")),
        ("retries", Node::new(*retries).from_option(&origin.field("retries"))),
        ("start_period", text(start_period.as_str(), "start_period")),
        ("start_interval", text(start_interval.as_str(), "start_interval")),
    ])
    .from_option(origin)
}

fn dependency(need: Need, network: &NetworkUse, name: &str) -> Node {
    let condition = match need {
        Need::Started => "service_started",
        Need::Healthy => "service_healthy",
    };
    let mut entries = vec![("condition", Node::new(condition))];
    if *network == NetworkUse::Shared(name.to_owned()) {
        entries.push(("restart", Node::new(true)));
    }
    Node::map(entries)
}

/// A hash of what the container reads at its start and Compose does not look at: files below its
/// folders that are kept as built, and which secrets it gets.
fn inputs(plan: &Plan, tree: &Tree, container: &Container) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for file in tree.files.values() {
        let kept = matches!(file.class, Kept::Owned | Kept::Secret);
        let seen = container.volumes.iter().any(|volume| storage_is_within(&file.path, &volume.source));
        let reloaded = plan.proxy.as_ref().is_some_and(|proxy| proxy.path == file.path);
        if kept && seen && !reloaded {
            parts.extend([file.path.as_str(), file.text.as_str()]);
        }
    }
    for (name, value) in &container.secret_env {
        parts.extend([name.as_str(), value.as_str()]);
    }
    digest(parts)
}

/// A short hash of texts.
fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or_default().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
