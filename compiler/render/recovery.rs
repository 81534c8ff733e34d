//! The units that look, at every boot, whether an apply was cut off, and bring secrets back to memory.

use super::Rendered;
use super::units::{command, texts, unit_file};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::Plan;

/// Where `mediac apply` puts the program itself. Where a build was copied by hand, the units do nothing.
pub(super) const MEDIAC: &str = "/var/lib/mediac/bin/mediac";

pub(super) fn render(plan: &Plan) -> Rendered {
    let origin = OptionPath::root().field("name");
    let natives = plan.natives.values().map(|native| native.unit.as_str());
    let mut before: Vec<&str> = vec!["docker.service", "mediac-stack.service", "mediac-storage.service"];
    before.extend(natives);
    let early = unit_file(
        "mediac-recover.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Takes back an apply that was cut off, and fills in secrets")),
                    ("ConditionPathExists", Node::new(MEDIAC)),
                    // Files of the media disks are put back as well.
                    ("RequiresMountsFor", texts(plan.mount_points.iter().map(String::as_str))),
                    ("Before", texts(before)),
                ],
            ),
            (
                "Service",
                vec![
                    ("Type", Node::new("oneshot")),
                    ("RemainAfterExit", Node::new(true)),
                    ("ExecStart", command(&[MEDIAC, "recover", "--by=boot"])),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["multi-user.target"]))]),
        ],
        &origin,
    )?;
    let late = unit_file(
        "mediac-recover-rest.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Does what an apply that was taken back at boot left to do")),
                    ("ConditionPathExists", Node::new(MEDIAC)),
                    ("After", texts(["mediac-recover.service", "docker.service", "mediac-stack.service"])),
                ],
            ),
            (
                "Service",
                vec![
                    ("Type", Node::new("oneshot")),
                    ("ExecStart", command(&[MEDIAC, "recover", "--by=rest"])),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["multi-user.target"]))]),
        ],
        &origin,
    )?;
    Ok(vec![early, late])
}
