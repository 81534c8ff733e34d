//! Linux capabilities.

use super::tools::{at, containers, nearest};
use crate::diag::{Diagnostic, Report};
use crate::ir::Host;

/// All capabilities of Linux, and Docker's word for all of them.
const KNOWN: &[&str] = &[
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// What lets a program change the kernel, and with it every rule about packets.
const KERNEL: &[&str] = &["ALL", "BPF", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO"];

/// What lets a program change the routes it was given, or get around them.
const ROUTES: &[&str] = &["NET_ADMIN", "NET_RAW"];

/// A capability that Linux does not have.
pub fn unknown(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        for (name, _) in service.capabilities.iter().filter(|(name, _)| !KNOWN.contains(&bare(name).as_str()))
        {
            let help = match nearest(&bare(name), KNOWN.iter().copied()) {
                Some(meant) => format!("did you mean `{} = true`?", at(id, &["capabilities", meant])),
                None => {
                    "remove it; capabilities(7) lists all of them, and `CAP_` is left out here".to_owned()
                }
            };
            report.push(Diagnostic::error(
                "unknown-capability",
                &at(id, &["capabilities", name]),
                format!("`{name}` is no capability"),
                help,
            ));
        }
    }
}

/// A capability with which a confined service could leave its tunnel.
pub fn break_confinement(host: &Host, report: &mut Report) {
    for (id, service) in containers(host) {
        let place = match (&service.confine, &service.tunnel) {
            (Some(owner), _) => format!("is confined to `{owner}`"),
            (None, Some(_)) => "makes a tunnel".to_owned(),
            (None, None) => continue,
        };
        for (name, _) in service.capabilities.iter().filter(|(_, on)| **on) {
            let what = match bare(name) {
                bare if KERNEL.contains(&bare.as_str()) => "it could change the kernel's own rules",
                bare if service.confine.is_some() && ROUTES.contains(&bare.as_str()) => {
                    "it could send packets past the tunnel"
                }
                _ => continue,
            };
            let path = at(id, &["capabilities", name]);
            report.push(
                Diagnostic::error(
                    "capability-breaks-confinement",
                    &path,
                    format!("`{id}` {place} and must not have `{name}`"),
                    format!("remove it, or set `{path} = false`"),
                )
                .because(format!("with `{name}`, {what}")),
            );
        }
    }
}

/// A capability's name without the prefix that Docker does not need.
fn bare(name: &str) -> String {
    let upper = name.to_uppercase();
    upper.strip_prefix("CAP_").map(str::to_owned).unwrap_or(upper)
}
