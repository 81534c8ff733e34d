//! Disks, folders, and which of them a service sees where.

use std::collections::BTreeMap;

use super::{Directory, DiskMount, File, Maker, Volume, accounts};
use crate::ir::{Access, Host, Mode, Runtime, Service};
use crate::path::OptionPath;

/// A part of the storage that a service uses.
#[derive(Debug, Clone)]
pub struct Area {
    /// Its folder.
    pub path: String,
    /// Whether the service writes there.
    pub access: Access,
    /// Whether files are linked from here to other parts of the storage.
    pub links: bool,
    /// The option that says so.
    pub origin: OptionPath,
}

/// The mount units of a host.
pub fn disks(host: &Host) -> Vec<DiskMount> {
    let mut disks: Vec<DiskMount> = host
        .storage
        .disks
        .iter()
        .filter(|(_, disk)| disk.managed)
        .map(|(name, disk)| {
            let what = match (&disk.uuid, &disk.label) {
                (Some(uuid), _) => format!("/dev/disk/by-uuid/{uuid}"),
                (None, label) => format!("/dev/disk/by-label/{}", label.as_deref().unwrap_or_default()),
            };
            let mut options: Vec<String> =
                disk.options.iter().filter(|(_, on)| **on).map(|(name, _)| name.clone()).collect();
            // A disk that is gone must not keep the host from booting: SSH has to work.
            options.push("nofail".to_owned());
            options.sort();
            options.dedup();
            let origin = OptionPath::root().field("storage").field("disks").field(name);
            DiskMount { what, at: disk.mount.clone(), fs: disk.fs, options, origin }
        })
        .collect();
    disks.sort_by(|a, b| a.at.cmp(&b.at));
    disks
}

/// The mount points that folders of the storage lie on.
pub fn mount_points(host: &Host) -> Vec<String> {
    let storage = &host.storage;
    let mut points: Vec<String> = [
        Some(&storage.config),
        storage.home.as_ref(),
        storage.downloads.as_ref().map(|downloads| &downloads.root),
        storage.library.as_ref().map(|library| &library.root),
        storage.transcode.as_ref(),
    ]
    .into_iter()
    .flatten()
    .filter_map(|path| disk_of(host, path))
    .filter_map(|name| storage.disks.get(name))
    .map(|disk| disk.mount.clone())
    .collect();
    points.sort();
    points.dedup();
    points
}

/// The disk a path lies on; none is the root file system.
pub fn disk_of<'a>(host: &'a Host, path: &str) -> Option<&'a str> {
    host.storage
        .disks
        .iter()
        .filter(|(_, disk)| is_within(path, &disk.mount))
        .max_by_key(|(_, disk)| disk.mount.len())
        .map(|(name, _)| name.as_str())
}

