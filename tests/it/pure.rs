//! A build reads the project, writes below out/, and touches nothing else: as the kernel saw it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::support::{Folder, Mediac, hosts, program, skip, works};

/// What may be opened or looked at outside the project, and why. A path ending in `/` stands for all below it.
const READ: &[(&str, &str)] = &[
    ("/etc/ld.so.cache", "the loader, before main"),
    ("/etc/ld.so.preload", "the loader, before main"),
    ("/lib/", "the loader, before main"),
    ("/lib64/", "the loader, before main"),
    ("/usr/lib/", "the loader, before main"),
    ("/usr/lib64/", "the loader, before main"),
    ("/proc/self/exe", "the build's memory knows by it when mediac itself is another"),
    ("/proc/self/maps", "where the main thread's stack is: the standard library"),
    ("/proc/self/cgroup", "how many cores there are: the standard library"),
    ("/proc/self/mountinfo", "how many cores there are: the standard library"),
    ("/sys/fs/cgroup/", "how many cores there are: the standard library"),
    ("/sys/devices/system/cpu/online", "how many cores there are: the C library"),
    ("/proc/sys/vm/overcommit_memory", "before a thread gives memory back: the C library"),
    ("/dev/null", "standard streams that are closed: the standard library"),
];

/// System calls that change something.
const CHANGES: &[&str] = &[
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "chmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "lchown",
    "fchownat",
    "truncate",
    "mknod",
    "mknodat",
    "utimensat",
    "creat",
    "mount",
    "chdir",
];

/// One system call with the paths it names.
#[derive(Debug)]
struct Call {
    name: String,
    paths: Vec<PathBuf>,
    text: String,
}

impl Call {
    /// Whether it may change what it names.
    fn writes(&self) -> bool {
        let flags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"];
        CHANGES.contains(&self.name.as_str())
            || (self.name.starts_with("open") && flags.iter().any(|flag| self.text.contains(flag)))
    }
}

/// Reads what strace wrote: `PID name(AT_FDCWD</folder>, "path", …) = …`.
fn calls(log: &str, folder: &Path) -> Vec<Call> {
    log.lines()
        .filter_map(|line| {
            let text = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
            let (name, rest) = text.split_once('(')?;
            let resumed = !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if resumed {
                return None;
            }
            let mut base = folder.to_owned();
            let mut paths = Vec::new();
            let mut rest = rest;
            while let Some(start) = rest.find(['"', '<']) {
                let (open, inner) = rest[start..].split_at(1);
                let end = inner.find(if open == "\"" { '"' } else { '>' })?;
                let (word, after) = inner.split_at(end);
                if open == "<" {
                    base = PathBuf::from(word);
                } else if !word.is_empty() && (name != "execve" || paths.is_empty()) {
                    // No path at all means the file that is open already.
                    paths.push(normal(&base.join(word)));
                }
                rest = &after[1..];
            }
            Some(Call { name: name.to_owned(), paths, text: text.to_owned() })
        })
        .collect()
}

fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// What a build did that it may not do.
fn sins(folder: &Folder, call: Mediac, log: &Path) -> Vec<String> {
    let strace = ["strace", "-f", "-y", "-qq", "-s", "8192", "-e", "trace=%file,%network,execve", "-o"];
    call.through(strace).through([log]).run().expect(0);
    let log = fs::read_to_string(log).unwrap();
    let calls = calls(&log, folder.path());
    // A program that is linked statically opens nothing before it begins.
    assert!(calls.len() > 4, "strace saw too little:\n{log}");
    // From the program's own start: before it are `env` and the loader of that.
    let start = calls.iter().rposition(|call| call.name == "execve").unwrap();
    assert_eq!(calls[start].paths, [program()]);
    calls[start + 1..].iter().filter(|call| !allowed(folder, call)).map(|call| call.text.clone()).collect()
}

