//! What an option does: found by changing it and compiling again.
//!
//! Much of an output is computed, and a computed text no longer says what it was made of. But the
//! compiler is a pure function: what differs when one option differs is what that option causes.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

use crate::compile::{self, Compiled};
use crate::eval;
use crate::node::{Node, Value};
use crate::path::OptionPath;
use crate::project::Project;

/// The lines (from 1) of each file that change when `option` does; `None` if it has no value that can be
/// changed to another valid one.
pub fn lines(
    project: &Project,
    name: &str,
    text: &str,
    compiled: &Compiled,
    option: &OptionPath,
) -> Option<BTreeMap<String, Vec<usize>>> {
    let value = eval::evaluate(project.request(name, text.to_owned())).ok()?.tree;
    let value = option.segments().iter().try_fold(&value, |node, segment| node.get(segment))?;
    others(value).into_iter().find_map(|other| {
        let changed = format!("(\n{text}\n) & {{ {} | force = {other} }}", option.as_str());
        let changed = compile::compile(project, name, &changed).compiled?;
        Some(difference(compiled, &changed))
    })
}

/// Other values of the same kind, as Nickel: some may break a contract, so there are several.
fn others(node: &Node) -> Vec<String> {
    let quoted = |text: &str| crate::format::json::string(text).replace("%{", "\\%{");
    match &node.value {
        Value::Bool(b) => vec![(!b).to_string()],
        Value::Int(n) => vec![n.saturating_add(1).to_string(), n.saturating_sub(1).to_string()],
        Value::Float(x) => vec![(x + 0.5).to_string()],
        Value::Str(text) => {
            let mut all =
                vec![quoted(&format!("{text}x")), quoted(&format!("x{text}")), quoted(&format!("{text}.x"))];
            let digit = |c: char| if c == '1' { '2' } else { '1' };
            let turned: String =
                text.chars().map(|c| if c.is_ascii_digit() { digit(c) } else { c }).collect();
            all.push(quoted(&turned));
            // Tags of the vocabulary; those that an option does not know are refused by its contract.
            let tags = [
                "none", "host", "lan", "wan", "read", "write", "tcp", "udp", "ipv4", "ipv6", "info", "debug",
                "intel", "amd", "ext4", "xfs", "started", "healthy", "owned", "seed", "given", "derived",
                "http", "https",
            ];
            all.extend(tags.iter().filter(|tag| *tag != text).map(|tag| format!("'{tag}")));
            all
        }
        Value::Null | Value::List(_) | Value::Map(_) => Vec::new(),
    }
}

/// The lines of the first that the second does not have in their place.
fn difference(before: &Compiled, after: &Compiled) -> BTreeMap<String, Vec<usize>> {
    let mut all = BTreeMap::new();
    for (path, artifact) in &before.tree.files {
        let old = artifact.text.as_str();
        let new = after.tree.files.get(path).map_or("", |artifact| artifact.text.as_str());
        if old == new {
            continue;
        }
        let changes = TextDiff::from_lines(old, new);
        let lines = changes
            .iter_all_changes()
            .filter(|change| change.tag() == ChangeTag::Delete)
            .filter_map(|change| Some(change.old_index()? + 1))
            .collect();
        all.insert(path.clone(), lines);
    }
    all
}
