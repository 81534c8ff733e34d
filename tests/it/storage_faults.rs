//! A disk that is full, without inodes or read-only while out/ is written: what was there stays, whole.
//!
//! Each test mounts a small file system for itself, in a mount namespace that ends with it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::{
    Folder, Mediac, copy, copy_program, differences, hosts, is_root, program, say, set_mode, skip, snapshot,
    works,
};

/// Runs a shell script as root of a mount namespace of its own, with a small file system at `$mount`.
///
/// It finds `$mediac`, `$project` and `$mount`, and `$good`, a folder with an older build of all hosts.
fn on_small_disk(options: &str, script: &str) -> Option<(i32, String)> {
    let flags: &[&str] = if is_root() { &["-m"] } else { &["-rm"] };
    let probe = [&["unshare"], flags, &["sh", "-c", "mount -t tmpfs none /mnt"]].concat();
    if !works(&probe) {
        skip("full disks", "needs leave to mount in a namespace of its own");
        return None;
    }
    let folder = Folder::with_hosts();
    // An older build: one service less.
    let home = folder.at("hosts/home.ncl");
    let text = fs::read_to_string(&home).unwrap();
    fs::write(&home, text.replace("    bazarr = {},\n", "")).unwrap();
    folder.mediac(["build", "-o", "good"]).expect(0);
    fs::write(&home, text).unwrap();
    fs::remove_dir_all(folder.at("good/.cache")).unwrap();
    fs::create_dir(folder.at("mount")).unwrap();
    let script = format!(
        "set -eu\nmount -t tmpfs -o '{options}' none \"$mount\"\n\
         whole() {{ diff -r \"$good\" \"$mount/out\" -x '.cache' && test \"$(cd \"$good\" && find . | sort | xargs -d '\\n' stat -c '%n %a')\" = \
         \"$(cd \"$mount/out\" && find . -name .cache -prune -o -print | sort | xargs -d '\\n' stat -c '%n %a')\"; }}\n{script}"
    );
    let output = Command::new("unshare")
        .args(flags)
        .args(["sh", "-c", &script])
        .env("mediac", program())
        .env("project", folder.path())
        .env("good", folder.at("good"))
        .env("mount", folder.at("mount"))
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned()))
}

#[test]
fn a_full_disk_leaves_the_last_build_whole() {
    // From no room at all upwards, in steps of a page: wherever it ends, it fails whole or succeeds whole.
    let script = r#"
        cp -a "$good" "$mount/out"
        total=$(df --output=avail -k "$mount" | tail -n 1)
        failed=0 done=0 room=0
        while [ "$done" -lt 2 ]; do
            head -c $(( (total - room) * 1024 )) /dev/zero >"$mount/ballast" || true
            code=0
            "$mediac" -C "$project" build -o "$mount/out" >"$project/log" 2>&1 || code=$?
            if [ "$code" = 0 ]; then
                done=$((done + 1))
                "$mediac" -C "$project" build -o "$mount/out" --check >/dev/null 2>&1
            else
                failed=$((failed + 1))
                test "$code" = 1 || { echo "code $code with $room KiB"; cat "$project/log"; exit 1; }
                grep -q 'help: ' "$project/log"
                whole || { echo "torn with $room KiB"; exit 1; }
                test -z "$(find "$mount/out" -maxdepth 1 -name '.*.new' -o -maxdepth 1 -name '.*.old')"
            fi
            rm -rf "$mount/ballast" "$mount/out"
            cp -a "$good" "$mount/out"
            room=$((room + 12))
            test "$room" -lt "$total"
        done
        echo "failed $failed times"
        test "$failed" -gt 10"#;
    let Some((code, text)) = on_small_disk("size=4m,mode=755", script) else { return };
    assert_eq!(code, 0, "{text}");
    say(&format!(
        "storage: disks filling up while out/ is written: {}, the last build whole each time",
        text.trim()
    ));
}

