//! Names of services and accounts that do not exist.

use super::tools::{at, containers, list, nearest, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::Host;
use crate::path::OptionPath;

/// A service that another one names, but that the host does not have.
pub fn unknown_service(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        if let Some(name) = &service.confine {
            let path = at(id, &["confine"]);
            unknown(host, report, name, &path, &format!("`{id}` is confined to `{name}`"), |meant| {
                format!("`{path} = \"{meant}\"`")
            });
        }
        for (name, need) in &service.needs {
            let need = format!("{need:?}").to_lowercase();
            unknown(
                host,
                report,
                name,
                &at(id, &["needs", name]),
                &format!("`{id}` needs `{name}`"),
                |meant| format!("`{} = '{need}`", at(id, &["needs", meant])),
            );
        }
        for name in service.reaches.iter().filter(|(_, on)| **on).map(|(name, _)| name) {
            unknown(
                host,
                report,
                name,
                &at(id, &["reaches", name]),
                &format!("`{id}` reaches `{name}`"),
                |meant| format!("`{} = true`", at(id, &["reaches", meant])),
            );
        }
        for (site, route) in service.proxy.iter().flat_map(|proxy| &proxy.routes) {
            let path = at(id, &["proxy", "routes", site, "to"]);
            let message = format!("the site `{}` leads to `{}`", route.host, route.to);
            unknown(host, report, &route.to, &path, &message, |meant| format!("`{meant}`"));
        }
    }
}

fn unknown(
    host: &Host,
    report: &mut Report,
    name: &str,
    path: &OptionPath,
    message: &str,
    write: impl Fn(&str) -> String,
) {
    if host.services.contains_key(name) {
        return;
    }
    let known: Vec<&str> = host.services.keys().map(String::as_str).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean {}?", write(meant)),
        None => format!("name one of the services: {}; or add `services.{name}`", list(&known, "or")),
    };
    let message = format!("{message}, which is no service of this host");
    report.push(Diagnostic::error("unknown-service", path, message, help));
}

/// An account that a container runs under, but that the host does not have.
pub fn unknown_account(host: &Host, report: &mut Report) {
    let known: Vec<&str> = host.accounts.keys().map(String::as_str).collect();
    for (id, service) in containers(host) {
        if host.accounts.contains_key(&service.account) {
            continue;
        }
        let path = at(id, &["account"]);
        let add = format!("`accounts.{} = {{ uid = …, gid = … }}`", service.account);
        let help = match nearest(&service.account, known.iter().copied()) {
            Some(meant) => format!("did you mean `{path} = \"{meant}\"`?"),
            None if known.is_empty() => format!("add {add}"),
            None => format!("set `{path}` to {}, or add {add}", list(&known, "or")),
        };
        report.push(Diagnostic::error(
            "unknown-account",
            &path,
            format!("the files of `{id}` belong to `{}`, which is no account of this host", service.account),
            help,
        ));
    }
}

/// Networks that mediac makes for itself: no tunnel can be named like them.
const NETWORKS: &[&str] = &["mediac", "services"];

/// Users that Debian has from the start.
const USERS: &[&str] = &[
    "backup", "bin", "daemon", "games", "irc", "list", "lp", "mail", "man", "news", "nobody", "proxy",
    "root", "sshd", "sync", "sys", "uucp", "www-data",
];

/// A tunnel or an account with a name that is taken.
pub fn reserved(host: &Host, report: &mut Report) {
    for (id, _) in containers(host).filter(|(id, service)| service.tunnel.is_some() && NETWORKS.contains(id))
    {
        report.push(
            Diagnostic::error(
                "reserved-name",
                &Host::service_path(id),
                format!("a service that makes a tunnel cannot be named `{id}`"),
                format!("rename it, such as to `services.{id}-vpn`"),
            )
            .because("its network is named like the service, and mediac has a network of that name already"),
        );
    }
    for name in host.accounts.keys().filter(|name| USERS.contains(&name.as_str())) {
        report.push(Diagnostic::error(
            "reserved-name",
            &OptionPath::parse("accounts").field(name),
            format!("the account `{name}` belongs to the system"),
            "give the account a name of its own, such as `media`",
        ));
    }
}
