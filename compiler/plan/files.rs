//! Files that services bring: seeds of their own, files of the host, and what holds secrets.

use super::{File, RUN, accounts, storage, wiring};
use crate::ir::{self, Class, Format, Host, Mode, Runtime, Service};
use crate::node::Node;
use crate::secret;

/// The files of all services, by service and name.
pub fn plan(host: &Host) -> Vec<File> {
    let mut files = Vec::new();
    for (id, service) in &host.services {
        let origin = Host::service_path(id);
        let (owner, group) = owner(host, service);
        for (name, file) in &service.seeds {
            let path = format!("{}/{}", storage::state(host, id), file.path);
            let origin = origin.field("seeds").field(name);
            files.push(planned(file, path, owner.clone(), group.clone(), origin));
        }
        for (name, file) in &service.files {
            let origin = origin.field("files").field(name);
            files.push(planned(file, file.path.clone(), "root".to_owned(), "root".to_owned(), origin));
        }
    }
    files
}

/// The files in memory that hold nothing but secrets: environments, and secrets as files.
pub fn secrets(host: &Host) -> Vec<File> {
    let mut files = wiring::secrets(host);
    for (id, service) in &host.services {
        if service.runtime != Runtime::Container {
            continue;
        }
        let origin = Host::service_path(id);
        let env: Vec<(String, Node)> = service
            .env
            .iter()
            .filter(|(_, value)| secret::references(value).next().is_some())
            .map(|(name, value)| {
                (name.clone(), Node::new(value.as_str()).from_option(&origin.field("env").field(name)))
            })
            .collect();
        if !env.is_empty() {
            files.push(File {
                path: format!("{RUN}/env/{id}.env"),
                format: Format::Env,
                content: Node::map(env),
                class: Class::Owned,
                mode: Mode::new(0o600),
                owner: "root".to_owned(),
                group: "root".to_owned(),
                origin: origin.field("env"),
            });
        }
        for (name, _) in service.secrets.iter().filter(|(_, secret)| secret.file) {
            let origin = origin.field("secrets").field(name);
            files.push(File {
                path: format!("{RUN}/secrets/{id}/{name}"),
                format: Format::Lines,
                content: Node::list([Node::new(secret::reference(id, name)).from_option(&origin)]),
                class: Class::Owned,
                mode: Mode::new(0o400),
                owner: service.account.clone(),
                group: accounts::group(host, &service.account),
                origin,
            });
        }
    }
    files
}

fn planned(
    file: &ir::File,
    path: String,
    owner: String,
    group: String,
    origin: crate::path::OptionPath,
) -> File {
    let ir::File { path: _, format, content, class, mode, owner: said_owner, group: said_group } =
        file.clone();
    let group = said_group.unwrap_or_else(|| said_owner.clone().unwrap_or(group));
    File { path, format, content, class, mode, owner: said_owner.unwrap_or(owner), group, origin }
}

/// Whom the files of a service belong to.
fn owner(host: &Host, service: &Service) -> (String, String) {
    match (service.runtime, &service.native) {
        (Runtime::Container, _) => (service.account.clone(), accounts::group(host, &service.account)),
        (_, Some(native)) => (native.user.clone(), native.user.clone()),
        (_, None) => ("root".to_owned(), "root".to_owned()),
    }
}
