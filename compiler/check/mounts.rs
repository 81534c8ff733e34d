//! Mounts: folders of the host that containers see.

use std::collections::BTreeMap;

use super::system;
use super::tools::{at, containers, inside, services, state_folder};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Access, Host, Service};
use crate::path::OptionPath;

/// Ends of names that belong to single files.
const FILES: &[&str] = &[
    "cfg", "conf", "crt", "db", "env", "ini", "json", "key", "log", "pem", "sock", "sqlite", "toml", "txt",
    "xml", "yaml", "yml",
];

/// A mount of a folder that no container should see.
pub fn forbidden(host: &Host, report: &mut Report) {
    for (id, name, source, _) in mounts(host) {
        let Some(risk) = system::risk(source) else { continue };
        let help = if source.starts_with("/dev/dri") {
            format!("remove it, and set `{} = true`", at(id, &["gpu"]))
        } else {
            "mount the one folder that is needed, or remove the mount".to_owned()
        };
        report.push(Diagnostic::error(
            "forbidden-mount",
            &at(id, &["mounts", name, "source"]),
            format!("`{id}` cannot mount `{source}`: {}", risk.why),
            help,
        ));
    }
}

/// A mount at a place of the container that is not for mounts.
pub fn forbidden_target(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        for (path, target) in targets(id, service) {
            let hidden = ["/proc", "/sys", "/dev", "/run/secrets/mediac"]
                .into_iter()
                .find(|folder| inside(&target, folder));
            let why = match hidden {
                _ if target == "/" => "it is the whole container",
                Some("/run/secrets/mediac") => "mediac puts the secrets there",
                Some(_) => "the kernel makes what is there",
                None => continue,
            };
            report.push(Diagnostic::error(
                "forbidden-target",
                &path,
                format!("nothing can be mounted at `{target}` of `{id}`: {why}"),
                format!("set `{path}` to the folder that the program reads"),
            ));
        }
    }
}

/// A mount of what looks like a single file.
pub fn single_file(host: &Host, report: &mut Report) {
    for (id, name, source, _) in mounts(host) {
        let Some((folder, file)) = source.rsplit_once('/') else { continue };
        // A name like `.env` has no stem, and is a file as well.
        let is_file =
            file.rsplit_once('.').is_some_and(|(_, end)| FILES.contains(&end.to_lowercase().as_str()));
        if is_file && system::risk(source).is_none() {
            report.push(
                Diagnostic::warning(
                    "single-file-mount",
                    &at(id, &["mounts", name, "source"]),
                    format!("`{id}` mounts `{file}`, which looks like a single file"),
                    format!("mount the folder `{}` instead", if folder.is_empty() { "/" } else { folder }),
                )
                .because("programs replace files rather than write into them, and the container would keep the old one"),
            );
        }
    }
}

/// Two mounts at one place of a container.
pub fn target_clash(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        let mut seen: BTreeMap<String, OptionPath> = used(host, id, service).into_iter().collect();
        for (path, target) in targets(id, service) {
            if let Some(first) = seen.get(&target) {
                report.push(
                    Diagnostic::error(
                        "mount-target-clash",
                        &path,
                        format!("`{id}` has two mounts at `{target}`"),
                        format!("set `{path}` to another folder, or remove one of the two"),
                    )
                    .also(first, "this one is there as well"),
                );
            } else {
                seen.insert(target, path);
            }
        }
    }
}

/// Folders that two services write.
pub fn shared_state(host: &Host, report: &mut Report) {
    let states: Vec<(&str, String)> =
        services(host).filter_map(|(id, service)| Some((id, state_folder(host, id, service)?))).collect();
    for (index, (id, folder)) in states.iter().enumerate() {
        for (other, _) in
            states.iter().take(index).filter(|(_, other)| inside(folder, other) || inside(other, folder))
        {
            report.push(
                Diagnostic::error(
                    "shared-state",
                    &at(id, &["state"]),
                    format!("`{other}` and `{id}` keep their state in one folder"),
                    format!("set `{}` to a folder of its own", at(id, &["state"])),
                )
                .here(format!("`{folder}`"))
                .also(&at(other, &["state"]), format!("the state of `{other}`")),
            );
        }
    }
    let writes: Vec<_> = mounts(host)
        .filter(|(_, _, source, access)| *access == Access::Write && !is_media(host, source))
        .collect();
    for (index, (id, name, source, _)) in writes.iter().enumerate() {
        let path = at(id, &["mounts", name, "source"]);
        let access = at(id, &["mounts", name, "access"]);
        let owners: Vec<&(&str, String)> = states
            .iter()
            .filter(|(owner, folder)| owner != id && (inside(source, folder) || inside(folder, source)))
            .collect();
        if let Some((owner, _)) = owners.first() {
            let more =
                if owners.len() > 1 { format!(" and {} more", owners.len() - 1) } else { String::new() };
            let mut finding = Diagnostic::error(
                "shared-state",
                &path,
                format!("`{id}` can write the state of `{owner}`{more}"),
                format!("set `{access} = 'read`, or mount another folder"),
            );
            for (owner, folder) in owners {
                finding =
                    finding.also(&at(owner, &["state"]), format!("`{owner}` keeps its state in `{folder}`"));
            }
            report.push(finding);
        }
        if let Some((other, first, ..)) =
            writes.iter().take(index).find(|(other, _, s, _)| other != id && s == source)
        {
            report.push(
                Diagnostic::warning(
                    "shared-state",
                    &path,
                    format!("`{other}` and `{id}` both write `{source}`"),
                    format!("set `{access} = 'read` where reading is enough, or mount two folders"),
                )
                .also(&at(other, &["mounts", first, "source"]), format!("`{other}` writes it")),
            );
        }
    }
}

fn mounts(host: &Host) -> impl Iterator<Item = (&str, &str, &str, Access)> {
    containers(host).flat_map(|(id, service)| {
        service
            .mounts
            .iter()
            .map(move |(name, mount)| (id, name.as_str(), mount.source.as_str(), mount.access))
    })
}

/// Where a container sees its state and its mounts: option and path.
fn targets(id: &str, service: &Service) -> Vec<(OptionPath, String)> {
    let state = service.state.iter().map(|state| (at(id, &["state"]), state.clone()));
    let mounts = service
        .mounts
        .iter()
        .map(|(name, mount)| (at(id, &["mounts", name, "target"]), mount.target.clone()));
    state.chain(mounts).collect()
}

/// Where a container sees the parts of the storage it uses: at the same path as the host.
fn used(host: &Host, id: &str, service: &Service) -> Vec<(String, OptionPath)> {
    let parts = [
        (
            "downloads",
            service.uses.downloads,
            host.storage.downloads.as_ref().map(|downloads| &downloads.root),
        ),
        ("library", service.uses.library, host.storage.library.as_ref().map(|library| &library.root)),
        ("transcode", service.uses.transcode, host.storage.transcode.as_ref()),
    ];
    parts
        .into_iter()
        .filter(|(_, access, _)| access.is_some())
        .filter_map(|(part, _, path)| Some((path?.clone(), at(id, &["uses", part]))))
        .collect()
}

/// Whether a folder is meant to be shared.
fn is_media(host: &Host, path: &str) -> bool {
    let downloads = host.storage.downloads.as_ref().map(|downloads| downloads.root.as_str());
    let library = host.storage.library.as_ref().map(|library| library.root.as_str());
    [downloads, library, host.storage.transcode.as_deref()]
        .into_iter()
        .flatten()
        .any(|folder| inside(path, folder))
}
