//! The units that wire services: some time after a boot, and soon after every apply that concerns them.

use super::Rendered;
use super::recovery::MEDIAC;
use super::units::{command, texts, unit_file};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{ETC, Plan};

pub(super) fn render(plan: &Plan) -> Rendered {
    let wiring = format!("{ETC}/wiring.json");
    if !plan.files.iter().any(|file| file.path == wiring) {
        return Ok(Vec::new());
    }
    let origin = OptionPath::root().field("services");
    let mut after = vec!["mediac-recover.service", "mediac-stack.service"];
    after.extend(plan.natives.values().map(|native| native.unit.as_str()));
    let service = unit_file(
        "mediac-wire.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Wires the services of the media server")),
                    ("ConditionPathExists", Node::list([Node::new(MEDIAC), Node::new(wiring)])),
                    ("After", texts(after)),
                    // A service that never answers must not be asked for ever.
                    ("StartLimitIntervalSec", Node::new("1h")),
                    ("StartLimitBurst", Node::new(10_i64)),
                ],
            ),
            (
                "Service",
                vec![
                    // No boot waits for services that take their time.
                    ("Type", Node::new("exec")),
                    ("ExecStart", command(&[MEDIAC, "wire", "apply", "--wait", "600"])),
                    ("Restart", Node::new("on-failure")),
                    ("RestartSec", Node::new("2min")),
                    // A login that is refused is refused again, and services shut out who tries too often.
                    ("RestartPreventExitStatus", Node::new(1_i64)),
                ],
            ),
        ],
        &origin,
    )?;
    let timer = unit_file(
        "mediac-wire.timer",
        [
            ("Unit", vec![("Description", Node::new("Wires the services of the media server"))]),
            // Its own start is a boot, or an apply: no apply waits for services that take their time.
            ("Timer", vec![("OnActiveSec", Node::new("1s")), ("AccuracySec", Node::new("1s"))]),
            ("Install", vec![("WantedBy", texts(["timers.target"]))]),
        ],
        &origin,
    )?;
    Ok(vec![service, timer])
}