fn allowed(folder: &Folder, call: &Call) -> bool {
    let network =
        ["socket", "connect", "bind", "sendto", "sendmsg", "socketpair", "listen", "accept", "accept4"];
    if network.contains(&call.name.as_str()) {
        return false;
    }
    call.paths.iter().all(|path| {
        if call.writes() {
            return path.starts_with(folder.at("out"));
        }
        // Up to the root, each folder may hold the project.
        let above = call.name.contains("stat")
            && path.ends_with("hosts")
            && folder.path().starts_with(path.parent().unwrap());
        let listed = READ.iter().any(|(allowed, _why)| match allowed.strip_suffix('/') {
            Some(below) => path.starts_with(below),
            None => path == Path::new(allowed),
        });
        path.starts_with(folder.path()) || *path == program() || above || listed
    })
}

fn strace_works() -> bool {
    let works = works(&["strace", "-f", "-o", "/dev/null", "true"]);
    if !works {
        skip("what a build opens", "needs strace, and leave to trace");
    }
    works
}

#[test]
fn a_build_reads_the_project_and_writes_below_out() {
    if !strace_works() {
        return;
    }
    let folder = Folder::with_hosts();
    let log = folder.path().parent().unwrap().join("log");
    // First, unchanged, after a change, and without memory of the one before.
    for round in ["first", "unchanged", "changed", "forgotten"] {
        match round {
            "changed" => fs::remove_file(folder.at("out").join(&hosts()[0]).join("inventory.json")).unwrap(),
            "forgotten" => fs::remove_dir_all(folder.at("out/.cache")).unwrap(),
            _ => {}
        }
        let call = Mediac::new(folder.path()).args(["build"]);
        assert_eq!(sins(&folder, call, &log), [""; 0], "{round}");
    }
    for verb in [&["build", "--check"][..], &["check"], &["options"], &["why", "name"]] {
        let call = Mediac::new(folder.path()).args(verb);
        assert_eq!(sins(&folder, call, &log), [""; 0], "{verb:?}");
    }
}

#[test]
fn an_import_from_outside_is_seen() {
    if !strace_works() {
        return;
    }
    let outside = Folder::with(&[("shared.ncl", "\"Europe/Oslo\"")]);
    let folder = Folder::new();
    let text = "{ name = \"one\", lan.ipv4 = [\"192.168.1.0/24\"], storage.config = \"/srv/config\", services.prowlarr = {}, timezone = import \"OUT\" }";
    let shared = outside.at("shared.ncl");
    folder.write("hosts/one.ncl", text.replace("OUT", shared.to_str().unwrap()));
    let log = folder.path().parent().unwrap().join("log");
    let sins = sins(&folder, Mediac::new(folder.path()).args(["build"]), &log);
    assert!(!sins.is_empty() && sins.iter().all(|sin| sin.contains(shared.to_str().unwrap())), "{sins:#?}");
    assert!(sins.iter().any(|sin| sin.starts_with("openat")), "{sins:#?}");
}

#[test]
fn writing_elsewhere_and_talking_would_be_seen() {
    let folder = Folder::new();
    let root = folder.path().to_str().unwrap();
    let log = format!(
        "7 openat(AT_FDCWD</>, \"{root}/hosts/a.ncl\", O_RDONLY|O_CLOEXEC) = 3<{root}/hosts/a.ncl>\n\
         7 openat(AT_FDCWD</>, \"{root}/out/x\", O_RDWR|O_CREAT, 0666) = 3\n\
         7 openat(AT_FDCWD</>, \"{root}/hosts/a.ncl\", O_RDWR) = 3\n\
         7 unlinkat(4<{root}/hosts>, \"a.ncl\", 0) = 0\n\
         7 rename(\"{root}/out/a\", \"{root}/b\") = 0\n\
         7 openat(AT_FDCWD<{root}/hosts>, \"../../a\", O_RDONLY) = 3\n\
         7 openat(AT_FDCWD</>, \"/etc/hostname\", O_RDONLY) = 3\n\
         7 socket(AF_INET, SOCK_STREAM, 0) = 3\n"
    );
    let calls = calls(&log, folder.path());
    let allowed: Vec<bool> = calls.iter().map(|call| allowed(&folder, call)).collect();
    assert_eq!(allowed, [true, true, false, false, false, false, false, false]);
}
