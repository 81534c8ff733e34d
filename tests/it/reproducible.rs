//! The same host files give the same bytes and modes, wherever, whenever and by whomever they are built.
//!
//! Each axis changes one thing about the machine, the environment or the project; what a build writes is
//! compared with that of a plain build, name by name, mode by mode, byte by byte.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;
use std::sync::Mutex;

use crate::support::{
    Folder, Mediac, Seen, copy, copy_program, differences, each, hosts, is_root, repository, say, set_mode,
    skip, snapshot, works,
};

/// A project, and how it is going to be built.
struct Case {
    folder: Folder,
    call: Mediac,
}

impl Case {
    fn plain() -> Self {
        Self::of(Folder::with_hosts())
    }

    fn of(folder: Folder) -> Self {
        let call = Mediac::new(folder.path()).args(["build"]);
        Self { folder, call }
    }

    fn with(self, change: impl FnOnce(Mediac) -> Mediac) -> Self {
        Self { folder: self.folder, call: change(self.call) }
    }

    fn build(self) -> BTreeMap<String, Seen> {
        let Self { folder, call } = self;
        call.run().expect(0);
        written(&folder)
    }
}

/// The folders of all hosts, with everything in them.
fn written(folder: &Folder) -> BTreeMap<String, Seen> {
    let mut all = BTreeMap::new();
    for host in hosts() {
        let tree = snapshot(&folder.at("out").join(&host));
        assert!(tree.len() > 10);
        all.extend(tree.into_iter().map(|(name, seen)| (format!("{host}/{name}"), seen)));
    }
    all
}

