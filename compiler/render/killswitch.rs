//! The kill-switch: an nftables table, a second lock in the routing rules, and the units that load both.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::template::{self, Template};
use super::units::{command, texts, unit_file};
use super::{Rendered, located};
use crate::format::nft;
use crate::ir::{Expose, Macvlan, Proto, Undeclared};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{ETC, ExposedBy, Exposure, KillSwitchPlan, LIB, NetworkKind, NetworkUse, Plan, TunnelPlan};
use crate::text::Text;
use crate::tree::Artifact;

const BELT: &str = include_str!("../scripts/killswitch-belt.sh");
const UPLINKS: &str = include_str!("../scripts/killswitch-uplinks.sh");

#[derive(Serialize, Default)]
struct View<'a> {
    comment: minijinja::Value,
    vpn4: Vec<Tuple<'a>>,
    ui4: Vec<Client<'a>>,
    open4: Vec<Open<'a>>,
    confined: minijinja::Value,
    open_bridges: minijinja::Value,
    confine_undeclared: bool,
    guarded: Vec<Guarded<'a>>,
    wireguard: minijinja::Value,
    networks: Vec<NetworkView<'a>>,
    uids: &'a [u32],
}

#[derive(Serialize)]
struct Tuple<'a> {
    from: String,
    to: String,
    port: u16,
    origin: &'a str,
}

#[derive(Serialize)]
struct Client<'a> {
    from: String,
    port: u16,
    origin: &'a str,
}

#[derive(Serialize)]
struct Open<'a> {
    bridge: &'a str,
    address: String,
}

#[derive(Serialize)]
struct Guarded<'a> {
    proto: minijinja::Value,
    number: u16,
    from4: Vec<String>,
    from6: Vec<String>,
    origin: &'a str,
}

#[derive(Serialize)]
struct NetworkView<'a> {
    bridge: &'a str,
    subnet: String,
    gateway: String,
}

pub(super) fn render(plan: &Plan) -> Rendered {
    let Some(switch) = &plan.killswitch else { return Ok(Vec::new()) };
    let origin = &switch.origin;
    let mut view = view(plan, switch, origin)?;
    view.comment = safe(nft::string("-").map_err(|issue| located(vec![issue], origin))?);
    // The hash of the rules stands in the rules: what is loaded can be told from what should be.
    let draft = template::fill(Template::KillSwitch, &view, origin)?;
    let hash = Sha256::digest(draft.as_str().as_bytes());
    let hash = hash.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let comment = format!("mediac host={} rules={hash:016x}", plan.host);
    view.comment = safe(nft::string(&comment).map_err(|issue| located(vec![issue], origin))?);
    let rules = template::fill(Template::KillSwitch, &view, origin)?;
    let mut artifacts = vec![
        Artifact::system(format!("{ETC}/killswitch.nft"), rules, origin).with_mode(0o600),
        Artifact::system(format!("{ETC}/killswitch.belt"), belt(plan, switch), origin),
        Artifact::system(format!("{LIB}/killswitch-belt"), script(BELT, origin), origin).with_mode(0o755),
        Artifact::system(format!("{LIB}/killswitch-uplinks"), script(UPLINKS, origin), origin)
            .with_mode(0o755),
    ];
    artifacts.extend(units(switch.policy.macvlan, origin)?);
    artifacts.push(keep_routing_rules(origin)?);
    Ok(artifacts)
}

fn view<'a>(
    plan: &'a Plan,
    switch: &'a KillSwitchPlan,
    origin: &OptionPath,
) -> Result<View<'a>, Vec<super::Unwritable>> {
    let bridges = |kind: fn(&NetworkKind) -> bool| {
        let names: Result<Vec<String>, _> = plan
            .networks
            .values()
            .filter(|network| kind(&network.kind))
            .map(|network| nft::ifname(&network.bridge))
            .collect();
        names.map(|names| safe(names.join(", "))).map_err(|issue| located(vec![issue], origin))
    };
    let magic = " @th,64,32 { 0x01000000, 0x02000000, 0x03000000, 0x04000000 }";
    Ok(View {
        comment: minijinja::Value::UNDEFINED,
        vpn4: switch.tunnels.iter().flat_map(|tunnel| tuples(plan, tunnel)).collect(),
        ui4: confined(plan).flat_map(|exposure| clients(plan, exposure)).collect(),
        open4: switch
            .open
            .iter()
            .map(|(bridge, address)| Open { bridge, address: address.to_string() })
            .collect(),
        confined: bridges(|kind| matches!(kind, NetworkKind::Confined(_)))?,
        open_bridges: bridges(|kind| *kind == NetworkKind::Open)?,
        confine_undeclared: switch.policy.undeclared == Undeclared::Confine,
        guarded: confined(plan).map(|exposure| guarded(plan, exposure)).collect(),
        wireguard: safe(if switch.policy.wireguard_only { magic } else { "" }),
        networks: plan
            .networks
            .values()
            .filter(|network| network.kind != NetworkKind::Open)
            .map(|network| NetworkView {
                bridge: &network.bridge,
                subnet: network.subnet.to_string(),
                gateway: network.gateway.to_string(),
            })
            .collect(),
        uids: &switch.uids,
    })
}

