//! systemd units: mounts, and drop-ins for the units of packages.

use std::fmt::Write as _;

use super::{Rendered, Unwritable, located};
use crate::format::unit;
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{DiskMount, Native, Plan};
use crate::tree::Artifact;

/// Where units of the administrator go.
pub(super) const UNITS: &str = "/etc/systemd/system";

pub(super) fn render(plan: &Plan) -> Rendered {
    let mut artifacts = Vec::new();
    let mut problems = Vec::new();
    let mounts = plan.disks.iter().map(mount);
    for written in mounts.chain(plan.natives.values().filter_map(|native| drop_in(plan, native))) {
        match written {
            Ok(artifact) => artifacts.push(artifact),
            Err(issues) => problems.extend(issues),
        }
    }
    if problems.is_empty() { Ok(artifacts) } else { Err(problems) }
}

/// A unit file made of sections.
pub(super) fn unit_file(
    name: &str,
    sections: impl IntoIterator<Item = (&'static str, Vec<(&'static str, Node)>)>,
    origin: &OptionPath,
) -> Result<Artifact, Vec<Unwritable>> {
    let sections = sections
        .into_iter()
        .filter(|(_, settings)| !settings.is_empty())
        .map(|(section, settings)| (section, Node::map(settings)));
    let node = Node::map(sections).inheriting(origin);
    let text = unit::write(&node).map_err(|issues| located(issues, origin))?;
    Ok(Artifact::system(format!("{UNITS}/{name}"), text, origin))
}

/// A list of texts.
pub(super) fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Node {
    Node::list(items.into_iter().map(|item| Node::new(item.into())))
}

/// One command of a unit, as its words.
pub(super) fn command(words: &[&str]) -> Node {
    Node::list([texts(words.iter().copied())])
}

fn mount(disk: &DiskMount) -> Result<Artifact, Vec<Unwritable>> {
    let DiskMount { what, at, fs, options, origin } = disk;
    unit_file(
        &format!("{}.mount", escape_path(at)),
        [
            ("Unit", vec![("Description", Node::new(format!("Media disk {at}")))]),
            (
                "Mount",
                vec![
                    ("What", Node::new(what.as_str())),
                    ("Where", Node::new(at.as_str()).from_option(&origin.field("mount"))),
                    ("Type", Node::new(fs.as_str())),
                    ("Options", Node::new(options.join(",")).from_option(&origin.field("options"))),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["multi-user.target"]))]),
        ],
        origin,
    )
}

/// What the unit of a package lacks: its disks, the GPU, groups and a umask.
fn drop_in(plan: &Plan, native: &Native) -> Option<Result<Artifact, Vec<Unwritable>>> {
    let Native { title: _, kind: _, unit, user: _, groups, mounts, env, gpu, umask, origin } = native;
    let mut head = Vec::new();
    if !mounts.is_empty() {
        head.push((
            "RequiresMountsFor",
            texts(mounts.iter().map(String::as_str)).from_option(&origin.field("uses")),
        ));
        head.push(("After", texts(["mediac-storage.service"])));
    }
    if *gpu && plan.gpu.is_some() {
        let device = "dev-dri-mediac\\x2drender.device";
        head.push(("Wants", texts([device]).from_option(&origin.field("gpu"))));
        head.retain(|(key, _)| *key != "After");
        let mut after = vec![device];
        if !mounts.is_empty() {
            after.push("mediac-storage.service");
        }
        head.push(("After", texts(after)));
    }
    let mut service = Vec::new();
    if !groups.is_empty() {
        let groups = Node::new(groups.join(" ")).from_option(&origin.field("native").field("groups"));
        service.push(("SupplementaryGroups", groups));
    }
    if let Some(umask) = umask {
        service
            .push(("UMask", Node::new(format!("0{umask}")).from_option(&OptionPath::root().field("umask"))));
    }
    if !env.is_empty() {
        let env = Node::map(env.iter().map(|(name, value)| (name.as_str(), Node::new(value.as_str()))));
        service.push(("Environment", env.from_option(&origin.field("env"))));
    }
    if head.is_empty() && service.is_empty() {
        return None;
    }
    Some(unit_file(&format!("{unit}.d/mediac.conf"), [("Unit", head), ("Service", service)], origin))
}

/// A path as the name of a unit (systemd-escape(1) with `--path`).
pub(super) fn escape_path(path: &str) -> String {
    let trimmed = path.trim_matches('/');
    if trimmed.is_empty() {
        return "-".to_owned();
    }
    let mut name = String::new();
    for (at, byte) in trimmed.bytes().enumerate() {
        match byte {
            b'/' => name.push('-'),
            b'.' if at == 0 => name.push_str("\\x2e"),
            b'.' | b':' | b'_' => name.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => name.push(char::from(byte)),
            _ => {
                let _ = write!(name, "\\x{byte:02x}");
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_unit_names() {
        for (path, name) in [
            ("/srv/hdd", "srv-hdd"),
            ("/", "-"),
            ("/my-disk/.x", "my\\x2ddisk-.x"),
            ("/.hidden", "\\x2ehidden"),
            ("/a b", "a\\x20b"),
            ("/é", "\\xc3\\xa9"),
        ] {
            assert_eq!(escape_path(path), name);
        }
    }
}
