//! The host's firewall, and the unit that loads it.

use minijinja::Value;
use serde::Serialize;

use super::flushes::unless_shutdown;
use super::template::{self, Template};
use super::units::{command, texts, unit_file};
use super::{Rendered, Unwritable, located};
use crate::format::nft;
use crate::ir::Expose;
use crate::node::Node;
use crate::plan::{ETC, ExposedBy, Exposure, Network, NetworkKind, NetworkUse, Plan};
use crate::tree::Artifact;

#[derive(Serialize)]
struct View<'a> {
    home4: Value,
    home6: Value,
    bridges: Value,
    services: Option<Services<'a>>,
    published: Vec<Published<'a>>,
    open: Vec<Open<'a>>,
    log: bool,
}

#[derive(Serialize)]
struct Services<'a> {
    bridge: &'a str,
    subnet: String,
}

#[derive(Serialize)]
struct Published<'a> {
    proto: Value,
    number: u16,
    to: Value,
    origin: &'a str,
}

/// A port that the input chain lets in.
#[derive(Serialize)]
struct Open<'a> {
    from: Value,
    proto: Value,
    number: u16,
    origin: &'a str,
}

pub(super) fn render(plan: &Plan) -> Rendered {
    let Some(firewall) = &plan.firewall else { return Ok(Vec::new()) };
    let origin = &firewall.origin;
    let neighbours = plan.networks.values().find(|network| network.kind == NetworkKind::Open);
    let near = neighbours.map(near).transpose()?;
    let view = View {
        home4: template::words(&plan.lan4, ", "),
        // Addresses of the link are always those of neighbours.
        home6: template::words(
            plan.lan6.iter().map(ToString::to_string).chain(["fe80::/10".to_owned()]),
            ", ",
        ),
        bridges: bridges(plan)?,
        services: neighbours
            .map(|network| Services { bridge: &network.bridge, subnet: network.subnet.to_string() }),
        published: plan.exposures.iter().filter_map(published).collect(),
        open: plan.exposures.iter().flat_map(|exposure| open(plan, exposure, near.as_deref())).collect(),
        log: firewall.log,
    };
    let rules = template::fill(Template::Firewall, &view, origin)?;
    let path = format!("{ETC}/firewall.nft");
    let load = command(&["/usr/sbin/nft", "-f", &path]);
    let unit = unit_file(
        "mediac-firewall.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Firewall of the host")),
                    ("Documentation", texts(["man:nft(8)"])),
                    ("DefaultDependencies", Node::new(false)),
                    ("Wants", texts(["network-pre.target"])),
                    ("Before", texts(["network-pre.target", "docker.service"])),
                    ("After", texts(["local-fs.target", "systemd-modules-load.service", "nftables.service"])),
                    ("PartOf", texts(["nftables.service"])),
                    ("ReloadPropagatedFrom", texts(["nftables.service"])),
                ],
            ),
            (
                "Service",
                vec![
                    ("Type", Node::new("oneshot")),
                    ("RemainAfterExit", Node::new(true)),
                    ("ExecStartPre", command(&["/usr/sbin/nft", "-c", "-f", &path])),
                    ("ExecStart", load.clone()),
                    ("ExecReload", load),
                    (
                        "ExecStop",
                        Node::list([unless_shutdown("/usr/sbin/nft delete table inet mediac_firewall")]),
                    ),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["sysinit.target"]))]),
        ],
        origin,
    )?;
    Ok(vec![Artifact::system(path, rules, origin).with_mode(0o600), unit])
}

/// The names of all container networks' bridges.
fn bridges(plan: &Plan) -> Result<Value, Vec<Unwritable>> {
    let names: Result<Vec<String>, _> = plan.networks.values().map(ifname).collect();
    Ok(word(names?.join(", ")))
}

/// What matches the containers of the open network.
fn near(network: &Network) -> Result<String, Vec<Unwritable>> {
    Ok(format!("iifname {} ip saddr {} ", ifname(network)?, network.subnet))
}

/// The name of a network's bridge, quoted.
fn ifname(network: &Network) -> Result<String, Vec<Unwritable>> {
    nft::ifname(&network.bridge).map_err(|issue| located(vec![issue], &network.origin))
}

/// Published ports that not everyone may reach.
fn published(exposure: &Exposure) -> Option<Published<'_>> {
    if exposure.by == ExposedBy::Native {
        return None;
    }
    let to = match exposure.expose {
        Expose::Wan => return None,
        Expose::Lan => "from_home",
        Expose::Host | Expose::None => "from_host",
    };
    Some(Published {
        proto: word(exposure.proto.as_str()),
        number: exposure.host_port.number(),
        to: word(to),
        origin: exposure.origin.as_str(),
    })
}

/// Ports of the host itself: those of native services, and those where a proxy of Docker's listens for containers.
/// `near` are the open containers, which may use what home may use.
fn open<'a>(plan: &Plan, exposure: &'a Exposure, near: Option<&str>) -> Vec<Open<'a>> {
    let mut sources: Vec<String> = Vec::new();
    if exposure.by == ExposedBy::Native {
        match exposure.expose {
            Expose::Wan => sources.push(String::new()),
            Expose::Lan => {
                sources.push("ip saddr @home4 ".to_owned());
                sources.push("ip6 saddr @home6 ".to_owned());
            }
            Expose::Host | Expose::None => {}
        }
    }
    if exposure.expose >= Expose::Lan && matches!(exposure.by, ExposedBy::Container(_)) {
        sources.extend(near.map(ToOwned::to_owned));
    } else if !sources.iter().any(String::is_empty) {
        sources.extend(exposure.peers.iter().filter_map(|id| match &plan.containers.get(id)?.network {
            NetworkUse::Own { address, .. } => Some(format!("ip saddr {address} ")),
            NetworkUse::Shared(_) => None,
        }));
    }
    sources
        .into_iter()
        .map(|from| Open {
            from: word(from),
            proto: word(exposure.proto.as_str()),
            number: exposure.host_port.number(),
            origin: exposure.origin.as_str(),
        })
        .collect()
}

fn word(text: impl Into<String>) -> Value {
    Value::from_safe_string(text.into())
}
