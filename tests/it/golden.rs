//! out/ is what hosts/ compile to, and `build --check` notices every way in which it may not be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use mediac::manifest::{INVENTORY, MANIFEST, Manifest};
use walkdir::WalkDir;

use crate::support::{Folder, Mediac, copy, differences, each, hosts, repository, say, set_mode, snapshot};

/// The repository's hosts and what is committed in out/, without anything else of it.
fn project() -> Folder {
    let folder = Folder::with_hosts();
    for host in hosts() {
        copy(&repository().join("out").join(&host), &folder.at("out").join(&host));
    }
    folder
}

/// Every file of every committed out/ folder, relative to out/.
fn files() -> Vec<PathBuf> {
    let out = repository().join("out");
    hosts()
        .iter()
        .flat_map(|host| WalkDir::new(out.join(host)).sort_by_file_name())
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(&out).unwrap().to_owned())
        .collect()
}

fn is_script(file: &PathBuf) -> bool {
    fs::metadata(repository().join("out").join(file)).unwrap().permissions().mode() & 0o100 != 0
}

#[test]
fn what_is_committed_is_what_the_hosts_compile_to() {
    let run = Mediac::new(&repository()).args(["build", "--check"]).run().expect(0);
    for host in hosts() {
        assert!(run.stdout.contains(&format!("{host}: unchanged\n")), "{}", run.stdout);
    }
    // And where there are hosts only: modules and schemas are in the program.
    project().mediac(["build", "--check"]).expect(0);
}

/// A way to spoil one file; false if it does not apply to it.
type Spoil = fn(&PathBuf, &PathBuf) -> bool;

const SPOILS: [(&str, Spoil); 4] = [
    ("a byte more", |path, _| {
        let mut bytes = fs::read(path).unwrap();
        bytes.push(b'#');
        fs::write(path, bytes).is_ok()
    }),
    ("gone", |path, _| fs::remove_file(path).is_ok()),
    ("without its exec bit", |path, name| {
        set_mode(path, 0o644);
        is_script(name)
    }),
    ("with an exec bit", |path, name| {
        set_mode(path, 0o755);
        !is_script(name)
    }),
];