/// Whether `path` is `folder` or lies below it.
pub fn is_within(path: &str, folder: &str) -> bool {
    folder == "/" || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The parts of the storage that a service uses.
pub fn areas(host: &Host, service: &Service) -> Vec<Area> {
    let storage = &host.storage;
    let folders = [
        ("downloads", service.uses.downloads, true, storage.downloads.as_ref().map(|d| &d.root)),
        ("library", service.uses.library, true, storage.library.as_ref().map(|l| &l.root)),
        ("transcode", service.uses.transcode, false, storage.transcode.as_ref()),
    ];
    folders
        .into_iter()
        .filter_map(|(name, access, links, path)| {
            let origin = Host::service_path(&service.name).field("uses").field(name);
            Some(Area { path: path?.clone(), access: access?, links, origin })
        })
        .collect()
}

/// The folders of the storage that a container sees, at the paths they have on the host.
///
/// Two folders of one file system that are both written become one mount of their common parent: across
/// two mounts the kernel refuses hard links, even on one file system. What is only read stays read-only.
pub fn shared(host: &Host, service: &Service) -> Vec<Volume> {
    let mut volumes: Vec<(Option<&str>, Volume)> = Vec::new();
    for area in areas(host, service) {
        let disk = disk_of(host, &area.path);
        let linked = |other: Option<&str>, volume: &Volume| {
            other == disk && area.links && volume.access == Access::Write && area.access == Access::Write
        };
        if let Some((_, volume)) = volumes.iter_mut().find(|(other, volume)| linked(*other, volume)) {
            volume.source = common(&volume.source, &area.path);
            volume.target.clone_from(&volume.source);
        } else {
            let Area { path, access, links: _, origin } = area;
            volumes.push((disk, Volume { source: path.clone(), target: path, access, origin }));
        }
    }
    volumes.into_iter().map(|(_, volume)| volume).collect()
}

/// The deepest folder that holds both paths.
pub fn common(a: &str, b: &str) -> String {
    let mut shared = String::new();
    for (x, y) in a.split('/').zip(b.split('/')).skip(1) {
        if x != y {
            break;
        }
        shared.push('/');
        shared.push_str(x);
    }
    if shared.is_empty() { "/".to_owned() } else { shared }
}

/// The folder of a service's state on the host.
pub fn state(host: &Host, id: &str) -> String {
    match host.services.get(id) {
        Some(service) if service.runtime != Runtime::Container => service.state.clone().unwrap_or_default(),
        _ => format!("{}/{id}", host.storage.config),
    }
}

/// The folders that must exist, by path.
pub fn directories(host: &Host, files: &[File]) -> BTreeMap<String, Directory> {
    let mut all = BTreeMap::new();
    let storage = OptionPath::root().field("storage");
    let owner = accounts::owner(host);
    let group = accounts::group(host, owner);
    let mut add = |path: String, mode: u32, owner: &str, group: &str, origin: OptionPath| {
        let directory = Directory {
            mode: Mode::new(mode),
            owner: owner.to_owned(),
            group: group.to_owned(),
            maker: Maker::Tmpfiles,
            origin,
        };
        all.entry(path).or_insert(directory);
    };
    if let Some(home) = &host.storage.home {
        add(home.clone(), 0o755, "root", "root", storage.field("home"));
    }
    add(host.storage.config.clone(), 0o755, "root", "root", storage.field("config"));
    if let Some(downloads) = &host.storage.downloads {
        let origin = storage.field("downloads");
        add(downloads.root.clone(), 0o2775, owner, &group, origin.field("root"));
        for (field, name) in [("complete", &downloads.complete), ("incomplete", &downloads.incomplete)] {
            add(format!("{}/{name}", downloads.root), 0o2775, owner, &group, origin.field(field));
        }
    }
    if let Some(library) = &host.storage.library {
        let origin = storage.field("library");
        add(library.root.clone(), 0o2775, owner, &group, origin.field("root"));
        for (kind, name) in &library.folders {
            let path = format!("{}/{name}", library.root);
            add(path, 0o2775, owner, &group, origin.field("folders").field(kind));
        }
    }
    if let Some(transcode) = &host.storage.transcode {
        add(transcode.clone(), 0o2775, owner, &group, storage.field("transcode"));
    }
    for (id, service) in &host.services {
        let origin = Host::service_path(id);
        let group = accounts::group(host, &service.account);
        if service.runtime == Runtime::Container && service.state.is_some() {
            add(state(host, id), 0o750, &service.account, &group, origin.field("state"));
        }
        for (name, directory) in &service.directories {
            let origin = origin.field("directories").field(name);
            add(directory.path.clone(), directory.mode.bits(), &service.account, &group, origin);
        }
    }
    parents_of_seeds(host, files, &mut all);
    all
}

/// The folders between a service's state and its seeds.
fn parents_of_seeds(host: &Host, files: &[File], all: &mut BTreeMap<String, Directory>) {
    for file in files {
        let Some((id, service)) = host
            .services
            .iter()
            .find(|(id, _)| file.origin.is_within(&Host::service_path(id).field("seeds")))
        else {
            continue;
        };
        let container = service.runtime == Runtime::Container;
        let base = state(host, id);
        let mut parent = file.path.rsplit_once('/').map(|(parent, _)| parent);
        while let Some(folder) = parent.filter(|folder| is_within(folder, &base) && !folder.is_empty()) {
            all.entry(folder.to_owned()).or_insert_with(|| Directory {
                mode: Mode::new(0o750),
                owner: file.owner.clone(),
                group: file.group.clone(),
                maker: if container { Maker::Tmpfiles } else { Maker::Apply },
                origin: file.origin.clone(),
            });
            parent = folder.rsplit_once('/').map(|(parent, _)| parent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_parents() {
        for (a, b, parent) in [
            ("/srv/data/downloads", "/srv/data/media", "/srv/data"),
            ("/srv/a", "/srv/ab", "/srv"),
            ("/a", "/b", "/"),
            ("/srv/a/b", "/srv/a", "/srv/a"),
        ] {
            assert_eq!(common(a, b), parent, "{a} {b}");
        }
        assert!(is_within("/srv/a", "/srv/a"));
        assert!(is_within("/srv/a/b", "/srv/a"));
        assert!(!is_within("/srv/ab", "/srv/a"));
    }
}
