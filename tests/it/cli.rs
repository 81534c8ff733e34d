//! The command line: its exit codes, its help, its completions, and what it writes for other programs.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Folder, Mediac, repository, skip, works};

/// Compares with a file in tests/golden; UPDATE=1 writes it anew.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = repository().join("tests/golden").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, wanted, "{}: see the change, then UPDATE=1", path.display());
}

/// A host with three mistakes and something worth knowing.
const BAD: &str = r#"{
  name = "bad",
  lan.ipv4 = ["192.168.1.0/24"],
  storage.config = "/srv/config",
  services = {
    prowlarr.endpoints.http.prot = 9000,
    seerr = {},
    jellyseerr = {},
    "ä,b:%" = {},
  },
}
"#;

fn bad() -> Folder {
    Folder::with(&[("hosts/bad.ncl", BAD)])
}

const VERBS: [&str; 8] = ["check", "build", "diff", "prove", "secrets", "why", "options", "completions"];

#[test]
fn exit_codes_are_those_of_the_table() {
    let good = Folder::with_hosts();
    let bad = bad();
    let refused = Folder::with_hosts();
    refused.write("out/home/foreign", "x");
    let empty = Folder::new();
    let table: &[(&Folder, &[&str], i32)] = &[
        (&good, &["check"], 0),
        (&good, &["check", "home"], 0),
        (&good, &["build"], 0),
        (&good, &["build", "--check"], 0),
        (&good, &["why", "name"], 0),
        (&good, &["options"], 0),
        (&good, &["secrets", "list"], 0),
        (&good, &["completions", "bash"], 0),
        (&good, &["--help"], 0),
        (&good, &["help", "check"], 0),
        (&good, &["--version"], 0),
        (&empty, &["options"], 0),
        (&bad, &["check"], 1),
        (&bad, &["build"], 1),
        (&bad, &["build", "--check"], 1),
        (&bad, &["why", "name"], 1),
        (&empty, &["check"], 1),
        (&empty, &["build"], 1),
        (&good, &["check", "nobody"], 1),
        (&good, &["secrets", "set", "home", "nobody/nothing"], 1),
        (&bad, &["secrets", "list"], 1),
        (&good, &["check", "hosts/nobody.ncl"], 1),
        (&good, &["why", "/no/such/file"], 1),
        (&good, &["options", "no such option at all"], 1),
        (&refused, &["build", "home"], 3),
        (&good, &[], 64),
        (&good, &["bulid"], 64),
        (&good, &["check", "--no-such-flag"], 64),
        (&good, &["check", "--format", "xml"], 64),
        (&good, &["why"], 64),
        (&good, &["secrets"], 64),
        (&good, &["completions", "tcsh"], 64),
        (&good, &["-C"], 64),
    ];
    for (folder, arguments, code) in table {
        let run = folder.mediac(*arguments);
        assert_eq!(run.code, Some(*code), "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        if *code != 0 {
            assert_ne!(run.stderr, "", "{arguments:?} says nothing");
            // Results go to standard output, and there are none.
            assert_eq!(run.stdout, "", "{arguments:?}");
        }
        assert!(
            !run.stderr.contains("panic") && !run.stderr.contains("please report"),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn the_readme_has_the_table_of_exit_codes() {
    let folder = Folder::new();
    let text = folder.mediac(["exit-codes"]).expect(0).stdout;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let rows: Vec<String> = lines
        .chunks(2)
        .map(|pair| {
            let (code, means) = pair[0].split_once("  ").unwrap();
            format!("| {code} | {means} | {} |", pair[1].strip_prefix("machine: ").unwrap())
        })
        .collect();
    assert_eq!(rows.len(), 9);
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, after) = readme.split_once("| exit code | means | the machine |\n|--:|---|---|\n").unwrap();
    let stated: Vec<&str> = after.lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(stated, rows);
    assert!(folder.mediac(["help", "exit-codes"]).expect(0).stdout.contains(text.trim_end()));
}

#[test]
fn warnings_fail_only_where_strict() {
    // A tunnel that nobody uses.
    let text = BAD.replace("    prowlarr.endpoints.http.prot = 9000,\n", "").replace("    seerr = {},\n", "");
    let folder =
        Folder::with(&[("hosts/warned.ncl", &text.replace("    \"ä,b:%\" = {},\n", "    nordlynx = {},\n"))]);
    let run = folder.mediac(["check"]).expect(0);
    assert!(run.stderr.contains("0 errors, 1 warning"), "{}", run.stderr);
    folder.mediac(["check", "--strict"]).expect(1);
}

#[test]
fn help_reads_well() {
    let folder = Folder::new();
    let call = |arguments: &[&str]| {
        Mediac::new(folder.path()).args(arguments).env("COLUMNS", "100").run().expect(0).stdout
    };
    golden("help.txt", &call(&["--help"]));
    for verb in VERBS {
        let text = call(&[verb, "--help"]);
        let first = text.lines().next().unwrap();
        assert!(
            first.len() > 20 && !first.ends_with('.') && text.contains(&format!("Usage: mediac {verb}")),
            "{text}"
        );
        // Every argument and flag says what it is for.
        let silent: Vec<&str> = text
            .lines()
            .zip(text.lines().skip(1).chain([""]))
            .filter(|(line, next)| {
                let line = line.trim_start();
                let flag = line.starts_with("--")
                    || line.starts_with('-') && line.contains(", --")
                    || line.starts_with('[');
                flag && !line.contains("  ")
                    && next.trim().is_empty()
                    && !line.starts_with("[possible")
                    && !line.starts_with("[default")
            })
            .map(|(line, _)| line)
            .collect();
        assert!(silent.is_empty(), "{verb}: {silent:?}\n{text}");
        assert!(call(&["--help"]).contains(&format!("  {verb} ")));
    }
}

#[test]
fn completions_are_for_every_shell() {
    let folder = Folder::new();
    for (shell, parse) in [
        ("bash", &["bash", "-n"][..]),
        ("zsh", &["zsh", "-n"]),
        ("fish", &["fish", "--no-execute"]),
        ("elvish", &[]),
        ("powershell", &[]),
    ] {
        let text = folder.mediac(["completions", shell]).expect(0).stdout;
        for word in VERBS {
            assert!(text.contains(word), "{shell} does not know {word}");
        }
        let path = folder.at(shell);
        fs::write(&path, &text).unwrap();
        let Some((program, arguments)) = parse.split_first() else { continue };
        if works(&[program, "-c", "true"]) {
            let output = Command::new(program).args(arguments).arg(&path).output().unwrap();
            assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        } else if shell == "bash" {
            skip("the completions of bash", "needs bash");
        }
    }
}

#[test]
fn findings_for_programs_are_well_formed() {
    let folder = bad();
    let find = |format: &str| folder.mediac(["check", "--format", format]).expect(1).stdout;
    let (json, sarif, github) = (find("json"), find("sarif"), find("github"));
    golden("findings.json", &json);
    golden("findings.sarif", &sarif);
    golden("findings.github", &github);
    let findings: Value = serde_json::from_str(&json).unwrap();
    let findings = findings["findings"].as_array().unwrap();
    assert!(findings.len() >= 3);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules: BTreeSet<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let results = run["results"].as_array().unwrap();
    assert_eq!((results.len(), github.lines().count()), (findings.len(), findings.len()));
    let lines = BAD.lines().count() as u64;
    for ((finding, result), line) in findings.iter().zip(results).zip(github.lines()) {
        let (code, place) = (finding["code"].as_str().unwrap(), &finding["places"][0]);
        assert_eq!(
            (place["file"].as_str().unwrap(), result["ruleId"].as_str().unwrap()),
            ("hosts/bad.ncl", code)
        );
        assert!(rules.contains(code) && code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
        assert!(!finding["help"].as_str().unwrap().is_empty());
        let (row, column) = (place["line"].as_u64().unwrap(), place["column"].as_u64().unwrap());
        assert!((1..=lines).contains(&row) && column >= 1, "{finding}");
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!((region["startLine"].as_u64(), region["startColumn"].as_u64()), (Some(row), Some(column)));
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let severity = finding["severity"].as_str().unwrap().replace("note", "notice");
        let begin = format!("::{severity} file=hosts/bad.ncl,line={row},col={column},title={code}::");
        assert!(line.starts_with(&begin), "{line}\n{begin}");
    }
    // A host without findings is well-formed too.
    let good = Folder::with_hosts();
    for format in ["json", "sarif"] {
        let text = good.mediac(["check", "--format", format]).expect(0).stdout;
        serde_json::from_str::<Value>(&text).unwrap();
    }
}

#[test]
fn options_for_programs_are_complete() {
    let folder = Folder::new();
    let all: Vec<Value> =
        serde_json::from_str(&folder.mediac(["options", "--json"]).expect(0).stdout).unwrap();
    assert!(all.len() > 150);
    let mut seen = BTreeSet::new();
    for entry in &all {
        let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("no {key}: {entry}"));
        assert!(text("doc").len() > 4 && !text("type").is_empty(), "{entry}");
        assert!(seen.insert(text("option")), "twice: {entry}");
        let (file, line) = text("defined").rsplit_once(':').unwrap();
        let source = fs::read_to_string(repository().join(file)).unwrap();
        let defined = source.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        let name = text("option").rsplit('.').next().unwrap();
        assert!(defined.contains(name), "{entry}: {defined}");
        assert!(entry["required"].is_boolean());
    }
    let some: Vec<Value> =
        serde_json::from_str(&folder.mediac(["options", "timezone", "--json"]).expect(0).stdout).unwrap();
    assert!(!some.is_empty() && some.len() < all.len());
    for known in ["timezone", "services.<name>.endpoints.<name>.port", "services.caddy.options.domain"] {
        assert!(seen.contains(known), "{known}");
    }
}

#[test]
fn a_host_is_found_from_anywhere() {
    let folder = Folder::with_hosts();
    let root = folder.path().to_str().unwrap().to_owned();
    let file = format!("{root}/hosts/home.ncl");
    fs::create_dir_all(folder.at("deep/er")).unwrap();
    let plain = folder.mediac(["check", "home"]).expect(0);
    let calls: &[(&str, &[&str])] = &[
        ("", &["check", "hosts/home.ncl"]),
        ("", &["check", "./deep/../hosts/home.ncl"]),
        ("hosts", &["check", "home"]),
        ("hosts", &["check", "home.ncl"]),
        ("deep/er", &["check", "home"]),
        ("deep/er", &["check", "../../hosts/home.ncl"]),
        ("/", &["check", &file]),
        ("/", &["-C", &root, "check", "home"]),
        ("/", &["check", "home", "--directory", &root]),
        ("deep", &["-C", "er", "check", "home"]),
    ];
    for (from, arguments) in calls {
        let run = Mediac::new(folder.path()).from(&folder.at(from)).args(*arguments).run().expect(0);
        assert_eq!(run.stderr, plain.stderr, "{from} {arguments:?}");
    }
    let other = Folder::with_hosts();
    let run = folder.mediac(["check", &file, other.at("hosts/home.ncl").to_str().unwrap()]).expect(1);
    assert!(run.stderr.contains("another project"), "{}", run.stderr);
}

#[test]
fn colours_are_for_those_who_ask() {
    let folder = bad();
    let escape = '\u{1b}';
    let run = |arguments: &[&str]| Mediac::new(folder.path()).args(arguments).env("TERM", "xterm-256color");
    assert!(!run(&["check"]).run().stderr.contains(escape));
    assert!(!run(&["check", "--color", "never"]).run().stderr.contains(escape));
    assert!(!run(&["check"]).env("NO_COLOR", "1").run().stderr.contains(escape));
    let coloured = run(&["check", "--color", "always"]).env("NO_COLOR", "1").run().stderr;
    assert!(coloured.contains(escape));
    // The same words, with or without.
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once(escape) {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(plain + rest, run(&["check"]).run().stderr);
    if works(&["script", "-qec", "true", "/dev/null"]) {
        // On a terminal, which `script` is, colours depend on NO_COLOR.
        for (no_colour, expected) in [("", true), ("1", false)] {
            let command = format!("{} check", env!("CARGO_BIN_EXE_mediac"));
            let output = Command::new("script")
                .args(["-qec", &command, "/dev/null"])
                .current_dir(folder.path())
                .env("NO_COLOR", no_colour)
                .env("TERM", "xterm-256color")
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert_eq!(
                String::from_utf8_lossy(&output.stdout).contains(escape),
                expected,
                "NO_COLOR={no_colour}"
            );
        }
    }
}

#[test]
fn whoever_stops_reading_stops_nothing() {
    let folder = Folder::with_hosts();
    let script = format!("{} options | head -n 1; echo ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_mediac"));
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.ends_with("\n0\n") && stderr.is_empty(), "{stdout}{stderr}");
    let mut closed = Command::new("bash");
    closed.args(["-c", &format!("{} build >&- 2>&-; echo $?", env!("CARGO_BIN_EXE_mediac"))]);
    let output = closed.current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n");
    let _ = std::io::stderr().flush();
}
