//! What runs: images, units, health checks, devices.

use super::tools::{at, containers, option, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Host, Runtime};

/// Tags that mean another image tomorrow.
const MOVING: &[&str] = &[
    "beta", "canary", "dev", "develop", "edge", "latest", "main", "master", "nightly", "rolling", "testing",
    "unstable",
];

/// An image that means another one tomorrow.
pub fn image_not_pinned(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        let Some(image) = service.image.as_deref().filter(|_| service.digest.is_none()) else { continue };
        let path = at(id, &["image"]);
        let name = image.rsplit('/').next().unwrap_or(image);
        let message = match name.split_once(':') {
            None => format!("the image of `{id}` has no tag, so it is whatever is the latest"),
            Some((_, tag)) if MOVING.contains(&tag) => {
                format!("the tag `{tag}` of the image of `{id}` moves")
            }
            Some(_) => continue,
        };
        let repository = image.strip_suffix(name).unwrap_or_default();
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        report.push(Diagnostic::warning(
            "image-not-pinned",
            &path,
            message,
            format!(
                "name a version, `{path} = \"{repository}{name}:VERSION\"`, or set `{}`",
                at(id, &["digest"])
            ),
        ));
    }
}

/// A digest without the image it is of.
pub fn digest_without_image(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        if service.digest.is_some() && service.image.is_none() {
            report.push(Diagnostic::error(
                "digest-without-image",
                &at(id, &["digest"]),
                format!("`{id}` has the digest of an image, but no image"),
                format!("set `{} = \"REPOSITORY:TAG\"`", at(id, &["image"])),
            ));
        }
    }
}

/// A container without an image.
pub fn container_without_image(host: &Host, report: &mut Report) {
    for (id, _) in containers(host).filter(|(_, service)| service.image.is_none()) {
        report.push(Diagnostic::error(
            "container-without-image",
            &Host::service_path(id),
            format!("`{id}` runs in a container, but has no image"),
            format!("set `{} = \"REPOSITORY:TAG\"`", at(id, &["image"])),
        ));
    }
}

/// An image for what runs in no container.
pub fn image_unused(host: &Host, report: &mut Report) {
    for (id, service) in services(host).filter(|(_, service)| service.runtime != Runtime::Container) {
        if service.image.is_some() {
            report.push(
                Diagnostic::warning(
                    "image-unused",
                    &at(id, &["image"]),
                    format!("`{id}` has an image, but runs in no container"),
                    format!("remove `image`, or set `{} = 'container`", at(id, &["runtime"])),
                )
                .also(&at(id, &["runtime"]), "how it runs"),
            );
        }
    }
}

/// A native service without a unit.
pub fn native_without_unit(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        if service.runtime == Runtime::Native && service.native.is_none() {
            report.push(Diagnostic::error(
                "native-without-unit",
                &at(id, &["runtime"]),
                format!("`{id}` runs without a container, but has no unit"),
                format!("set `{} = {{ unit = \"{id}.service\", user = \"{id}\" }}`", at(id, &["native"])),
            ));
        }
    }
}

/// A service that wants a GPU on a host without one.
pub fn gpu_missing(host: &Host, report: &mut Report) {
    if host.gpu.is_some() {
        return;
    }
    for (id, _) in services(host).filter(|(_, service)| service.gpu) {
        let path = at(id, &["gpu"]);
        report.push(Diagnostic::warning(
            "gpu-missing",
            &path,
            format!("`{id}` wants a GPU, but this host has none"),
            format!("set `gpu.driver = 'intel` (or `'amd`), or `{path} = false`"),
        ));
    }
}

/// A health check that Docker would not understand.
pub fn health_test(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        let Some(health) = &service.health else { continue };
        let path = at(id, &["health", "test"]);
        let (message, help) = match health.test.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["CMD", _, ..] | ["CMD-SHELL", _] => continue,
            ["CMD-SHELL", _, _, ..] => (
                "has more than one command line",
                format!("write `{path} = [\"CMD-SHELL\", \"one line\"]`, or use \"CMD\""),
            ),
            [] | ["CMD" | "CMD-SHELL"] => {
                ("is empty", format!("set `{path} = [\"CMD\", \"PROGRAM\", \"ARGUMENT\"]`"))
            }
            ["NONE", ..] => ("is switched off", "remove `health`".to_owned()),
            _ => (
                "does not say how it is run",
                "begin the list with \"CMD\", or with \"CMD-SHELL\" for one line of shell".to_owned(),
            ),
        };
        report.push(Diagnostic::error(
            "health-test",
            &path,
            format!("the health check of `{id}` {message}"),
            help,
        ));
    }
}

/// A user of a container that is not written in numbers.
pub fn user_format(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        let Some(user) = &service.user else { continue };
        let number =
            |part: &str| !part.is_empty() && part.len() <= 10 && part.chars().all(|c| c.is_ascii_digit());
        if !user.split_once(':').map_or_else(|| number(user), |(user, group)| number(user) && number(group)) {
            let path = at(id, &["user"]);
            let example = host
                .accounts
                .get(&service.account)
                .map_or_else(|| "1500:1500".to_owned(), |account| format!("{}:{}", account.uid, account.gid));
            report.push(Diagnostic::error(
                "user-format",
                &path,
                format!("the user `{}` of `{id}` is not written as numbers", user.escape_debug()),
                format!("set `{path} = \"{example}\"`"),
            ));
        }
    }
}

/// A host that runs nothing.
pub fn empty_host(host: &Host, report: &mut Report) {
    if host.services.is_empty() {
        report.push(Diagnostic::error(
            "empty-host",
            &option(&["name"]),
            format!("the host `{}` has no services", host.name),
            "add one: `services.NAME = {}`; `mediac options` lists what there is",
        ));
    }
}

/// A watch over a log file that nobody named.
pub fn ban_without_log(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for (name, _) in service.bans.iter().filter(|(_, ban)| ban.backend == "polling" && ban.log.is_none())
        {
            report.push(Diagnostic::error(
                "ban-without-log",
                &at(id, &["bans", name]),
                format!("the ban `{name}` of `{id}` watches a file, but does not say which"),
                format!(
                    "set `{}`, or `{} = 'systemd`",
                    at(id, &["bans", name, "log"]),
                    at(id, &["bans", name, "backend"])
                ),
            ));
        }
    }
}