#[test]
fn every_spoiled_file_is_noticed_and_named() {
    let files = files();
    assert!(files.iter().any(is_script) && files.len() > 40, "{}", files.len());
    let cases: Vec<(&PathBuf, &str, Spoil)> = files
        .iter()
        .flat_map(|file| SPOILS.iter().map(move |(name, spoil)| (file, *name, *spoil)))
        .filter(|(file, name, _)| {
            !name.contains("exec bit") || is_script(file) == name.starts_with("without")
        })
        // One of many plain files stands for all: the comparison is the same.
        .filter(|(file, name, _)| *name != "with an exec bit" || file.ends_with("compose.yaml"))
        .collect();
    each(&cases, |(file, how, spoil)| {
        let folder = project();
        assert!(spoil(&folder.at("out").join(file), file));
        let host = file.iter().next().unwrap().to_str().unwrap();
        let run = folder.mediac(["build", "--check", host]).expect(1);
        let named = format!("out/{}", file.display());
        assert!(run.stderr.contains(&named), "{named} {how}:\n{}", run.stderr);
        assert!(run.stderr.contains(&format!("error: out/{host} is stale")), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    });
    say(&format!("golden: {} ways to spoil {} files, all noticed", cases.len(), files.len()));
}

#[test]
fn a_file_that_only_the_manifest_lists_is_noticed() {
    let folder = project();
    let host = &hosts()[0];
    let path = folder.at("out").join(host).join(MANIFEST);
    let mut manifest: Manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let mut entry = manifest.files[0].clone();
    entry.path = "/etc/one-more".to_owned();
    manifest.files.push(entry);
    fs::write(&path, manifest.to_json()).unwrap();
    folder.write(&format!("out/{host}/etc/one-more"), "x");
    let run = folder.mediac(["build", "--check"]).expect(1);
    assert!(
        run.stderr.contains(&format!("out/{host}/etc/one-more: no longer part of the build")),
        "{}",
        run.stderr
    );
    // A build takes it away: its manifest says that mediac wrote it.
    folder.mediac(["build"]).expect(0);
    assert!(!folder.at("out").join(host).join("etc/one-more").exists());
}

#[test]
fn the_manifest_lists_every_file_and_its_id_covers_them() {
    for host in hosts() {
        let out = repository().join("out").join(&host);
        let manifest: Manifest = serde_json::from_slice(&fs::read(out.join(MANIFEST)).unwrap()).unwrap();
        assert_eq!(manifest.id, manifest.digest());
        let mut listed: Vec<String> = manifest
            .files
            .iter()
            .filter(|entry| entry.sha256.is_some())
            .map(|entry| format!("{host}{}", entry.path))
            .chain([MANIFEST, INVENTORY].map(|name| format!("{host}/{name}")))
            .collect();
        listed.sort();
        let mut there: Vec<String> = files()
            .iter()
            .filter(|file| file.starts_with(&host))
            .map(|file| file.to_str().unwrap().to_owned())
            .collect();
        there.sort();
        assert_eq!(listed, there);
    }
}

#[test]
fn a_second_build_changes_nothing() {
    let folder = Folder::with_hosts();
    let first = folder.mediac(["build"]).expect(0);
    let written = snapshot(&folder.at("out"));
    let second = folder.mediac(["build"]).expect(0);
    for host in hosts() {
        assert!(first.stdout.contains(&format!("{host}: written\n")), "{}", first.stdout);
        assert!(second.stdout.contains(&format!("{host}: unchanged\n")), "{}", second.stdout);
    }
    assert_eq!(differences(&written, &snapshot(&folder.at("out"))), [""; 0]);
    // Not even when nothing is remembered of the first.
    fs::remove_dir_all(folder.at("out/.cache")).unwrap();
    folder.mediac(["build"]).expect(0);
    assert_eq!(differences(&written, &snapshot(&folder.at("out"))), [""; 0]);
}

#[test]
fn a_build_repairs_every_spoiled_file() {
    let good = Folder::with_hosts();
    good.mediac(["build"]).expect(0);
    let wanted = snapshot(&good.at("out"));
    let cases: Vec<(PathBuf, &str, Spoil)> = SPOILS
        .iter()
        .filter_map(|(name, spoil)| {
            let scripts = name.starts_with("without");
            let file = files().into_iter().find(|file| is_script(file) == scripts)?;
            Some((file, *name, *spoil))
        })
        .collect();
    assert_eq!(cases.len(), SPOILS.len());
    for (file, how, spoil) in cases {
        // What was remembered of the last build must not hide it.
        assert!(spoil(&good.at("out").join(&file), &file));
        good.mediac(["build"]).expect(0);
        let mut now = snapshot(&good.at("out"));
        let mut wanted = wanted.clone();
        for tree in [&mut now, &mut wanted] {
            tree.retain(|name, _| !name.starts_with(".cache"));
        }
        assert_eq!(differences(&wanted, &now), [""; 0], "{} {how}", file.display());
    }
}

#[test]
fn files_of_others_stay() {
    let folder = project();
    let host = &hosts()[0];
    let [note, deep] = ["NOTES.md", "etc/own/deep.conf"].map(|name| format!("out/{host}/{name}"));
    folder.write(&note, "mine\n");
    folder.write(&deep, "mine too\n");
    // With and without anything to write.
    for spoil in [false, true] {
        if spoil {
            fs::remove_file(folder.at("out").join(host).join("etc/mediac/compose.yaml")).unwrap();
        }
        folder.mediac(["build"]).expect(0);
        assert_eq!(fs::read_to_string(folder.at(&note)).unwrap(), "mine\n");
        assert_eq!(fs::read_to_string(folder.at(&deep)).unwrap(), "mine too\n");
        folder.mediac(["build", "--check"]).expect(0);
    }
}

#[test]
fn a_folder_that_mediac_did_not_write_is_left_alone() {
    let folder = Folder::with_hosts();
    let host = &hosts()[0];
    folder.write(&format!("out/{host}/thesis.txt"), "the only copy\n");
    let before = snapshot(&folder.at("out").join(host));
    let run = folder.mediac(["build", host]).expect(3);
    assert!(
        run.stderr.contains("mediac did not write it") && run.stderr.contains("help: "),
        "{}",
        run.stderr
    );
    assert_eq!(differences(&before, &snapshot(&folder.at("out").join(host))), [""; 0]);
}

#[test]
fn the_folder_of_a_removed_host_is_noticed() {
    let folder = project();
    let host = &hosts()[0];
    copy(&folder.at("out").join(host), &folder.at("out/gone"));
    let run = folder.mediac(["build", "--check"]).expect(1);
    assert!(run.stderr.contains("error: out/gone belongs to no host"), "{}", run.stderr);
    // Somebody else's folder is nobody's business.
    fs::remove_dir_all(folder.at("out/gone")).unwrap();
    folder.write("out/notes/x.txt", "x");
    folder.mediac(["build", "--check"]).expect(0);
}
