//! Keeps confined containers in the network namespace of their tunnel.
//!
//! Docker resolves a shared namespace once, when the container starts: after a restart of the tunnel
//! the others sit in a namespace that nobody serves any more, and neither Docker nor Compose notices.
//! So they are left to one unit for each tunnel, at boot as later.

use super::Rendered;
use super::units::{texts, unit_file};
use crate::ir::Need;
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{ETC, LIB, NetworkUse, Plan};
use crate::text::Text;
use crate::tree::Artifact;

const SUPERVISOR: &str = include_str!("../scripts/namespace-supervisor.sh");

pub(super) fn render(plan: &Plan) -> Rendered {
    let mut artifacts = Vec::new();
    for owner in plan.containers.keys() {
        let children: Vec<&str> = children(plan, owner);
        if children.is_empty() {
            continue;
        }
        let origin = OptionPath::root().field("services").field(owner);
        let script = format!("{LIB}/namespace-supervisor");
        let compose = format!("{ETC}/compose.yaml");
        let mut words = vec![script.as_str(), compose.as_str(), owner.as_str()];
        words.extend(&children);
        artifacts.push(unit_file(
            &format!("mediac-namespace-{owner}.service"),
            [
                (
                    "Unit",
                    vec![
                        (
                            "Description",
                            Node::new(format!("Keeps {} in the network of {owner}", children.join(", "))),
                        ),
                        ("After", texts(["docker.service", "mediac-stack.service"])),
                        ("Requires", texts(["docker.service"])),
                        // Stopped before the containers are: it would start again what is stopped first.
                        ("PartOf", texts(["docker.service", "mediac-stack.service"])),
                        ("StartLimitIntervalSec", Node::new(0_i64)),
                    ],
                ),
                (
                    "Service",
                    vec![
                        ("Type", Node::new("exec")),
                        ("ExecStart", Node::list([texts(words)])),
                        ("Restart", Node::new("always")),
                        ("RestartSec", Node::new("5s")),
                        // It keeps nothing, and a Docker that does not answer must not hold up whoever stops it.
                        ("TimeoutStopSec", Node::new("10s")),
                    ],
                ),
                ("Install", vec![("WantedBy", texts(["mediac-stack.service", "multi-user.target"]))]),
            ],
            &origin,
        )?);
    }
    if let Some(first) = artifacts.first() {
        let origin = first.origin.clone();
        let mut text = Text::new();
        for line in SUPERVISOR.lines() {
            text.line(line, Some(&origin));
        }
        artifacts
            .push(Artifact::system(format!("{LIB}/namespace-supervisor"), text, &origin).with_mode(0o755));
    }
    Ok(artifacts)
}

/// The containers that share the network of `owner`, in an order that starts what others need first.
fn children<'a>(plan: &'a Plan, owner: &str) -> Vec<&'a str> {
    let mut children: Vec<&str> = plan
        .containers
        .iter()
        .filter(|(_, container)| container.network == NetworkUse::Shared(owner.to_owned()))
        .map(|(id, _)| id.as_str())
        .collect();
    children.sort_by_key(|id| {
        plan.containers.get(*id).map_or(0, |container| {
            container
                .needs
                .iter()
                .filter(|(name, need)| name.as_str() != owner && **need >= Need::Started)
                .count()
        })
    });
    children
}
