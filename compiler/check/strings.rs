//! Every text of a service, for checks that look into all of them.

use super::tools::at;
use crate::ir::{File, Service};
use crate::node::{Node, Value};
use crate::path::OptionPath;

/// The texts of a service that may refer to secrets: option and text.
pub fn open<'a>(id: &str, service: &'a Service) -> Vec<(OptionPath, &'a str)> {
    let mut all: Vec<(OptionPath, &str)> =
        service.env.iter().map(|(name, value)| (at(id, &["env", name]), value.as_str())).collect();
    let lists = [
        (at(id, &["command"]), service.command.as_ref()),
        (at(id, &["health", "test"]), service.health.as_ref().map(|health| &health.test)),
    ];
    for (path, items) in lists {
        all.extend(
            items.into_iter().flatten().enumerate().map(|(index, item)| (path.index(index), item.as_str())),
        );
    }
    for (path, file) in files(id, service) {
        leaves(&path.field("content"), &file.content, &mut |path, _, text| all.push((path.clone(), text)));
    }
    for (path, node) in wiring(id, service) {
        leaves(&path, node, &mut |path, _, text| all.push((path.clone(), text)));
    }
    all
}

/// The texts of a service that stand in one line of some file: option and text.
pub fn lines<'a>(id: &str, service: &'a Service) -> Vec<(OptionPath, &'a str)> {
    let mut all: Vec<(OptionPath, &str)> = vec![(at(id, &["title"]), service.title.as_str())];
    all.extend(service.user.iter().map(|user| (at(id, &["user"]), user.as_str())));
    all.extend(service.env.iter().map(|(name, value)| (at(id, &["env", name]), value.as_str())));
    for (name, value) in &service.sysctls {
        all.push((at(id, &["sysctls", name]), name));
        all.push((at(id, &["sysctls", name]), value));
    }
    all.extend(service.extra_hosts.keys().map(|name| (at(id, &["extra_hosts", name]), name.as_str())));
    all.extend(service.packages.keys().map(|name| (at(id, &["packages", name]), name.as_str())));
    all.extend(service.endpoints.keys().map(|name| (at(id, &["endpoints", name]), name.as_str())));
    all.extend(service.mounts.keys().map(|name| (at(id, &["mounts", name]), name.as_str())));
    all.extend(service.bans.iter().map(|(name, ban)| (at(id, &["bans", name, "port"]), ban.port.as_str())));
    all.extend(
        service.secrets.iter().map(|(name, s)| (at(id, &["secrets", name, "about"]), s.about.as_str())),
    );
    if let Some(native) = &service.native {
        all.push((at(id, &["native", "unit"]), &native.unit));
        all.push((at(id, &["native", "user"]), &native.user));
        all.extend(native.groups.keys().map(|name| (at(id, &["native", "groups", name]), name.as_str())));
    }
    for (name, apt) in &service.apt {
        for (field, items) in [("uris", &apt.uris), ("suites", &apt.suites), ("components", &apt.components)]
        {
            let path = at(id, &["apt", name, field]);
            all.extend(items.iter().enumerate().map(|(index, item)| (path.index(index), item.as_str())));
        }
        all.extend(apt.key_uri.iter().map(|uri| (at(id, &["apt", name, "key_uri"]), uri.as_str())));
    }
    for (path, file) in files(id, service) {
        let people = [("owner", &file.owner), ("group", &file.group)];
        all.extend(
            people.into_iter().filter_map(|(field, name)| Some((path.field(field), name.as_deref()?))),
        );
    }
    all
}

/// The files that a service brings, seeds included: option and file.
pub fn files<'a>(id: &str, service: &'a Service) -> Vec<(OptionPath, &'a File)> {
    let seeds = service.seeds.iter().map(|(name, file)| (at(id, &["seeds", name]), file));
    let files = service.files.iter().map(|(name, file)| (at(id, &["files", name]), file));
    seeds.chain(files).collect()
}

/// What is said of a service's API: option and content.
pub fn wiring<'a>(id: &str, service: &'a Service) -> Vec<(OptionPath, &'a Node)> {
    let parts = [("api", &service.api), ("wiring", &service.wiring)];
    parts.into_iter().filter_map(|(field, node)| Some((at(id, &[field]), node.as_ref()?))).collect()
}

/// Visits every text within some content: its option, the name it is under, and itself.
pub fn leaves<'a>(path: &OptionPath, node: &'a Node, visit: &mut impl FnMut(&OptionPath, &'a str, &'a str)) {
    walk(path, "", node, visit);
}

fn walk<'a>(
    path: &OptionPath,
    key: &'a str,
    node: &'a Node,
    visit: &mut impl FnMut(&OptionPath, &'a str, &'a str),
) {
    match &node.value {
        Value::Str(text) => visit(path, key, text),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&path.index(index), key, item, visit);
            }
        }
        Value::Map(entries) => {
            for (name, value) in entries {
                walk(&path.field(name), name, value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}
