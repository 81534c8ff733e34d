//! Writes a plan as files: one function for each kind of artifact.

mod caddyfile;
mod compose;
mod declared;
mod firewall;
mod flushes;
mod killswitch;
mod namespaces;
mod recovery;
mod stack;
mod storage;
mod system;
mod template;
mod units;
mod wiring;

use crate::diag::{Diagnostic, Report};
use crate::format::FormatIssue;
use crate::path::OptionPath;
use crate::plan::Plan;
use crate::tree::{Artifact, Tree};

/// What a renderer makes of a plan, or the values that cannot be written.
type Rendered = Result<Vec<Artifact>, Vec<Unwritable>>;

/// Every kind of artifact that does not depend on other artifacts.
const RENDERERS: &[fn(&Plan) -> Rendered] = &[
    declared::render,
    caddyfile::render,
    storage::render,
    system::render,
    units::render,
    stack::render,
    namespaces::render,
    firewall::render,
    flushes::render,
    killswitch::render,
    recovery::render,
    wiring::render,
];

/// A value that cannot be written, and the option to name when the value has none of its own.
#[derive(Debug)]
struct Unwritable {
    issue: FormatIssue,
    fallback: OptionPath,
}

/// Writes all files of a plan.
pub fn render(plan: &Plan) -> Result<Tree, Report> {
    let mut tree = Tree { directories: plan.directories.clone(), ..Tree::default() };
    let mut report = Report::default();
    for renderer in RENDERERS {
        collect(renderer(plan), &mut tree, &mut report);
    }
    // Last: a container is made anew when a file that it sees has changed.
    collect(compose::render(plan, &tree), &mut tree, &mut report);
    if report.findings().is_empty() { Ok(tree) } else { Err(report) }
}

fn collect(rendered: Rendered, tree: &mut Tree, report: &mut Report) {
    match rendered {
        Ok(artifacts) => {
            for artifact in artifacts {
                if let Err(finding) = tree.add(artifact) {
                    report.push(finding);
                }
            }
        }
        Err(values) => {
            for Unwritable { issue, fallback } in values {
                let origin = issue.origin.unwrap_or(fallback);
                report.push(Diagnostic::error(
                    "unwritable-value",
                    &origin,
                    issue.message,
                    "change the value to one that the format of this file can hold",
                ));
            }
        }
    }
}

/// Names the option that values without an origin of their own come from.
fn located(issues: Vec<FormatIssue>, fallback: &OptionPath) -> Vec<Unwritable> {
    issues.into_iter().map(|issue| Unwritable { issue, fallback: fallback.clone() }).collect()
}
