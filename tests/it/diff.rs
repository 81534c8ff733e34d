//! `mediac diff` as people use it: in a git repository, on a change of a host file.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A project in a git repository, with its output committed; removed at the end.
struct Project(PathBuf);

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Project {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("mediac-diff-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("hosts")).unwrap();
        let project = Self(root);
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts/home.ncl");
        fs::copy(example, project.0.join("hosts/home.ncl")).unwrap();
        project.mediac(&["build"], 0);
        project.git(&["init", "--quiet"]);
        project.commit();
        project
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "x"]);
    }

    fn git(&self, words: &[&str]) {
        let output = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "core.autocrlf=false"])
            .args(words)
            .current_dir(&self.0)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mediac"));
        // Above the project there is no repository to be found by mistake.
        command.args(words).current_dir(&self.0).env("GIT_CEILING_DIRECTORIES", std::env::temp_dir());
        command.output().unwrap()
    }

    fn mediac(&self, words: &[&str], code: i32) -> String {
        let output = self.run(words);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn edit(&self, changes: &[(&str, &str)]) {
        let path = self.0.join("hosts/home.ncl");
        let mut text = fs::read_to_string(&path).unwrap();
        for (old, new) in changes {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        fs::write(path, text).unwrap();
    }
}

const CHANGES: &[(&str, &str)] = &[
    ("    sonarr = {},", "    sonarr.image = \"lscr.io/linuxserver/sonarr:4.0.99\","),
    ("    radarr = {},", "    radarr.endpoints.http = { port = 7879, expose = 'wan },\n    lidarr = {},"),
    ("    bazarr = {},\n", ""),
    ("qbittorrent = { confine = \"nordlynx\",", "qbittorrent = {"),
];

/// Path, bytes and whether it can be run, of every file below a folder.
fn tree(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, bool)> {
    let files = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    files
        .filter(|entry| {
            entry.file_type().is_file() && !entry.path().components().any(|c| c.as_os_str() == ".git")
        })
        .map(|entry| {
            let runs = entry.metadata().unwrap().permissions().mode() & 0o111 != 0;
            let name = entry.path().strip_prefix(root).unwrap().to_owned();
            (name, (fs::read(entry.path()).unwrap(), runs))
        })
        .collect()
}

#[test]
fn a_site_that_changes_makes_caddy_read_its_configuration_again() {
    let project = Project::new("site");
    project.edit(&[("host = \"requests\"", "host = \"wishes\"")]);
    let text = project.mediac(&["diff"], 0);
    assert!(text.contains("the container `caddy` reloads its configuration: "), "{text}");
    assert!(!text.contains("is made anew"), "{text}");
}

#[test]
fn a_change_is_told_with_its_consequences() {
    let project = Project::new("told");
    assert_eq!(project.mediac(&["diff", "--exit-code"], 0), "no differences\n");
    assert_eq!(project.mediac(&["diff", "--format", "patch"], 0), "");
    project.edit(CHANGES);
    let before = tree(&project.0);
    assert_eq!(project.mediac(&["diff"], 0), project.mediac(&["diff", "--exit-code"], 2));
    let text = project.mediac(&["diff"], 0);
    for expected in [
        "  !! opens `7879/tcp` to everyone (`radarr/http`)\n",
        "  !! `qbittorrent` is no longer confined to `nordlynx`",
        "    `bazarr` is removed: it was a container of `lscr.io/linuxserver/bazarr:",
        "    `lidarr` is new: a container of `lscr.io/linuxserver/lidarr:",
        " → `lscr.io/linuxserver/sonarr:4.0.99`\n",
        "`radarr/http` moves from `7878/tcp` to `7879/tcp`",
        "`radarr.example.org` leads to `radarr:7879` instead of `radarr:7878`",
        "`lidarr/api_key` is needed; mediac derives it",
        "`bazarr/api_key` is no longer needed",
        "the container `bazarr` is removed: ",
        "the container `lidarr` starts: ",
        "the container `sonarr` is made anew: `extra_hosts, image` changes",
        "the container `qbittorrent` is made anew: `network_mode, networks",
        "`mediac-firewall.service` reloads: ",
        "`mediac-killswitch.service` reloads: ",
        "the container `caddy` is made anew: `extra_hosts` changes",
        "nothing happens for `/srv/ssd/config/radarr/config.xml`: it is used at the first start only",
        "+    image: lscr.io/linuxserver/sonarr:4.0.99\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert_eq!(tree(&project.0), before, "diff writes nothing");

    let comment = project.mediac(&["diff", "--format", "md"], 0);
    assert!(comment.starts_with("<!-- mediac:home -->\n"), "{comment}");
    assert!(comment.contains("> [!CAUTION]\n> - opens `7879/tcp` to everyone"), "{comment}");
    assert!(comment.len() <= 60_000);
    let document: serde_json::Value =
        serde_json::from_str(&project.mediac(&["diff", "--format", "json"], 0)).unwrap();
    let host = &document["hosts"][0];
    assert_eq!((&host["host"], &host["different"]), (&"home".into(), &true.into()));
    let kinds: Vec<&str> =
        host["summary"].as_array().unwrap().iter().map(|s| s["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"port-opened-to-everyone") && kinds.contains(&"unconfined"), "{kinds:?}");
    let paths: Vec<&str> =
        host["files"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

#[test]
fn a_tunnel_takes_its_children_along() {
    let project = Project::new("tunnel");
    let image =
        "nordlynx.image = \"ghcr.io/bubuntux/nordlynx:2030-01-01\",\n    nordlynx.options.endpoints.oslo";
    project.edit(&[("nordlynx.options.endpoints.oslo", image)]);
    let text = project.mediac(&["diff"], 0);
    assert!(text.contains("the container `nordlynx` is made anew: `image` changes"), "{text}");
    let follows =
        "the container `qbittorrent` is made anew: it shares the network of `nordlynx`, which is made anew";
    assert!(text.contains(follows), "{text}");
}

#[test]
fn policies_that_go_are_alarms() {
    let project = Project::new("policies");
    project.edit(&[("  firewall = {},\n", ""), ("  killswitch = {},\n", "")]);
    let text = project.mediac(&["diff"], 0);
    assert!(text.contains("!! the firewall is switched off"), "{text}");
    assert!(text.contains("!! the kill-switch is switched off"), "{text}");
    assert!(text.contains("`mediac-killswitch.service` stops: "), "{text}");
}

#[test]
fn a_patch_makes_the_base_into_the_build() {
    for (name, changes, removed) in [
        ("services", CHANGES, false),
        ("policies", &[("  killswitch = {},\n", ""), ("gpu.driver = 'intel,", "")][..], false),
        ("host", &[("name = \"home\"", "name = \"away\"")][..], true),
    ] {
        let project = Project::new(&format!("patch-{name}"));
        project.edit(changes);
        let patch = project.mediac(&["diff", "--format", "patch"], 0);
        fs::write(project.0.join("change.patch"), &patch).unwrap();
        project.git(&["apply", "--whitespace=nowarn", "change.patch"]);
        project.mediac(&["build", "-o", "fresh", "hosts/home.ncl"], 0);
        let without_cache = |folder: &str| {
            let files = tree(&project.0.join(folder)).into_iter();
            files.filter(|(path, _)| !path.starts_with(".cache")).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(without_cache("out"), without_cache("fresh"), "{name}");
        assert!(patch.contains("+++ /dev/null"), "{name}");
        assert_eq!(!project.0.join("out/home").exists(), removed, "{name}");
        assert_eq!(project.mediac(&["diff", "--exit-code"], 0), "no differences\n");
    }
}

#[test]
fn a_revision_can_be_the_base() {
    let project = Project::new("revision");
    project.edit(CHANGES);
    project.mediac(&["build"], 0);
    assert_eq!(project.mediac(&["diff", "--exit-code"], 0), "no differences\n");
    let text = project.mediac(&["diff", "--base", "HEAD", "--exit-code"], 2);
    assert!(text.contains("!! opens `7879/tcp` to everyone"), "{text}");
    assert!(!text.contains("edited by hand"), "{text}");
    project.commit();
    assert_eq!(project.mediac(&["diff", "--base", "HEAD", "--exit-code"], 0), "no differences\n");
    assert_eq!(project.mediac(&["diff", "--base", "HEAD~1"], 0), text);
    for (words, message) in [
        (&["diff", "--base", "nowhere"][..], "there is no revision `nowhere`"),
        (&["diff", "--base=--help"][..], "there is no revision `--help`"),
        (&["diff", "--base", "HEAD:hosts"][..], "there is no revision `HEAD:hosts`"),
    ] {
        let output = project.run(words);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(message) && output.stdout.is_empty(), "{stderr}");
    }
    fs::remove_dir_all(project.0.join(".git")).unwrap();
    let output = project.run(&["diff", "--base", "HEAD"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is in no git repository"));
    let output = Command::new(env!("CARGO_BIN_EXE_mediac"))
        .args(["diff", "--base", "HEAD"])
        .current_dir(&project.0)
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("which is not installed"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn hosts_come_and_go() {
    let project = Project::new("hosts");
    let text = fs::read_to_string(project.0.join("hosts/home.ncl")).unwrap();
    fs::write(project.0.join("hosts/second.ncl"), text.replace("\"home\"", "\"second\"")).unwrap();
    let text = project.mediac(&["diff"], 0);
    assert!(text.contains("the host `second` is new") && text.contains("home: no differences"), "{text}");
    project.mediac(&["build"], 0);
    fs::remove_file(project.0.join("hosts/second.ncl")).unwrap();
    for words in [&["diff"][..], &["diff", "second"][..]] {
        let text = project.mediac(words, 0);
        assert!(text.contains("the host `second` is removed from the project"), "{text}");
        assert!(!text.contains("!!"), "{text}");
    }
    let output = project.run(&["diff", "third"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no host `third`"));
    let text = project.mediac(&["diff", "home", "--against", "out/home"], 0);
    assert_eq!(text, "no differences\n");
    let output = project.run(&["diff", "home", "--against", "out/second"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is the output of `second`, and not of `home`"));

    fs::write(project.0.join("hosts/broken.ncl"), "{ name = 1 }").unwrap();
    let output = project.run(&["diff", "--exit-code"]);
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        !stdout.contains("removed from the project"),
        "who knows what the broken host is called: {stdout}"
    );
}

#[test]
fn edits_by_hand_are_told() {
    let project = Project::new("edited");
    let rules = project.0.join("out/home/etc/mediac/firewall.nft");
    fs::write(&rules, fs::read_to_string(&rules).unwrap().replace("drop", "accept")).unwrap();
    fs::write(project.0.join("out/home/mine"), "x").unwrap();
    let text = project.mediac(&["diff", "--exit-code"], 2);
    assert!(text.contains("the base was edited by hand"), "{text}");
    assert!(text.contains("    `etc/mediac/firewall.nft` is not what was built\n"), "{text}");
    assert!(text.contains("files of somebody else, which stay\n    mine\n"), "{text}");
    assert!(!project.mediac(&["diff", "--format", "patch"], 0).contains("mine"));
    for format in ["md", "json"] {
        let text = project.mediac(&["diff", "--format", format], 0);
        assert!(text.contains("`etc/mediac/firewall.nft` is not what was built"), "{text}");
    }
}

#[test]
fn comments_stay_comments() {
    let project = Project::new("hostile");
    let title = "</details> --> @team ``` [x](http://y)";
    project.edit(&[("    sonarr = {},", &format!("    sonarr = {{ title = \"{title}\" }},"))]);
    let comment = project.mediac(&["diff", "--format", "md"], 0);
    assert!(comment.contains("````diff\n"), "a fence is longer than what it holds: {comment}");
    assert!(comment.contains(&format!("- `sonarr` is now called ````{title}````\n")), "{comment}");
    for line in comment.lines().filter(|line| line.contains("-->") || line.contains("@team")) {
        let harmless = line.starts_with(['+', '-', ' ']) || line == "<!-- mediac:home -->";
        assert!(harmless, "{line}");
    }
    for bytes in ["1000", "5000", "65536"] {
        let comment = project.mediac(&["diff", "--format", "md", "--max-bytes", bytes], 0);
        assert!(comment.len() <= bytes.parse::<usize>().unwrap());
        assert_eq!(comment.matches("<summary>").count(), comment.matches("\n</details>").count());
    }
    for bytes in ["10", "65537", "x"] {
        assert_eq!(project.run(&["diff", "--format", "md", "--max-bytes", bytes]).status.code(), Some(64));
    }
}