fn safe(text: impl Into<String>) -> minijinja::Value {
    minijinja::Value::from_safe_string(text.into())
}

/// The exposed ports of confined services.
fn confined(plan: &Plan) -> impl Iterator<Item = &Exposure> {
    plan.exposures.iter().filter(|exposure| matches!(exposure.by, ExposedBy::Tunnel(_)))
}

/// What the tunnel itself may say. IPv6 endpoints are not used: the bridge has no IPv6.
fn tuples<'a>(plan: &'a Plan, tunnel: &TunnelPlan) -> Vec<Tuple<'a>> {
    let Some(container) = plan.containers.get(&tunnel.owner) else { return Vec::new() };
    tunnel
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.ip.is_ipv4())
        .map(|endpoint| Tuple {
            from: tunnel.address.to_string(),
            to: endpoint.ip.to_string(),
            port: endpoint.port.number(),
            origin: container.origin.as_str(),
        })
        .collect()
}

/// Who may use a page of a confined service: home, where it is exposed there, and the containers that reach it.
fn clients<'a>(plan: &Plan, exposure: &'a Exposure) -> Vec<Client<'a>> {
    if exposure.proto != Proto::Tcp {
        return Vec::new();
    }
    let home = plan.lan4.iter().filter(|_| exposure.expose >= Expose::Lan).map(ToString::to_string);
    let peers = exposure.peers.iter().filter_map(|id| match &plan.containers.get(id)?.network {
        NetworkUse::Own { address, .. } => Some(address.to_string()),
        NetworkUse::Shared(_) => None,
    });
    home.chain(peers)
        .map(|from| Client { from, port: exposure.container_port.number(), origin: exposure.origin.as_str() })
        .collect()
}

fn guarded<'a>(plan: &Plan, exposure: &'a Exposure) -> Guarded<'a> {
    let home = exposure.expose >= Expose::Lan;
    let from4 = clients(plan, exposure).into_iter().map(|client| client.from).collect();
    let from6 = plan.lan6.iter().filter(|_| home).map(ToString::to_string).collect();
    Guarded {
        proto: safe(exposure.proto.as_str()),
        number: exposure.host_port.number(),
        from4,
        from6,
        origin: exposure.origin.as_str(),
    }
}

/// The second lock: routing rules, which outlive any flush of the firewall.
fn belt(plan: &Plan, switch: &KillSwitchPlan) -> Text {
    let mut text = Text::new();
    let mut preference = 5180;
    for tunnel in &switch.tunnels {
        let Some(network) = plan.networks.get(&tunnel.network) else { continue };
        let bridge = &network.bridge;
        let mut allowed: Vec<String> = tunnel
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.ip.is_ipv4())
            .map(|endpoint| format!("to {}/32 ipproto udp dport {} lookup main", endpoint.ip, endpoint.port))
            .collect();
        let mut clients: Vec<String> = confined(plan)
            .filter(|exposure| exposure.by == ExposedBy::Tunnel(tunnel.owner.clone()))
            .flat_map(|exposure| clients(plan, exposure))
            .map(|Client { from, port, .. }| {
                let net = if from.contains('/') { from } else { format!("{from}/32") };
                // What a page answers, and nothing that the container asks of home by itself.
                format!("to {net} ipproto tcp sport {port} lookup main suppress_prefixlength 0")
            })
            .collect();
        clients.sort();
        clients.dedup();
        allowed.extend(clients);
        for rule in allowed {
            let line = format!("ip -4 rule add pref {preference} iif {bridge} {rule} protocol 77");
            text.line(&line, Some(&network.origin));
            preference += 1;
        }
        for family in ["-4", "-6"] {
            let line = format!("ip {family} rule add pref {preference} iif {bridge} unreachable protocol 77");
            text.line(&line, Some(&network.origin));
        }
        preference += 1;
    }
    text
}

