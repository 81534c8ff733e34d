//! Secrets: kept encrypted in the project, read where they are needed, and never shown.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::support::{Folder, Mediac, Run, is_root, set_mode, skip, snapshot};

/// A host that needs two values, and derives others.
const HOST: &str = r#"{
  name = "box",
  lan.ipv4 = ["192.168.1.0/24"],
  storage.config = "/srv/config",
  services = {
    alpha = {
      image = "example.org/alpha:1.0",
      state = "/config",
      secrets = {
        token = { source = 'given, file = true, about = "token of the account" },
        mail = { source = 'given },
        inner = { source = 'derived },
      },
      seeds.settings = {
        path = "settings.json",
        format = 'json,
        content = { mail = "mediac-secret(alpha/mail)", inner = "mediac-secret(alpha/inner)" },
      },
    },
  },
}
"#;
const TOKEN_FILE: &str = "run/mediac/secrets/alpha/token";
const MAIL_FILE: &str = "srv/config/alpha/settings.json";
/// Values that occur nowhere else.
pub const TOKEN: &str = "tok\"en of Anna 4711\nsecond line";
pub const MAIL: &str = "mail-canary-0815";

/// A project, someone who may read its secrets, and someone who may not; and the root of a machine.
pub struct Project {
    pub folder: Folder,
}

impl Project {
    pub fn new() -> Self {
        let folder = Folder::with(&[("hosts/box.ncl", HOST)]);
        for name in ["anna", "mallory"] {
            let key = age::x25519::Identity::generate();
            folder.write(&format!("keys/{name}"), format!("# {name}\n{}\n", key.to_string().expose_secret()));
            folder.write(&format!("keys/{name}.pub"), format!("# {name}\n{}\n", key.to_public()));
            set_mode(&folder.at(format!("keys/{name}")), 0o600);
        }
        fs::create_dir_all(folder.at("root")).unwrap();
        let project = Self { folder };
        project.write("secrets/recipients.txt", project.text("keys/anna.pub"));
        project
    }

    /// The same, with both values.
    pub fn full() -> Self {
        let project = Self::new();
        project.set("alpha/token", TOKEN.as_bytes()).expect(0);
        project.set("alpha/mail", MAIL.as_bytes()).expect(0);
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.at(name)
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        self.folder.write(name, text);
    }

    pub fn call(&self, arguments: &[&str]) -> Mediac {
        Mediac::new(self.folder.path())
            .args(arguments)
            .without("MEDIAC_IDENTITY")
            .without("CREDENTIALS_DIRECTORY")
    }

    /// Runs it on the machine in `root/`.
    pub fn run(&self, arguments: &[&str]) -> Run {
        quiet(self.call(arguments).args(["--root", "root"]).run())
    }

    pub fn set(&self, name: &str, value: &[u8]) -> Run {
        self.write("value", value);
        let input = fs::File::open(self.path("value")).unwrap();
        let run = quiet(self.call(&["secrets", "set", name]).stdin(input).run());
        fs::remove_file(self.path("value")).unwrap();
        run
    }
}

/// Fails if a value is in what was printed.
#[track_caller]
pub fn quiet(run: Run) -> Run {
    let printed = format!("{}{}", run.stdout, run.stderr);
    for value in [TOKEN, "Anna 4711", "second line", MAIL, "AGE-SECRET-KEY"] {
        assert!(!printed.contains(value), "{printed}");
    }
    for line in run.stderr.lines().filter(|line| line.starts_with("error: ")) {
        assert!(run.stderr.contains("\n  = help: "), "no help: {line}");
    }
    run
}

/// The files below a folder that have a text in them.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let found = snapshot(folder).into_iter();
    let has = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    found.filter(|(_, (_, bytes))| has(bytes)).map(|(name, _)| name).collect()
}

#[test]
fn a_value_goes_from_standard_input_to_the_one_file_that_needs_it() {
    let project = Project::full();
    assert_eq!(files_with(&project.path("secrets"), MAIL), [""; 0]);
    let listed = project.run(&["secrets", "list"]).expect(0).stdout;
    assert!(listed.contains("alpha/token: given, secrets/box/alpha/token.age"), "{listed}");
    assert!(
        listed.contains("token of the account") && listed.contains(&format!("in /{TOKEN_FILE}")),
        "{listed}"
    );
    assert!(listed.contains("alpha/inner: derived, from the root key"), "{listed}");
    let checked = project.run(&["secrets", "check", "--identity", "keys/anna"]).expect(0).stdout;
    assert!(checked.starts_with("box: 2 of 2 values can be read here\n"), "{checked}");
    if !is_root() {
        return skip("applying secrets", "needs root");
    }
    // Without a key, everything but applying works, and nothing on the machine is changed.
    for verb in [&["build"][..], &["diff"], &["check"]] {
        quiet(project.call(verb).run()).expect(0);
    }
    let planned = project.run(&["plan"]).expect(0).stdout;
    assert!(planned.contains("? the secret alpha/token is encrypted, and no key here opens it"), "{planned}");
    // It comes with the root key, which the first apply makes.
    assert!(!planned.contains("alpha/inner"), "{planned}");
    assert!(snapshot(&project.path("root")).len() == 1);
    let refused = project.run(&["apply", "--yes"]).expect(1);
    assert!(refused.stderr.contains("no key here opens it"), "{}", refused.stderr);

    project.run(&["apply", "--yes", "--identity", "keys/anna"]).expect(0);
    let root = project.path("root");
    assert_eq!(files_with(&root, TOKEN), [TOKEN_FILE]);
    assert_eq!(files_with(&root, MAIL), [MAIL_FILE]);
    let seen = snapshot(&root);
    assert_eq!(seen[TOKEN_FILE].0, "file 0400");
    let kept = &seen["var/lib/mediac/secrets/alpha/token.age"];
    assert_eq!(
        (kept.0.as_str(), &kept.1),
        ("file 0400", &fs::read(project.path("secrets/box/alpha/token.age")).unwrap())
    );
    assert_eq!(seen["var/lib/mediac/root.key"].0, "file 0400");
    assert_eq!(seen["var/lib/mediac/secrets"].0, "folder 0700");
    let again = project.run(&["apply", "--yes", "--identity", "keys/anna"]).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);

    // Another value, by another build: the machine has it, and keeps it for the next boot.
    let new = "token-canary-2";
    project.set("alpha/token", new.as_bytes()).expect(0);
    project.run(&["apply", "--yes", "--identity", "keys/anna"]).expect(0);
    assert_eq!(files_with(&root, new), [TOKEN_FILE]);
    fs::remove_dir_all(project.path("secrets")).unwrap();
    let listed = project.run(&["secrets", "list"]).expect(0).stdout;
    assert!(listed.contains("alpha/token: given, /var/lib/mediac/secrets/alpha/token.age"), "{listed}");
    fs::remove_file(project.path("root").join(TOKEN_FILE)).unwrap();
    project.run(&["apply", "--yes", "--identity", "keys/anna"]).expect(0);
    assert_eq!(files_with(&root, new), [TOKEN_FILE]);
}

