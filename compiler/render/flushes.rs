//! What flushes the rules at a shutdown, and must not: the machine is on the network to the end of it.

use super::Rendered;
use super::units::{texts, unit_file};
use crate::node::Node;
use crate::plan::Plan;

/// A word to `nftables.service`, which flushes all rules when it stops.
pub(super) fn render(plan: &Plan) -> Rendered {
    let origin = match (&plan.firewall, &plan.killswitch) {
        (Some(firewall), _) => &firewall.origin,
        (None, Some(switch)) => &switch.origin,
        (None, None) => return Ok(Vec::new()),
    };
    let stop = Node::list([Node::default(), unless_shutdown("/usr/sbin/nft flush ruleset")]);
    Ok(vec![unit_file("nftables.service.d/10-mediac.conf", [("Service", vec![("ExecStop", stop)])], origin)?])
}

/// A command of `ExecStop` that is for people who stop the unit, and not for the end of the machine.
pub(super) fn unless_shutdown(run: &str) -> Node {
    let script = format!("/usr/bin/systemctl is-system-running | grep -qx stopping || {run}");
    texts(["/bin/sh", "-c", &script])
}
