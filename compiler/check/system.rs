//! Folders of the machine that belong to the system, to Docker, or to mediac itself.

use super::tools::inside;

/// Why a folder is no place for anything else.
#[derive(Clone, Copy)]
pub struct Risk {
    /// The folder of the system that is meant.
    pub folder: &'static str,
    /// Whose it is.
    pub why: &'static str,
}

/// Folders that are off limits with all that is below them.
const TREES: &[(&str, &str)] = &[
    ("/bin", "it holds the system's programs"),
    ("/boot", "it holds the kernel"),
    ("/dev", "it holds devices"),
    ("/lib", "it holds the system's libraries"),
    ("/lib64", "it holds the system's libraries"),
    ("/proc", "it is made by the kernel"),
    ("/run/containerd", "it belongs to Docker"),
    ("/run/docker", "it belongs to Docker"),
    ("/run/docker.sock", "whoever has it is root on the host"),
    ("/run/mediac", "it belongs to mediac"),
    ("/sbin", "it holds the system's programs"),
    ("/sys", "it is made by the kernel"),
    ("/var/lib/containerd", "it belongs to Docker"),
    ("/var/lib/docker", "it belongs to Docker"),
    ("/var/lib/mediac", "it belongs to mediac, and what is current there changes"),
    ("/var/run/docker.sock", "whoever has it is root on the host"),
];

/// Folders that are off limits themselves, but not what is below them.
const FOLDERS: &[(&str, &str)] = &[
    ("/", "it holds the whole system"),
    ("/etc", "it holds the system's settings and passwords"),
    ("/home", "it holds people's homes"),
    ("/root", "it is the home of root"),
    ("/run", "it holds the sockets of the system"),
    ("/usr", "it holds the system's programs"),
    ("/var", "it holds the system's state"),
    ("/var/lib", "it holds the system's state"),
    ("/var/log", "it holds the system's logs"),
    ("/var/run", "it holds the sockets of the system"),
];

/// What speaks against giving a folder to anybody, or changing its owner and mode.
pub fn risk(path: &str) -> Option<Risk> {
    let tree = TREES.iter().find(|(folder, _)| inside(path, folder));
    let exact = FOLDERS.iter().find(|(folder, _)| path == *folder);
    tree.or(exact).map(|&(folder, why)| Risk { folder, why })
}

/// What speaks against a file there that outlives a boot.
pub fn file_risk(path: &str) -> Option<Risk> {
    let volatile = [
        ("/run", "it is empty after each boot"),
        ("/tmp", "it is emptied"),
        ("/var/run", "it is empty after each boot"),
    ];
    let found =
        volatile.iter().find(|(folder, _)| inside(path, folder)).map(|&(folder, why)| Risk { folder, why });
    found.or_else(|| risk(path))
}

/// A risk as the end of a sentence about `path`.
pub fn told(path: &str, risk: Risk) -> String {
    if path == risk.folder {
        risk.why.to_owned()
    } else {
        format!("`{}` is no place for it, {}", risk.folder, risk.why)
    }
}
