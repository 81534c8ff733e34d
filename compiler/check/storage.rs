//! Folders: downloads, library, settings, and the disks they are on.

use super::system::{self, Risk};
use super::tools::{containers, inside, option, services, state_folder};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Access, Disk, Downloads, Host, Library, Service, Uses};
use crate::path::OptionPath;

/// Downloads and library on different file systems: what is imported is copied.
pub fn imports_copy(host: &Host, report: &mut Report) {
    let Some((downloads, library)) = imported(host) else { return };
    let (from, to) = (disk(host, &downloads.root), disk(host, &library.root));
    if from.map(|(name, _)| name) != to.map(|(name, _)| name) {
        report.push(
            Diagnostic::note(
                "imports-copy",
                &option(&["storage", "downloads", "root"]),
                "downloads and library are on different file systems, so imports copy",
                "keep it if downloads are meant to be on the faster disk; otherwise put both below one folder",
            )
            .here(format!("on {}", place(from)))
            .also(&option(&["storage", "library", "root"]), format!("on {}", place(to)))
            .because("a hard link cannot lead to another file system: until a download is deleted, it takes up space twice"),
        );
    }
}

/// Folders on one file system that a service uses, with more than them below their common folder.
pub fn common_mount_exposes(host: &Host, report: &mut Report) {
    for (_, service) in containers(host) {
        let areas = linked(host, service);
        for (index, (option, path, what)) in areas.iter().enumerate() {
            let place = disk(host, path).map(|(name, _)| name);
            let beside = areas
                .iter()
                .take(index)
                .find(|(_, other, _)| disk(host, other).map(|(name, _)| name) == place);
            let Some((first, other, other_what)) = beside else { continue };
            let common = common(path, other);
            let Some((exposed, why)) = exposed(host, common, first) else { continue };
            let base = if common == "/" { "/srv" } else { common };
            report.push(
                Diagnostic::error(
                    "common-mount-exposes",
                    option,
                    format!("services that use both {other_what} and {what} would see all of `{common}`"),
                    format!("put both below a folder of their own, such as `{base}/data`, or on different disks"),
                )
                .also(first, format!("{other_what}, on the same file system"))
                .also(&exposed, why)
                .because("a hard link cannot cross mounts, so folders of one file system are mounted as their common folder"),
            );
        }
    }
}

/// What a common folder would show of what is not for services.
fn exposed(host: &Host, common: &str, fallback: &OptionPath) -> Option<(OptionPath, &'static str)> {
    let home =
        host.storage.home.as_deref().is_some_and(|home| inside(home, common) || is_child(common, home));
    if inside(&host.storage.config, common) {
        Some((option(&["storage", "config"]), "the settings of all services are in it as well"))
    } else if home {
        Some((option(&["storage", "home"]), "people's homes are in it as well"))
    } else if is_child(common, "/home") {
        Some((fallback.clone(), "somebody's home is not for services"))
    } else if system::risk(common).is_some() {
        Some((fallback.clone(), "the system itself is in it as well"))
    } else {
        None
    }
}

/// The parts that are mounted as one where they are on one file system: what is written, and linked.
fn linked<'a>(host: &'a Host, service: &Service) -> Vec<(OptionPath, &'a str, &'static str)> {
    let written = |access: Option<Access>| access.filter(|access| *access == Access::Write);
    let Uses { downloads, library, transcode: _ } = service.uses;
    let uses = Uses { downloads: written(downloads), library: written(library), transcode: None };
    areas(host, uses)
}

/// The parts of the storage that a service uses: option, path, and what is there.
fn areas(host: &Host, wanted: Uses) -> Vec<(OptionPath, &str, &'static str)> {
    let Uses { downloads, library, transcode } = wanted;
    let used = [
        ("storage.downloads.root", downloads.is_some()),
        ("storage.library.root", library.is_some()),
        ("storage.transcode", transcode.is_some()),
    ];
    let used = |option: &OptionPath| used.iter().any(|(path, used)| *used && option.as_str() == *path);
    paths(host).into_iter().filter(|(option, ..)| used(option)).collect()
}

/// Folders with two purposes.
pub fn folder_clash(host: &Host, report: &mut Report) {
    let storage = &host.storage;
    if let Some(downloads) =
        storage.downloads.as_ref().filter(|downloads| downloads.complete == downloads.incomplete)
    {
        let path = option(&["storage", "downloads", "incomplete"]);
        report.push(
            Diagnostic::error(
                "folder-clash",
                &path,
                format!("finished and unfinished downloads are both in `{}`", downloads.complete),
                format!(
                    "set `{path} = \"{}\"`",
                    if downloads.complete == "incomplete" { "unfinished" } else { "incomplete" }
                ),
            )
            .also(&option(&["storage", "downloads", "complete"]), "for finished ones"),
        );
    }
    let folders: Vec<_> = storage.library.iter().flat_map(|library| &library.folders).collect();
    for (index, (name, folder)) in folders.iter().enumerate() {
        if let Some((first, _)) = folders.iter().take(index).find(|(_, other)| other == folder) {
            let path = option(&["storage", "library", "folders", name]);
            report.push(
                Diagnostic::error(
                    "folder-clash",
                    &path,
                    format!("`{first}` and `{name}` are both in the folder `{folder}` of the library"),
                    format!("set `{path} = \"{name}\"`"),
                )
                .also(&option(&["storage", "library", "folders", first]), "the same folder"),
            );
        }
    }
    let paths = paths(host);
    for (index, (option, path, what)) in paths.iter().enumerate() {
        for (other_option, other, other_what) in paths.iter().take(index) {
            // Settings lie in folders of their own, so others may be beside them; homes may hold anything.
            let apart = [option.as_str(), other_option.as_str()];
            let nested = if apart.contains(&"storage.home") {
                false
            } else if option.as_str() == "storage.config" {
                inside(path, other)
            } else {
                inside(path, other) || inside(other, path)
            };
            if nested || path == other {
                report.push(
                    Diagnostic::error(
                        "folder-clash",
                        option,
                        format!("{what} and {other_what} are in one folder"),
                        "give each a folder of its own, none within another",
                    )
                    .here(format!("`{path}`"))
                    .also(other_option, format!("`{other}`")),
                );
            }
        }
        for (id, folder) in services(host).filter_map(|(id, s)| Some((id, state_folder(host, id, s)?))) {
            if option.as_str() != "storage.config" && inside(path, &folder) {
                report.push(
                    Diagnostic::error(
                        "folder-clash",
                        option,
                        format!("{what} and the state of `{id}` are in one folder"),
                        "move one of them: a service owns all that is in the folder of its state",
                    )
                    .here(format!("`{path}`"))
                    .also(&Host::service_path(id), format!("its state is in `{folder}`")),
                );
            }
        }
    }
}

