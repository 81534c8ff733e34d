//! The folders of the storage, made once the disks are mounted.

use super::units::{command, texts, unit_file};
use super::{Rendered, located};
use crate::format::tmpfiles::{self, Table};
use crate::node::Node;
use crate::path::OptionPath;
use crate::plan::{Directory, ETC, Maker, Plan};
use crate::tree::Artifact;

pub(super) fn render(plan: &Plan) -> Rendered {
    let origin = OptionPath::root().field("storage");
    let lines = plan.directories.iter().filter(|(_, directory)| directory.maker == Maker::Tmpfiles).map(
        |(path, directory)| {
            let Directory { mode, owner, group, maker: _, origin } = directory;
            let fields = ["d", path, &mode.to_string(), owner, group]
                .map(|field| Node::new(field).from_option(origin));
            Node::list(fields).from_option(origin)
        },
    );
    let table = Node::list(lines).from_option(&origin);
    let text = tmpfiles::write(&table, Table::Tmpfiles).map_err(|issues| located(issues, &origin))?;
    let path = format!("{ETC}/storage.tmpfiles");
    // Not in tmpfiles.d: at boot that is read before the disks are mounted, and the folders would be
    // made below the mount points.
    let unit = unit_file(
        "mediac-storage.service",
        [
            (
                "Unit",
                vec![
                    ("Description", Node::new("Folders on the media disks")),
                    ("RequiresMountsFor", mounts(plan)),
                    ("Before", texts(["docker.service", "mediac-stack.service"])),
                ],
            ),
            (
                "Service",
                vec![
                    ("Type", Node::new("oneshot")),
                    ("RemainAfterExit", Node::new(true)),
                    ("ExecStart", command(&["/usr/bin/systemd-tmpfiles", "--create", &path])),
                ],
            ),
            ("Install", vec![("WantedBy", texts(["multi-user.target"]))]),
        ],
        &origin,
    )?;
    Ok(vec![Artifact::system(path, text, &origin), unit])
}

fn mounts(plan: &Plan) -> Node {
    let mut paths: Vec<&str> = plan.mount_points.iter().map(String::as_str).collect();
    if paths.is_empty() {
        paths.push(ETC);
    }
    texts(paths)
}