fn script(source: &str, origin: &OptionPath) -> Text {
    let mut text = Text::new();
    source.lines().for_each(|line| text.line(line, Some(origin)));
    text
}

/// When the frames that leave the house are looked at.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    /// Early, and again and again: an interface that is being renamed must stop nothing.
    Loading,
    /// When Docker may start: from here on it has to hold.
    Docker,
}

/// The command that lets nothing leave the house under the address of another interface, or everything.
pub(super) fn uplinks(policy: Macvlan, moment: Moment) -> Node {
    let word = match (policy, moment) {
        (Macvlan::Allow, _) => "free",
        (Macvlan::Drop, Moment::Loading) => "try",
        (Macvlan::Drop, Moment::Docker) => "lock",
    };
    texts([format!("{LIB}/killswitch-uplinks"), word.to_owned()])
}

fn units(macvlan: Macvlan, origin: &OptionPath) -> Rendered {
    let rules = format!("{ETC}/killswitch.nft");
    let belt = format!("{LIB}/killswitch-belt");
    let uplinks = || uplinks(macvlan, Moment::Loading);
    let load =
        || Node::list([texts(["/usr/sbin/nft", "-f", &rules]), texts([belt.as_str(), "add"]), uplinks()]);
    let main = unit_file(
        "mediac-killswitch.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Kill-switch for confined containers")),
                    ("Documentation", texts(["man:nft(8)"])),
                    ("DefaultDependencies", Node::new(false)),
                    // Before any interface has an address, and before anything can start a container.
                    ("Wants", texts(["network-pre.target"])),
                    (
                        "Before",
                        texts([
                            "network-pre.target",
                            "docker.service",
                            "containerd.service",
                            "shutdown.target",
                        ]),
                    ),
                    ("Conflicts", texts(["shutdown.target"])),
                    // After what flushes all rules when it starts, and again whenever it does so later.
                    (
                        "After",
                        texts([
                            "local-fs.target",
                            "systemd-modules-load.service",
                            "systemd-sysctl.service",
                            "nftables.service",
                        ]),
                    ),
                    ("PartOf", texts(["nftables.service"])),
                    ("ReloadPropagatedFrom", texts(["nftables.service"])),
                ],
            ),
            (
                "Service",
                // There is no ExecStop: stopping or restarting this unit must never open the gate.
                vec![
                    ("Type", Node::new("oneshot")),
                    ("RemainAfterExit", Node::new(true)),
                    ("ExecStartPre", command(&["/usr/sbin/nft", "-c", "-f", &rules])),
                    ("ExecStart", load()),
                    ("ExecReload", load()),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["sysinit.target"]))]),
        ],
        origin,
    )?;
    let check = unit_file(
        "mediac-killswitch-check.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Loads the kill-switch again when something removed it")),
                    ("After", texts(["mediac-killswitch.service"])),
                ],
            ),
            (
                "Service",
                vec![
                    ("Type", Node::new("oneshot")),
                    ("ExecStart", Node::list([texts([belt.as_str(), "check"]), uplinks()])),
                    // The journal shall hold what it did, not that it looked.
                    ("SyslogLevel", Node::new("warning")),
                    ("LogLevelMax", Node::new("notice")),
                ],
            ),
        ],
        origin,
    )?;
    let timer = unit_file(
        "mediac-killswitch-check.timer",
        [
            ("Unit", vec![("Description", Node::new("Looks for the kill-switch every minute"))]),
            (
                "Timer",
                vec![
                    ("OnBootSec", Node::new("1min")),
                    ("OnUnitActiveSec", Node::new("1min")),
                    // By default systemd may be a minute late.
                    ("AccuracySec", Node::new("5s")),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["timers.target"]))]),
        ],
        origin,
    )?;
    Ok(vec![main, check, timer])
}

/// systemd-networkd removes routing rules it did not make, unless told to leave them.
fn keep_routing_rules(origin: &OptionPath) -> Result<Artifact, Vec<super::Unwritable>> {
    let content =
        Node::map([("Network", Node::map([("ManageForeignRoutingPolicyRules", Node::new(false))]))]);
    let text = crate::format::unit::write(&content).map_err(|issues| located(issues, origin))?;
    Ok(Artifact::system("/etc/systemd/networkd.conf.d/10-mediac.conf", text, origin))
}
