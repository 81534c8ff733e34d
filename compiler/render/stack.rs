//! The unit that brings the containers up, and what Docker itself has to wait for.

use super::Rendered;
use super::killswitch::{Moment, uplinks};
use super::units::{command, texts, unit_file};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{ETC, NetworkUse, Plan};

pub(super) fn render(plan: &Plan) -> Rendered {
    if plan.containers.is_empty() {
        return Ok(Vec::new());
    }
    let origin = OptionPath::root().field("services");
    let compose = format!("{ETC}/compose.yaml");
    let docker = format!("/usr/bin/docker compose --file {compose} --project-name mediac");
    let up = format!("exec {docker} up --detach --remove-orphans{}", all_but_shared(plan, &docker));
    // After a crash of Docker there is nobody to ask, and Docker is started again only after this has ended.
    let stop = format!("systemctl --quiet is-active docker.service || exit 0; exec {docker} stop");
    let shell = |script: &str| command(&["/bin/sh", "-c", script]);
    let mut after = vec!["docker.service", "mediac-storage.service", "network-online.target"];
    let mut requires = vec!["docker.service", "mediac-storage.service"];
    if plan.killswitch.is_some() {
        after.push("mediac-killswitch.service");
        requires.push("mediac-killswitch.service");
    }
    let stack = unit_file(
        "mediac-stack.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Containers of the media server")),
                    ("After", texts(after)),
                    ("Requires", texts(requires)),
                    ("Wants", texts(["network-online.target"])),
                    // A restart of Docker takes the containers along; what only Compose knows, the order
                    // of their start, has to be done again.
                    ("PartOf", texts(["docker.service"])),
                    ("RequiresMountsFor", mounts(plan)),
                    ("StartLimitIntervalSec", Node::new(0_i64)),
                ],
            ),
            (
                "Service",
                vec![
                    ("Type", Node::new("oneshot")),
                    ("RemainAfterExit", Node::new(true)),
                    ("ExecStart", shell(&up)),
                    ("ExecStop", shell(&stop)),
                    // An image that could not be fetched, a router that is up later than the host.
                    ("Restart", Node::new("on-failure")),
                    ("RestartSec", Node::new("30s")),
                    ("TimeoutStartSec", Node::new("30min")),
                    ("TimeoutStopSec", Node::new("5min")),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["multi-user.target"]))]),
        ],
        &origin,
    )?;
    let mut artifacts = vec![stack];
    // Docker starts containers by itself when it starts: it must find their disks, and the kill-switch.
    let (mut first, mut service) = (vec!["mediac-storage.service"], Vec::new());
    if let Some(switch) = &plan.killswitch {
        first.insert(0, "mediac-killswitch.service");
        service.push(("ExecStartPre", Node::list([uplinks(switch.policy.macvlan, Moment::Docker)])));
    }
    let head = vec![
        ("After", texts(first.iter().copied())),
        ("Requires", texts(first)),
        ("RequiresMountsFor", mounts(plan)),
    ];
    artifacts.push(unit_file(
        "docker.service.d/10-mediac.conf",
        [("Unit", head), ("Service", service)],
        &origin,
    )?);
    Ok(artifacts)
}

/// What names the containers to start, where some are left to the unit of their namespace: a tunnel that is down must
/// not fail the others. The unit says only which not, so that it stays as it is when a service comes or goes.
fn all_but_shared(plan: &Plan, docker: &str) -> String {
    let shared =
        plan.containers.iter().filter(|(_, container)| matches!(container.network, NetworkUse::Shared(_)));
    let not: String = shared.flat_map(|(id, _)| [" -e ", id]).collect();
    if not.is_empty() { not } else { format!(" $({docker} config --services | grep -vxF{not})") }
}

/// The folders that containers see, as far as they lie on disks of their own.
fn mounts(plan: &Plan) -> Node {
    let mut paths: Vec<&str> = plan.mount_points.iter().map(String::as_str).collect();
    if paths.is_empty() {
        paths.push(ETC);
    }
    texts(paths).from_option(&OptionPath::root().field("storage"))
}
