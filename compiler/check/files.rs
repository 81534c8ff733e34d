//! Files and folders of the host that services bring.

use std::collections::BTreeMap;

use super::system;
use super::tools::{at, inside, services, state_folder};
use crate::diag::{Diagnostic, Report};
use crate::ir::Host;
use crate::path::OptionPath;

/// Two files at one place, or one where the other has a folder.
pub fn clash(host: &Host, report: &mut Report) {
    let mut seen: BTreeMap<String, (&str, OptionPath)> = BTreeMap::new();
    for (id, path, file) in files(host) {
        let finding = |other: &str, message: String| {
            let help = if other == id {
                "remove one of the two"
            } else {
                "set another `path`, or let one service bring it"
            };
            Diagnostic::error("file-clash", &path, message, help).here(format!("of `{id}`"))
        };
        if let Some((other, first)) = seen.get(&file) {
            report.push(
                finding(other, format!("two files have the path `{file}`"))
                    .also(first, format!("of `{other}`")),
            );
            continue;
        }
        let around = seen.iter().find(|(other, _)| inside(&file, other) || inside(other, &file));
        if let Some((outer, (other, first))) = around {
            let (file, folder) = if inside(&file, outer) { (outer, &file) } else { (&file, outer) };
            let message = format!("`{file}` is a file, but `{folder}` needs it to be a folder");
            report.push(finding(other, message).also(first, format!("of `{other}`")));
        }
        seen.insert(file, (id, path));
    }
}

/// A file where no file can be kept.
pub fn outside(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        let files =
            service.files.iter().map(|(name, file)| (at(id, &["files", name, "path"]), file.path.as_str()));
        let proxy = service.proxy.iter().map(|proxy| (at(id, &["proxy", "path"]), proxy.path.as_str()));
        for (path, file) in files.chain(proxy) {
            if let Some(risk) = system::file_risk(file) {
                report.push(Diagnostic::error(
                    "file-outside",
                    &path,
                    format!("`{id}` cannot bring the file `{file}`: {}", system::told(file, risk)),
                    "write it below /etc or below a folder of the storage",
                ));
            }
        }
    }
}

/// A seed that leaves the folder of its service, or has none.
pub fn seed_outside(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (name, seed) in &service.seeds {
            let path = at(id, &["seeds", name, "path"]);
            let strange = seed.path.starts_with('/')
                || seed.path.split('/').any(|part| matches!(part, "" | "." | ".."))
                || seed.path.contains(|c: char| c.is_control() || c == ':');
            if strange {
                let right: Vec<&str> =
                    seed.path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
                let help = if seed.path.contains(|c: char| c.is_control() || c == ':') {
                    "leave out colons and control characters".to_owned()
                } else if right.is_empty() {
                    format!("set `{path}` to the name of a file")
                } else {
                    format!("set `{path} = \"{}\"`", right.join("/"))
                };
                report.push(
                    Diagnostic::error(
                        "seed-outside",
                        &path,
                        format!("the seed `{}` is not in the folder of `{id}`", seed.path.escape_debug()),
                        help,
                    )
                    .because(
                        "the path of a seed is relative to the folder of its service, without `.` and `..`",
                    ),
                );
            }
        }
    }
}

/// A seed of a service that keeps no state.
pub fn seed_without_state(host: &Host, report: &mut Report) {
    for (id, service) in services(host).filter(|(_, service)| service.state.is_none()) {
        for name in service.seeds.keys() {
            let state = at(id, &["state"]);
            report.push(Diagnostic::error(
                "seed-without-state",
                &at(id, &["seeds", name]),
                format!("`{id}` has the seed `{name}`, but no folder to put it in"),
                format!("set `{state}` to the folder in which it looks for the file"),
            ));
        }
    }
}

/// A folder of the system that would change its owner and mode.
pub fn directory_outside(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (name, directory) in &service.directories {
            if let Some(risk) = system::file_risk(&directory.path) {
                report.push(Diagnostic::error(
                    "directory-outside",
                    &at(id, &["directories", name, "path"]),
                    format!(
                        "`{id}` cannot have the folder `{}`: {}",
                        directory.path,
                        system::told(&directory.path, risk)
                    ),
                    "name a folder below the storage",
                ));
            }
        }
    }
}

/// All files that are written: service, option of the path, path.
fn files(host: &Host) -> Vec<(&str, OptionPath, String)> {
    services(host)
        .flat_map(|(id, service)| {
            let files = service
                .files
                .iter()
                .map(move |(name, file)| (id, at(id, &["files", name, "path"]), file.path.clone()));
            let proxy =
                service.proxy.iter().map(move |proxy| (id, at(id, &["proxy", "path"]), proxy.path.clone()));
            let folder = state_folder(host, id, service);
            let seeds = service.seeds.iter().filter_map(move |(name, seed)| {
                let folder = folder.as_ref()?;
                Some((id, at(id, &["seeds", name, "path"]), format!("{folder}/{}", seed.path)))
            });
            files.chain(proxy).chain(seeds).collect::<Vec<_>>()
        })
        .collect()
}