#[test]
fn what_cannot_be_set_is_refused_with_a_way_out() {
    let project = Project::new();
    let table: &[(&str, &[u8], &str)] = &[
        ("alpha/tokem", b"x", "did you mean `alpha/token`?"),
        ("alpha/nothing-like-it", b"x", "it has alpha/inner, alpha/mail, alpha/token"),
        ("token", b"x", "`box` has no secret `token`"),
        ("alpha/../../x", b"x", "has no secret"),
        ("alpha/token", b"", "there is no value"),
        ("alpha/token", b"\n\n", "there is no value"),
        ("alpha/token", b"\xff\xfe", "the value is no text"),
        ("alpha/token", b"a\0b", "zero byte"),
        ("alpha/mail", b"mail\"", "means something to the format of /srv/config/alpha/settings.json"),
        ("alpha/mail", b"two\nlines", "means something to the format of"),
    ];
    for (name, value, text) in table {
        let run = project.set(name, value).expect(1);
        let text = text.replace("means something", "mean something");
        assert!(run.stderr.contains(&text) && run.stderr.contains("= help: "), "{name}: {}", run.stderr);
    }
    project.write("value", vec![b'x'; (1 << 20) + 1]);
    let input = fs::File::open(project.path("value")).unwrap();
    let run = project.call(&["secrets", "set", "alpha/token"]).stdin(input).run().expect(1);
    assert!(run.stderr.contains("more than 1 MiB"), "{}", run.stderr);
    assert!(!project.path("secrets/box").exists());

    for (recipients, text) in [
        ("", "there is nobody to encrypt for"),
        ("# only a comment\n", "there is nobody to encrypt for"),
        ("# anna\nage1anna\n", "secrets/recipients.txt:2: this is no public key"),
    ] {
        project.write("secrets/recipients.txt", recipients);
        let run = project.set("alpha/token", b"x").expect(1);
        assert!(run.stderr.contains(text), "{}", run.stderr);
    }
    project.write("hosts/two.ncl", HOST.replace("\"box\"", "\"two\""));
    let run = project.set("alpha/token", b"x").expect(1);
    assert!(run.stderr.contains("several hosts"), "{}", run.stderr);
    project.call(&["secrets", "set"]).run().expect(64);
    project.call(&["secrets"]).run().expect(64);
}