/// A folder on none of the disks.
pub fn path_without_disk(host: &Host, report: &mut Report) {
    if host.storage.disks.is_empty() {
        return;
    }
    for (option, path, what) in paths(host) {
        if disk(host, path).is_none() {
            let mounts: Vec<&str> = host.storage.disks.values().map(|disk| disk.mount.as_str()).collect();
            report.push(
                Diagnostic::warning(
                    "path-without-disk",
                    &option,
                    format!("`{path}` is on none of the disks, so {what} would fill the root file system"),
                    format!(
                        "put it below {}, or declare its disk in `storage.disks`",
                        super::tools::list(&mounts, "or")
                    ),
                )
                .also(&OptionPath::parse("storage.disks"), "the disks"),
            );
        }
    }
}

/// A folder that belongs to the system.
pub fn reserved(host: &Host, report: &mut Report) {
    for (option, path, what) in paths(host) {
        if let Some(Risk { folder, why }) = system::risk(path) {
            report.push(
                Diagnostic::error(
                    "storage-reserved",
                    &option,
                    format!("{what} cannot be in `{path}`: {why}"),
                    format!(
                        "set `{option}` to a folder of its own, such as \"/srv/{}\"",
                        folder_name(&option)
                    ),
                )
                .because(format!(
                    "mediac gives the folders it makes an owner and a mode; `{folder}` has its own"
                )),
            );
        }
    }
}

/// A service that uses a part of the storage which the host does not have.
pub fn uses_without_storage(host: &Host, report: &mut Report) {
    let parts = [
        ("downloads", "downloads.root", host.storage.downloads.is_some()),
        ("library", "library.root", host.storage.library.is_some()),
        ("transcode", "transcode", host.storage.transcode.is_some()),
    ];
    for (id, service) in services(host) {
        let uses = [service.uses.downloads, service.uses.library, service.uses.transcode];
        for ((part, field, there), used) in parts.iter().zip(uses) {
            if used.is_some() && !there {
                report.push(Diagnostic::error(
                    "uses-without-storage",
                    &super::tools::at(id, &["uses", part]),
                    format!("`{id}` uses `storage.{part}`, which this host does not have"),
                    format!("set `storage.{field} = \"/srv/{part}\"`, with the folder you want"),
                ));
            }
        }
    }
}

/// Downloads and library, if there are services that file the one in the other.
fn imported(host: &Host) -> Option<(&Downloads, &Library)> {
    let imports = containers(host).any(|(_, s)| s.uses.downloads.is_some() && s.uses.library.is_some());
    host.storage.downloads.as_ref().zip(host.storage.library.as_ref()).filter(|_| imports)
}

/// The folders of the storage: option, path, and what is there.
fn paths(host: &Host) -> Vec<(OptionPath, &str, &'static str)> {
    let storage = &host.storage;
    let all = [
        (option(&["storage", "home"]), storage.home.as_ref(), "the homes"),
        (
            option(&["storage", "downloads", "root"]),
            storage.downloads.as_ref().map(|d| &d.root),
            "the downloads",
        ),
        (option(&["storage", "library", "root"]), storage.library.as_ref().map(|l| &l.root), "the library"),
        (option(&["storage", "transcode"]), storage.transcode.as_ref(), "transcoding"),
        (option(&["storage", "config"]), Some(&storage.config), "the settings of the services"),
    ];
    all.into_iter().filter_map(|(option, path, what)| Some((option, path?.as_str(), what))).collect()
}

/// The disk that a path is on: the one with the longest mount point above it.
fn disk<'a>(host: &'a Host, path: &str) -> Option<(&'a str, &'a Disk)> {
    host.storage
        .disks
        .iter()
        .filter(|(_, disk)| inside(path, &disk.mount))
        .max_by_key(|(_, disk)| disk.mount.len())
        .map(|(name, disk)| (name.as_str(), disk))
}

fn place(disk: Option<(&str, &Disk)>) -> String {
    disk.map_or_else(
        || "the root file system".to_owned(),
        |(name, disk)| format!("the disk `{name}`, at `{}`", disk.mount),
    )
}

/// The deepest folder that is above both paths.
fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let end = a
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([a.len()])
        .rfind(|end| a.get(..*end).is_some_and(|folder| inside(b, folder)));
    a.get(..end.unwrap_or_default()).filter(|folder| !folder.is_empty()).unwrap_or("/")
}

fn is_child(path: &str, folder: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(parent, _)| parent == folder)
}

fn folder_name(option: &OptionPath) -> &str {
    option.as_str().split('.').nth(1).unwrap_or("data")
}
