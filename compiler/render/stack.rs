//! The unit that brings the containers up, and what Docker itself has to wait for.

use super::Rendered;
use super::units::{command, texts, unit_file};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{ETC, Plan};

pub(super) fn render(plan: &Plan) -> Rendered {
    if plan.containers.is_empty() {
        return Ok(Vec::new());
    }
    let origin = OptionPath::root().field("services");
    let compose = format!("{ETC}/compose.yaml");
    let words = |rest: &[&str]| {
        let mut words =
            vec!["/usr/bin/docker", "compose", "--file", compose.as_str(), "--project-name", "mediac"];
        words.extend(rest);
        command(&words)
    };
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
                ],
            ),
            (
                "Service",
                vec![
                    ("Type", Node::new("oneshot")),
                    ("RemainAfterExit", Node::new(true)),
                    ("ExecStart", words(&["up", "--detach", "--remove-orphans"])),
                    ("ExecStop", words(&["stop"])),
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
    let mut head = vec![
        ("After", texts(["mediac-storage.service"])),
        ("Requires", texts(["mediac-storage.service"])),
        ("RequiresMountsFor", mounts(plan)),
    ];
    if plan.killswitch.is_some() {
        head = vec![
            ("After", texts(["mediac-killswitch.service", "mediac-storage.service"])),
            ("Requires", texts(["mediac-killswitch.service", "mediac-storage.service"])),
            ("RequiresMountsFor", mounts(plan)),
        ];
    }
    artifacts.push(unit_file("docker.service.d/10-mediac.conf", [("Unit", head)], &origin)?);
    Ok(artifacts)
}

/// The folders that containers see, as far as they lie on disks of their own.
fn mounts(plan: &Plan) -> Node {
    let mut paths: Vec<&str> = plan.mount_points.iter().map(String::as_str).collect();
    if paths.is_empty() {
        paths.push(ETC);
    }
    texts(paths).from_option(&OptionPath::root().field("storage"))
}