#[test]
fn one_secret_is_one_file_and_its_last_line_has_no_end() {
    let project = Project::full();
    let before = snapshot(&project.path("secrets"));
    for form in ["once", "once\n", "once\n\n"] {
        project.set("alpha/mail", form.as_bytes()).expect(0);
        let key = project.text("keys/anna");
        let mut identities = mediac::encryption::Identities::default();
        identities.add(&key).unwrap();
        let bytes = fs::read(project.path("secrets/box/alpha/mail.age")).unwrap();
        assert_eq!(identities.decrypt(&bytes).unwrap(), "once");
    }
    let after = snapshot(&project.path("secrets"));
    let changed: Vec<&String> =
        after.iter().filter(|(name, seen)| before.get(*name) != Some(seen)).map(|(name, _)| name).collect();
    assert_eq!(changed, ["box/alpha/mail.age"]);
    assert!(project.text("secrets/box/alpha/mail.age").starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
}

#[test]
fn values_are_looked_for_in_order() {
    let project = Project::full();
    let place = |run: &Run| -> BTreeMap<String, (String, String)> {
        let all: Value = serde_json::from_str(&run.stdout).unwrap();
        let secrets = all[0]["secrets"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        secrets.map(|line| (text(&line["name"]), (text(&line["from"]), text(&line["place"])))).collect()
    };
    let list = || project.call(&["secrets", "list", "--json", "--root", "root"]);
    assert_eq!(
        place(&quiet(list().run()))["alpha/mail"],
        ("encrypted".into(), "secrets/box/alpha/mail.age".into())
    );
    project.write("credentials/alpha.mail", MAIL);
    let credentials = project.path("credentials");
    let with = || list().env("CREDENTIALS_DIRECTORY", &credentials);
    let shown = credentials.join("alpha.mail").display().to_string();
    assert_eq!(place(&quiet(with().run()))["alpha/mail"], ("credential".into(), shown));
    project.write("root/etc/mediac/secrets/alpha/mail", format!("{MAIL}\n"));
    set_mode(&project.path("root/etc/mediac/secrets/alpha/mail"), 0o644);
    let run = quiet(with().run());
    assert_eq!(place(&run)["alpha/mail"], ("file".into(), "/etc/mediac/secrets/alpha/mail".into()));
    assert_eq!(place(&run)["alpha/inner"], ("root-key".into(), "-".into()));
    assert!(
        run.stderr.contains("everybody on the machine can read `/etc/mediac/secrets/alpha/mail`"),
        "{}",
        run.stderr
    );
    set_mode(&project.path("root/etc/mediac/secrets"), 0o700);
    assert_eq!(with().run().stderr, "");
    // A derived one can be given as well.
    project.set("alpha/inner", b"given-after-all").expect(0);
    assert_eq!(place(&list().run())["alpha/inner"].0, "encrypted");
    // What is for no secret is named.
    fs::copy(project.path("secrets/box/alpha/mail.age"), project.path("secrets/box/alpha/male.age")).unwrap();
    let run = list().run().expect(0);
    assert!(run.stderr.contains("`secrets/box/alpha/male.age` is for no secret"), "{}", run.stderr);
}

#[test]
fn what_is_missing_or_damaged_is_told() {
    let project = Project::new();
    let check = || project.run(&["secrets", "check", "--identity", "keys/anna"]);
    let run = check().expect(1);
    assert!(
        run.stdout.contains("x   alpha/mail has no value\n      = help: `mediac secrets set box alpha/mail`"),
        "{}",
        run.stdout
    );
    assert!(
        project.run(&["secrets", "list"]).expect(0).stdout.contains("alpha/mail: given, has no value yet")
    );
    project.set("alpha/token", TOKEN.as_bytes()).expect(0);
    project.set("alpha/mail", MAIL.as_bytes()).expect(0);
    check().expect(0);
    let good = project.text("secrets/box/alpha/mail.age");
    let middle = good.lines().nth(2).unwrap();
    let flipped: String = middle.chars().rev().collect();
    let swapped = project.text("secrets/box/alpha/token.age");
    let long = good.lines().count() - 2;
    let cut: String = good.lines().take(long).collect::<Vec<_>>().join("\n");
    for (what, text, problem) in [
        ("changed", good.replace(middle, &flipped), "is encrypted"),
        ("cut off", cut, "damaged or changed"),
        ("empty", String::new(), "damaged or changed"),
        ("in the clear", "some text\n".to_owned(), "damaged or changed"),
        ("another's", swapped, "has characters that mean something to the format of"),
    ] {
        project.write("secrets/box/alpha/mail.age", text);
        let run = check().expect(1);
        assert!(
            run.stdout.contains(&format!("x   alpha/mail {problem}")) || run.stdout.contains(problem),
            "{what}: {}",
            run.stdout
        );
        assert!(run.stdout.contains("= help: "), "{what}: {}", run.stdout);
        project.run(&["plan", "--identity", "keys/anna"]).expect(0);
        if is_root() {
            let run = project.run(&["apply", "--yes", "--identity", "keys/anna"]).expect(1);
            assert!(run.stderr.contains("the secret alpha/mail "), "{what}: {}", run.stderr);
            assert!(!project.path("root").join(MAIL_FILE).exists());
        }
    }
}