/// One thing that may differ between two builds; `None` where this machine cannot make it differ.
type Axis = (&'static str, fn() -> Option<Case>);

fn environment(name: &'static str, value: &'static str) -> Case {
    Case::plain().with(|call| call.env(name, value))
}

fn shell(script: &'static str) -> Case {
    Case::plain().with(|call| call.after(script))
}

/// By way of another program, where that works.
fn through(wrapper: &[&'static str]) -> Option<Case> {
    works(&[wrapper, &["true"]].concat()).then(|| Case::plain().with(|call| call.through(wrapper)))
}

/// At another time; the library that fakes it must really do so.
fn at(time: &'static str) -> Option<Case> {
    let faked = Command::new("faketime").args([time, "date", "-u", "+%F"]).env("TZ", "UTC").output().ok()?;
    faked.stdout.starts_with(time.get(..10)?.as_bytes()).then_some(())?;
    through(&["faketime", time])
}

fn beside(name: &OsStr) -> Case {
    let folder = Folder::new();
    let root = folder.at(name);
    copy(&repository().join("hosts"), &root.join("hosts"));
    let call = Mediac::new(&root).args(["build", "-o"]).args([folder.at("out")]);
    Case { folder, call }
}

/// As a user who is nobody, in a folder of theirs.
fn nobody(case: Case) -> Option<Case> {
    const BECOME: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    if !is_root() || !works(&[&BECOME[..], &["true"]].concat()) {
        return None;
    }
    let Case { folder, call } = case;
    let own = folder.path().parent().unwrap().join("mediac");
    copy_program(&own);
    assert!(works(&["chown", "-R", "65534:65534", folder.path().to_str().unwrap()]));
    Some(Case { folder, call: call.program(&own).through(BECOME) })
}

/// 500 variables, in reverse order, among them some that other programs listen to.
fn junk() -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["env".into(), "-i".into()];
    all.extend(
        (0..500).rev().map(|number| format!("JUNK_{number}=%{{host.name}} $HOME \u{fffd} {number}").into()),
    );
    for known in
        ["PATH=/usr/bin:/bin", "NICKEL_IMPORT_PATH=/nonexistent", "MEDIAC_ROOT=/", "SOURCE_DATE_EPOCH=1"]
    {
        all.push(known.into());
    }
    all
}

/// The whole project, its files made in this order.
fn in_order(reverse: bool) -> Case {
    let folder = Folder::new();
    let mut files: Vec<String> = ["hosts", "modules", "schemas"]
        .iter()
        .flat_map(|part| {
            fs::read_dir(repository().join(part)).unwrap().map(move |entry| (part, entry.unwrap()))
        })
        .map(|(part, entry)| format!("{part}/{}", entry.file_name().to_str().unwrap()))
        .filter(|name| name.ends_with(".ncl"))
        .collect();
    files.sort();
    if reverse {
        files.reverse();
    }
    for name in files {
        folder.write(&name, fs::read(repository().join(&name)).unwrap());
    }
    Case::of(folder)
}

fn git_checkout() -> Option<Case> {
    let case = in_order(false);
    let script = "git init -q . && git -c user.name=a -c user.email=a@b add . \
                  && git -c user.name=a -c user.email=a@b -c commit.gpgsign=false commit -qm one";
    let root = case.folder.path().to_str().unwrap();
    works(&["env", "-C", root, "sh", "-c", script]).then_some(case)
}

/// As many at once as go together.
fn everything() -> Option<Case> {
    let case = beside(OsStr::new("ein langer Weg/日本 %{x} \"q\" $HOME"));
    let case = case.with(|call| {
        call.env("TZ", "Pacific/Kiritimati")
            .env("LC_ALL", "tr_TR.UTF-8")
            .without("HOME")
            .after("umask 077; ulimit -s 256")
            .through(["taskset", "-c", "0"])
            .through(junk())
    });
    let case = if is_root() { nobody(case)? } else { case };
    if works(&["faketime", "2000-02-29 12:00:00", "true"]) {
        return Some(case.with(|call| call.through(["faketime", "2000-02-29 12:00:00"])));
    }
    Some(case)
}

const AXES: &[Axis] = &[
    ("another program file, by another path", || {
        let folder = Folder::with_hosts();
        let own = folder.path().parent().unwrap().join("other name");
        copy_program(&own);
        Some(Case::of(folder).with(|call| call.program(&own)))
    }),
    ("TZ=Pacific/Kiritimati", || Some(environment("TZ", "Pacific/Kiritimati"))),
    ("TZ=nonsense", || Some(environment("TZ", "<>-99:99"))),
    ("LC_ALL=C", || Some(environment("LC_ALL", "C"))),
    ("LC_ALL=tr_TR.UTF-8", || Some(environment("LC_ALL", "tr_TR.UTF-8"))),
    ("LANG=de_DE.UTF-8", || Some(environment("LANG", "de_DE.UTF-8"))),
    ("umask 000", || Some(shell("umask 000"))),
    ("umask 027", || Some(shell("umask 027"))),
    ("umask 077", || Some(shell("umask 077"))),
    ("from /, by -C", || {
        let case = Case::plain();
        let root = case.folder.path().to_owned();
        Some(case.with(|call| call.args(["-C".as_ref(), root.as_os_str()]).from("/".as_ref())))
    }),
    ("from a folder below", || {
        let case = Case::plain();
        let below = case.folder.at("hosts");
        Some(case.with(|call| call.from(&below)))
    }),
    ("a long path", || {
        let part = "long-".repeat(40);
        let path: Vec<String> = (0..12).map(|number| format!("{part}{number}")).collect();
        Some(beside(OsStr::new(&path.join("/"))))
    }),
    ("a path with spaces and quotes", || Some(beside(OsStr::new("a b/c's \"d\" \\ %{e} $f")))),
    ("a path with other scripts", || Some(beside(OsStr::new("größe/日本語/e\u{301}/😀")))),
    ("a path that is no UTF-8", || Some(beside(OsStr::from_bytes(b"bytes-\xff\xfe")))),
    ("by way of a symbolic link", || {
        let folder = Folder::new();
        copy(&repository().join("hosts"), &folder.at("real/hosts"));
        std::os::unix::fs::symlink(folder.at("real"), folder.at("link")).unwrap();
        let call = Mediac::new(&folder.at("link")).args(["build", "-o"]).args([folder.at("out")]);
        Some(Case { folder, call })
    }),
    ("no HOME", || Some(Case::plain().with(|call| call.without("HOME")))),
    ("HOME that is not there", || Some(environment("HOME", "/nonexistent"))),
    ("HOME that cannot be written", || {
        let case = Case::plain();
        let home = case.folder.path().parent().unwrap().join("home");
        fs::create_dir(&home).unwrap();
        set_mode(&home, 0o555);
        Some(case.with(|call| call.env("HOME", &home)))
    }),
    ("another user", || nobody(Case::plain())),
    ("another host name", || {
        through(&["unshare", "--uts", "sh", "-c", "hostname elsewhere; exec \"$@\"", "sh"])
    }),
    ("the clock at 1970", || at("1970-01-02 00:00:00")),
    ("the clock behind 2038", || at("2040-01-19 03:14:08")),
    ("the clock at a leap day", || at("2024-02-29 23:59:59")),
    ("one core", || through(&["taskset", "-c", "0"])),
    ("addresses not random", || through(&["setarch", "-R"])),
    ("an empty environment", || Some(Case::plain().with(|call| call.through(["env", "-i"])))),
    ("500 variables more, in reverse", || Some(Case::plain().with(|call| call.through(junk())))),
    ("the whole project, not only hosts/", || Some(in_order(false))),
    ("files made in reverse order", || Some(in_order(true))),
    ("a git checkout", git_checkout),
    ("a small stack", || Some(shell("ulimit -s 256"))),
    ("few open files", || Some(shell("ulimit -n 24"))),
    ("no network", || through(&["unshare", "-rn"])),
    ("all at once", everything),
];

/// Builds besides the axes, to see what differs by chance.
const REPEATS: usize = 20;

#[test]
fn no_byte_or_mode_depends_on_the_surroundings() {
    let reference = Case::plain().build();
    for host in hosts() {
        for (name, (_, bytes)) in snapshot(&repository().join("out").join(&host)) {
            let name = format!("{host}/{name}");
            assert!(
                reference.get(&name).is_some_and(|(_, built)| *built == bytes),
                "{name} is not as committed"
            );
        }
    }
    let skipped = Mutex::new(Vec::new());
    each(AXES, |(name, axis)| match axis() {
        Some(case) => assert_eq!(differences(&reference, &case.build()), [""; 0], "axis: {name}"),
        None => skipped.lock().unwrap().push(*name),
    });
    each(&[(); REPEATS], |()| assert_eq!(differences(&reference, &Case::plain().build()), [""; 0]));
    let skipped = skipped.into_inner().unwrap();
    say(&format!(
        "reproducible: {} axes × {} hosts and {REPEATS} repeats, {} files each: no byte and no mode differs",
        AXES.len() - skipped.len(),
        hosts().len(),
        reference.values().filter(|(kind, _)| kind.starts_with("file")).count(),
    ));
    if !skipped.is_empty() {
        skip(&skipped.join(", "), "needs root, util-linux, git and faketime");
    }
}

#[test]
fn the_comparison_sees_bytes_modes_and_names() {
    let [a, b] = [Folder::with_hosts(), Folder::with_hosts()];
    for folder in [&a, &b] {
        folder.mediac(["build"]).expect(0);
    }
    assert_eq!(differences(&written(&a), &written(&b)), [""; 0]);
    let host = &hosts()[0];
    set_mode(&b.at(format!("out/{host}/manifest.json")), 0o600);
    set_mode(&b.at(format!("out/{host}/etc")), 0o700);
    b.write(&format!("out/{host}/inventory.json"), "{}");
    b.write(&format!("out/{host}/new"), "");
    assert_eq!(differences(&written(&a), &written(&b)).len(), 4);
}