#[test]
fn a_disk_without_inodes_leaves_the_last_build_whole() {
    let script = r#"
        cp -a "$good" "$mount/out"
        used=$(df --output=iused "$mount" | tail -n 1)
        for more in 0 1 5 20 60; do
            mount -o remount,nr_inodes=$((used + more + 1)) "$mount"
            code=0
            "$mediac" -C "$project" build -o "$mount/out" >"$project/log" 2>&1 || code=$?
            test "$code" = 1 || { echo "code $code with $more inodes"; cat "$project/log"; exit 1; }
            grep -q 'help: ' "$project/log"
            whole
        done"#;
    let Some((code, text)) = on_small_disk("size=16m,nr_inodes=1000,mode=755", script) else { return };
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_read_only_disk_leaves_the_last_build_whole() {
    let script = r#"
        cp -a "$good" "$mount/out"
        mount -o remount,ro "$mount"
        code=0
        "$mediac" -C "$project" build -o "$mount/out" >"$project/log" 2>&1 || code=$?
        test "$code" = 1 || { echo "code $code"; cat "$project/log"; exit 1; }
        grep -q 'help: ' "$project/log"
        whole"#;
    let Some((code, text)) = on_small_disk("size=16m,mode=755", script) else { return };
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    const BECOME: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    if is_root() && !works(&[&BECOME[..], &["true"]].concat()) {
        return skip("an out/ that may not be written", "needs setpriv");
    }
    let folder = Folder::with_hosts();
    let own = folder.path().parent().unwrap().join("mediac");
    copy_program(&own);
    for there in [false, true] {
        if there {
            fs::create_dir(folder.at("out")).unwrap();
            set_mode(&folder.at("out"), 0o555);
        } else {
            set_mode(folder.path(), 0o555);
        }
        let mut call = Mediac::new(folder.path()).program(&own).args(["build"]);
        if is_root() {
            call = call.through(BECOME);
        }
        let run = call.run().expect(1);
        assert!(run.stderr.contains("cannot write") && run.stderr.contains("help: "), "{}", run.stderr);
        set_mode(folder.path(), 0o755);
    }
}

#[test]
fn out_may_be_a_link_and_what_it_leads_to_is_not_harmed() {
    let folder = Folder::with_hosts();
    let host = &hosts()[0];
    folder.mediac(["build"]).expect(0);
    let elsewhere = folder.at("elsewhere");
    copy(&folder.at("out").join(host), &elsewhere);
    fs::write(elsewhere.join("manifest.json.bak"), "x").unwrap();
    let before = snapshot(&elsewhere);
    fs::remove_dir_all(folder.at("out").join(host)).unwrap();
    symlink(&elsewhere, folder.at("out").join(host)).unwrap();
    fs::write(folder.at(format!("hosts/{host}.ncl")), changed(&folder.at(format!("hosts/{host}.ncl"))))
        .unwrap();
    folder.mediac(["build"]).expect(0);
    folder.mediac(["build", "--check"]).expect(0);
    assert_eq!(differences(&before, &snapshot(&elsewhere)), [""; 0]);
    // A file of the same name as the folder, and a link to nowhere, are not mediac's.
    for make in [|path: &Path| fs::write(path, "x").unwrap(), |path: &Path| symlink("nowhere", path).unwrap()]
    {
        let target = folder.at("out").join(host);
        let _ = fs::remove_file(&target).or_else(|_| fs::remove_dir_all(&target));
        make(&target);
        let run = folder.mediac(["build"]);
        assert!(matches!(run.code, Some(1 | 3)), "{:?}: {}", run.code, run.stderr);
        assert!(
            run.stderr.contains("help: ") && target.symlink_metadata().is_ok_and(|seen| !seen.is_dir()),
            "{}",
            run.stderr
        );
    }
}

/// The host file with another time zone.
fn changed(path: &Path) -> String {
    fs::read_to_string(path).unwrap().replace("timezone = \"Europe/", "timezone = \"Europe/Rome\", # \"")
}
