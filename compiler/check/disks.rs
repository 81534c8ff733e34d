//! Disks: what identifies them, and where they are mounted.

use super::system;
use super::tools::option;
use crate::diag::{Diagnostic, Report};
use crate::ir::{Disk, Host};

/// A disk that nothing identifies.
pub fn without_id(host: &Host, report: &mut Report) {
    for (name, disk) in managed(host) {
        if disk.uuid.is_none() && disk.label.is_none() {
            report.push(Diagnostic::error(
                "disk-without-id",
                &option(&["storage", "disks", name]),
                format!("nothing tells which disk `{name}` is"),
                format!("set `{}` to what `lsblk -f` shows", option(&["storage", "disks", name, "uuid"])),
            ));
        }
    }
}

/// A disk with two identities, which may disagree.
pub fn with_two_ids(host: &Host, report: &mut Report) {
    for (name, disk) in &host.storage.disks {
        if disk.uuid.is_some() && disk.label.is_some() {
            let label = option(&["storage", "disks", name, "label"]);
            report.push(
                Diagnostic::error(
                    "disk-with-two-ids",
                    &label,
                    format!("disk `{name}` has both a UUID and a label"),
                    format!("remove `{label}`: the UUID is enough"),
                )
                .also(&option(&["storage", "disks", name, "uuid"]), "the UUID"),
            );
        }
    }
}

/// One disk that is declared twice.
pub fn twice(host: &Host, report: &mut Report) {
    for field in ["uuid", "label"] {
        let id = |disk: &Disk| {
            if field == "uuid" { disk.uuid.as_ref().map(|id| id.to_lowercase()) } else { disk.label.clone() }
        };
        let disks: Vec<_> =
            host.storage.disks.iter().filter_map(|(name, disk)| Some((name, id(disk)?))).collect();
        for (index, (name, id)) in disks.iter().enumerate() {
            if let Some((first, _)) = disks.iter().take(index).find(|(_, other)| other == id) {
                report.push(
                    Diagnostic::error(
                        "disk-twice",
                        &option(&["storage", "disks", name, field]),
                        format!(
                            "disks `{first}` and `{name}` have the same {}",
                            if field == "uuid" { "UUID" } else { "label" }
                        ),
                        format!("set it to what `lsblk -f` shows for `{name}`"),
                    )
                    .also(&option(&["storage", "disks", first, field]), "the same"),
                );
            }
        }
    }
}

/// Two disks at one mount point.
pub fn mount_clash(host: &Host, report: &mut Report) {
    let disks: Vec<_> = host.storage.disks.iter().collect();
    for (index, (name, disk)) in disks.iter().enumerate() {
        if let Some((first, _)) = disks.iter().take(index).find(|(_, other)| other.mount == disk.mount) {
            let path = option(&["storage", "disks", name, "mount"]);
            report.push(
                Diagnostic::error(
                    "mount-clash",
                    &path,
                    format!("disks `{first}` and `{name}` are both mounted at `{}`", disk.mount),
                    format!("set `{path} = \"/srv/{name}\"`"),
                )
                .also(&option(&["storage", "disks", first, "mount"]), "the same mount point"),
            );
        }
    }
}

/// A mount over a folder of the system.
pub fn reserved(host: &Host, report: &mut Report) {
    for (name, disk) in managed(host) {
        if let Some(risk) = system::risk(&disk.mount) {
            report.push(
                Diagnostic::error(
                    "disk-reserved",
                    &option(&["storage", "disks", name, "mount"]),
                    format!("mediac does not mount disks at `{}`: {}", disk.mount, risk.why),
                    format!(
                        "mount it elsewhere, such as at \"/srv/{name}\"; if the installer mounts it, set `{} = false`",
                        option(&["storage", "disks", name, "managed"])
                    ),
                ),
            );
        }
    }
}

fn managed(host: &Host) -> impl Iterator<Item = (&str, &Disk)> {
    host.storage.disks.iter().filter(|(_, disk)| disk.managed).map(|(name, disk)| (name.as_str(), disk))
}
