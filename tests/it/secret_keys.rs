//! The keys to secrets: whose they are, where they are found, and how they change; and what leaves no trace.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use crate::secrets::{MAIL, Project, TOKEN, quiet};
use crate::support::{Mediac, program, set_mode, skip, snapshot, works};

#[test]
fn identities_are_found_where_they_are_expected() {
    let project = Project::full();
    project.write("keys/none", "hunter2\n");
    let open = "2 of 2 values";
    let locked = "is encrypted, and no key here opens it";
    let check = |arguments: &[&str]| {
        project.call(&["secrets", "check", "--root", "root"]).args(arguments.iter().copied())
    };
    let anna = || project.path("keys/anna");
    let table: Vec<(&str, Mediac, i32, &str)> = vec![
        ("named", check(&["--identity", "keys/anna"]), 0, open),
        ("several", check(&["--identity", "keys/mallory", "--identity", "keys/anna"]), 0, open),
        ("by the environment", check(&[]).env("MEDIAC_IDENTITY", anna()), 0, open),
        (
            "named, not the environment's",
            check(&["--identity", "keys/mallory"]).env("MEDIAC_IDENTITY", anna()),
            1,
            locked,
        ),
        (
            "none",
            check(&[]),
            1,
            "there is no key here; name one with `--identity FILE` (recipients of today: anna)",
        ),
        ("another's", check(&["--identity", "keys/mallory"]), 1, "the keys here are of others"),
        (
            "not there",
            check(&["--identity", "keys/nobody"]),
            1,
            "`keys/nobody` cannot be used as an identity",
        ),
        ("no key", check(&["--identity", "keys/none"]), 1, "neither an age identity nor an SSH key"),
        (
            "a public key",
            check(&["--identity", "keys/anna.pub"]),
            1,
            "neither an age identity nor an SSH key",
        ),
    ];
    for (what, call, code, text) in table {
        let run = quiet(call.run());
        assert_eq!(run.code, Some(code), "{what}: {run:?}");
        assert!(format!("{}{}", run.stdout, run.stderr).contains(text), "{what}: {run:?}");
    }
    // On the machine, at its usual place; open to everybody, which is said.
    project.write("root/etc/mediac/identity.txt", project.text("keys/anna"));
    set_mode(&project.path("root/etc/mediac/identity.txt"), 0o644);
    let run = project.run(&["secrets", "check"]).expect(0);
    assert!(run.stderr.contains("is a private key that others may read: `chmod 600 "), "{}", run.stderr);
}

#[test]
fn the_ssh_key_of_a_machine_is_an_identity() {
    if Command::new("ssh-keygen").arg("-?").output().is_err() {
        return skip("SSH keys", "needs ssh-keygen");
    }
    let project = Project::new();
    fs::create_dir_all(project.path("root/etc/ssh")).unwrap();
    let generate = |name: &str, phrase: &str| {
        let path = project.path(name);
        let output = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-C", "root@box", "-N", phrase, "-f"])
            .arg(path)
            .output();
        assert!(output.unwrap().status.success());
    };
    generate("root/etc/ssh/ssh_host_ed25519_key", "");
    generate("keys/protected", "phrase");
    project.write("secrets/box/recipients.txt", project.text("root/etc/ssh/ssh_host_ed25519_key.pub"));
    let run = project.set("alpha/mail", MAIL.as_bytes()).expect(0);
    assert!(run.stderr.contains("for anna, root@box"), "{}", run.stderr);
    project.set("alpha/token", TOKEN.as_bytes()).expect(0);
    project.run(&["secrets", "check"]).expect(0);
    project.run(&["secrets", "check", "--identity", "keys/anna"]).expect(0);
    let run = project.run(&["secrets", "check", "--identity", "keys/protected"]).expect(1);
    assert!(run.stderr.contains("protected by a passphrase"), "{}", run.stderr);
}

#[test]
fn rekeying_is_for_all_or_for_none() {
    let project = Project::full();
    project
        .write("secrets/recipients.txt", project.text("keys/anna.pub") + &project.text("keys/mallory.pub"));
    let check = |who: &str| project.run(&["secrets", "check", "--identity", who]);
    let rekey =
        |arguments: &[&str]| quiet(project.call(&["secrets", "rekey"]).args(arguments.iter().copied()).run());
    check("keys/mallory").expect(1);
    let before = snapshot(&project.path("secrets"));
    for (arguments, text) in [
        (&[][..], "no key here opens it"),
        (&["--identity", "keys/mallory"], "no key here opens it; nothing was changed"),
        (&["--identity", "keys/anna", "bix"], "did you mean `box`?"),
    ] {
        let run = rekey(arguments).expect(1);
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
    }
    let good = project.text("secrets/box/alpha/token.age");
    project.write("secrets/box/alpha/token.age", "no longer\n");
    let run = rekey(&["--identity", "keys/anna"]).expect(1);
    assert!(
        run.stderr.contains("`secrets/box/alpha/token.age` is encrypted in a file that was damaged"),
        "{}",
        run.stderr
    );
    project.write("secrets/box/alpha/token.age", good);
    assert_eq!(snapshot(&project.path("secrets")), before);

    let run = rekey(&["--identity", "keys/anna"]).expect(0);
    assert_eq!(run.stdout, "box: 2 encrypted anew, for anna, mallory\n");
    check("keys/mallory").expect(0);
    check("keys/anna").expect(0);
    // Without oneself: done, and said.
    project.write("secrets/recipients.txt", project.text("keys/mallory.pub"));
    let run = rekey(&["box", "--identity", "keys/anna"]).expect(0);
    assert!(run.stderr.contains("your own key is not among the recipients"), "{}", run.stderr);
    check("keys/anna").expect(1);
    check("keys/mallory").expect(0);
}

#[test]
fn what_is_typed_is_not_shown() {
    if !works(&["script", "-qec", "true", "/dev/null"]) {
        return skip("typing a secret", "needs script");
    }
    let project = Project::new();
    let command = format!("{} secrets set alpha/mail", program().display());
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(project.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It is asked for once the host is compiled, and what was typed before that is thrown away.
    std::thread::sleep(std::time::Duration::from_secs(3));
    child.stdin.as_mut().unwrap().write_all(format!("{MAIL}\n").as_bytes()).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && shown.contains("value of alpha/mail: "), "{shown}");
    assert!(!shown.contains(MAIL), "{shown}");
    project.set("alpha/token", TOKEN.as_bytes()).expect(0);
    project.run(&["secrets", "check", "--identity", "keys/anna"]).expect(0);
}

#[test]
fn a_core_dump_has_no_secret_as_there_is_none() {
    let project = Project::new();
    let killed = |command: &str| {
        let script = format!("ulimit -c unlimited; exec {command}");
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .current_dir(project.folder.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_secs(2));
        Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap();
        child.wait().unwrap()
    };
    if !killed("sleep 60").core_dumped() {
        return crate::support::say("secrets: no program leaves a core dump here");
    }
    let status = killed(&format!("{} secrets set alpha/mail", program().display()));
    assert!(status.signal() == Some(6) && !status.core_dumped(), "{status:?}");
}
