//! What never happens in this project, checked in its own text: the absences that ARCHITECTURE.md promises.

use std::fs;
use std::path::Path;

use mediac::eval;
use mediac::options::OptionTree;
use mediac::project::Project;
use walkdir::WalkDir;

use crate::support::{repository, say};

/// Every text file below the folders: its path in the repository and its text.
fn texts(folders: &[&str]) -> Vec<(String, String)> {
    let root = repository();
    let walk = folders.iter().flat_map(|folder| WalkDir::new(root.join(folder)).sort_by_file_name());
    let files: Vec<(String, String)> = walk
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| !entry.path().components().any(|part| part.as_os_str() == "__pycache__"))
        .filter_map(|entry| {
            let name = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            Some((name, fs::read_to_string(entry.path()).ok()?))
        })
        .collect();
    assert!(!files.is_empty());
    files
}

/// The code of the compiler: what is compiled only to test it is left out.
fn code() -> Vec<(String, String)> {
    let mut files = texts(&["compiler"]);
    files.retain(|(name, _)| {
        name.ends_with(".rs") && !name.ends_with("/tests.rs") && !name.contains("/tests/")
    });
    assert!(files.len() > 50);
    // Files and modules that are only there in tests.
    let only_tests: Vec<String> = files.iter().flat_map(|(name, text)| test_modules(name, text)).collect();
    files.retain(|(name, _)| !only_tests.contains(name));
    for (_, text) in &mut files {
        let tests =
            ["mod ", "pub mod "].iter().filter_map(|module| text.find(&format!("\n#[cfg(test)]\n{module}")));
        if let Some(start) =
            tests.filter(|start| !text[*start..].lines().nth(2).unwrap().ends_with(';')).min()
        {
            text.truncate(start);
        }
    }
    files
}

/// The files of the modules that a file declares for tests only.
fn test_modules(name: &str, text: &str) -> Vec<String> {
    let folder = name.trim_end_matches(".rs").trim_end_matches("/lib");
    let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.map(|module| format!("{folder}/{module}.rs")).collect()
}

/// The lines of a file that the predicate is true of, as `path:line: text`.
fn lines<'a>(
    name: &'a str,
    text: &'a str,
    is: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = String> + 'a {
    let numbered = (1..).zip(text.lines());
    numbered
        .filter(move |(_, line)| is(line))
        .map(move |(number, line)| format!("{name}:{number}: {}", line.trim()))
}

/// Whether the word is in the text, with nothing before or behind it that could be part of a word.
pub fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(start, _)| !text[..start].ends_with(part) && !text[start + word.len()..].starts_with(part))
}

/// Modules, by the files there are.
pub fn modules() -> Vec<String> {
    let files = WalkDir::new(repository().join("modules")).min_depth(1).sort_by_file_name();
    let names: Vec<String> = files
        .into_iter()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !name.starts_with('_'))
        .collect();
    assert!(names.len() > 10);
    names
}

/// Where a word is not the service of that name: the program that leads to another machine.
const OTHERWISE: &[(&str, &str)] = &[
    ("compiler/cli/apply.rs", "ssh"),
    ("compiler/cli/remote.rs", "ssh"),
    ("compiler/cli/target/guard.rs", "ssh"),
];
/// Words of key files, which have the name of a service in them and do not mean it.
const KEYS: &[&str] =
    &["age::ssh::", "ssh-ed25519", "ssh-rsa", "ssh-keygen", "/etc/ssh/ssh_host_ed25519_key"];

#[test]
fn the_compiler_names_no_service() {
    let modules = modules();
    let plain = |line: &str| KEYS.iter().fold(line.to_owned(), |line, key| line.replace(key, ""));
    let found: Vec<String> = texts(&["compiler"])
        .iter()
        .flat_map(|(name, text)| {
            let meant = |module: &str| !OTHERWISE.contains(&(name.as_str(), module));
            let named =
                |line: &str| modules.iter().any(|module| meant(module) && has_word(&plain(line), module));
            lines(name, text, named).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, [""; 0]);
    // That it would be found.
    assert!(has_word("expose sonarr.port", "sonarr") && !has_word("sonarrs", "sonarr"));
}

/// What talks to services, and waits for them.
const TALKS: [&str; 7] = [
    "compiler/wire/http.rs",
    "compiler/wire/look.rs",
    "compiler/wire/run.rs",
    "compiler/wire/round.rs",
    "compiler/wire/session.rs",
    "compiler/wire/act.rs",
    "compiler/wire/tls.rs",
];

/// What may be named where: the text, and the beginnings of the paths that may have it.
const PLACES: &[(&str, &[&str])] = &[
    ("nickel_lang_core", &["compiler/eval/"]),
    ("nickel_lang_parser", &["compiler/options.rs", "compiler/options/"]),
    // Below a root that is given, which is what applying is about.
    ("rustix", &["compiler/cli/", "compiler/apply/disk.rs"]),
    ("std::fs", &["compiler/cli/", "compiler/project.rs", "compiler/apply/disk.rs"]),
    ("std::env", &["compiler/cli/"]),
    // How a process ends is said where it ends.
    ("std::process", &["compiler/cli/", "compiler/cli.rs", "compiler/main.rs"]),
    ("std::process::Command", &["compiler/cli/"]),
    ("std::time", &["compiler/cli/", TALKS[0], TALKS[1], TALKS[2], TALKS[3], TALKS[4], TALKS[5], TALKS[6]]),
    // Reading the project; what walks it or takes its errors belongs to the same.
    ("walkdir", &["compiler/cli/", "compiler/project.rs"]),
    // What is encrypted is written and read in memory.
    (
        "std::io",
        &[
            "compiler/cli/",
            "compiler/project.rs",
            "compiler/eval/",
            "compiler/apply/",
            "compiler/encryption.rs",
            TALKS[0],
            TALKS[6],
        ],
    ),
    ("age::", &["compiler/encryption.rs"]),
    // Threads change no result: one to evaluate on, with a stack that is deep enough.
    (
        "std::thread",
        &[
            "compiler/cli/",
            "compiler/eval/lib.rs",
            "compiler/options/source.rs",
            TALKS[1],
            TALKS[2],
            TALKS[3],
            TALKS[5],
        ],
    ),
    ("ureq", &[TALKS[0]]),
    ("TcpStream", &["compiler/cli/", TALKS[6]]),
    ("UdpSocket", &["compiler/cli/"]),
    ("SystemTime", &["compiler/cli/"]),
    ("Instant", &["compiler/cli/", TALKS[1], TALKS[2]]),
    ("println!", &[]),
    ("print!", &[]),
    ("dbg!", &[]),
    ("io::stdout()", &["compiler/cli/terminal.rs"]),
    ("io::stderr()", &["compiler/cli/terminal.rs", "compiler/cli/exit.rs"]),
    ("unsafe", &[]),
    ("HashMap", &[]),
    ("HashSet", &[]),
    ("RandomState", &[]),
    (".unwrap()", &[]),
    (".expect(", &[]),
    ("panic!(", &[]),
    ("unreachable!(", &[]),
    ("todo!(", &[]),
];

/// `use std::{fs, io}` as `std::fs std::io`.
fn spelt_out(line: &str) -> String {
    let Some((before, inner)) = line.split_once("use std::{") else { return line.to_owned() };
    let names = inner.trim_end_matches("};").split(',');
    let paths: Vec<String> = names.map(|name| format!("std::{}", name.trim())).collect();
    format!("{before}{}", paths.join(" "))
}

#[test]
fn every_power_of_the_compiler_is_where_it_belongs() {
    let code = code();
    let mut wrong = Vec::new();
    for (what, places) in PLACES {
        for (name, text) in &code {
            let comment = |line: &str| line.trim_start().starts_with("//");
            let has = |line: &str| !comment(line) && mentions(&spelt_out(line), what);
            if !places.iter().any(|place| name.starts_with(place)) {
                wrong.extend(lines(name, text, has).map(|line| format!("{what} in {line}")));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(mentions(&spelt_out("use std::{env, fs};"), "std::fs"));
    assert!(!mentions("std::net::Ipv4Addr; inventory_std::fsx", "std::fs") && !mentions("eprint!", "print!"));
}

/// Whether a line has the text, not as part of a longer word.
fn mentions(line: &str, what: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(what).any(|(start, _)| {
        (what.starts_with('.') || !line[..start].ends_with(part))
            && (!what.ends_with(part) || !line[start + what.len()..].starts_with(part))
    })
}

#[test]
fn addresses_are_all_that_is_taken_from_the_network() {
    let found: Vec<String> = code()
        .iter()
        .filter(|(name, _)| !name.starts_with("compiler/cli/") && name != TALKS[6])
        .flat_map(|(name, text)| lines(name, text, |line| line.contains("std::net")).collect::<Vec<_>>())
        .filter(|line| {
            let after = line.split("std::net::").nth(1).unwrap_or_default();
            let names = after.trim_start_matches('{').split(['}', ';', ':']).next().unwrap_or_default();
            !names.split(',').all(|name| ["IpAddr", "Ipv4Addr", "Ipv6Addr"].contains(&name.trim()))
        })
        .collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let long: Vec<String> = texts(&["compiler", "modules", "schemas", "tests"])
        .iter()
        .filter(|(name, _)| !name.ends_with(".stderr") && !name.contains("/fixtures/"))
        // Those are written by mediac, for programs.
        .filter(|(name, _)| !name.starts_with("schemas/json/"))
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn every_option_says_what_it_is_for() {
    let project = Project::open(Path::new("/nonexistent")).unwrap();
    let sources = project.definitions();
    let mut trees =
        vec![("host".to_owned(), OptionTree::read(&sources, "schemas/host.ncl", "Host").unwrap())];
    trees.extend(project.modules().filter_map(|name| {
        Some((name.to_owned(), OptionTree::read_module(&sources, &format!("modules/{name}.ncl"))?))
    }));
    let all: Vec<(String, Option<String>)> = trees
        .iter()
        .flat_map(|(name, tree)| {
            tree.documents()
                .into_iter()
                .map(move |option| (format!("{name}: {}", option.pattern), option.doc))
        })
        .collect();
    let silent: Vec<&String> = all
        .iter()
        .filter(|(_, doc)| doc.as_ref().is_none_or(|doc| doc.trim().len() < 5))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty() && all.len() > 150, "{silent:#?}");
    say(&format!(
        "invariants: {} options of hosts and {} modules, each with a doc",
        all.len(),
        trees.len() - 1
    ));
}

#[test]
fn the_definitions_are_well_typed() {
    let project = Project::open(Path::new("/nonexistent")).unwrap();
    let mut request = project.request("hosts/one.ncl", "{}".into());
    assert!(request.definitions.texts.len() > 20);
    assert_eq!(eval::ill_typed(&request).unwrap(), [""; 0]);
    request.definitions.texts.insert("modules/bad.ncl".into(), "{ a : Number = \"one\" }".into());
    assert_eq!(eval::ill_typed(&request).unwrap(), ["modules/bad.ncl"]);
}

#[test]
fn the_files_of_the_project_hold_no_machine_of_ours() {
    let here = repository();
    let marks = [concat!("/wo", "rk/"), here.to_str().unwrap()];
    // Some APIs have addresses that begin like homes do.
    let is_home = |line: &str| {
        let after = line.split(concat!("/Us", "ers/")).skip(1);
        after.into_iter().any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let found: Vec<String> = texts(&["compiler", "modules", "schemas", "hosts", "out", "tests"])
        .iter()
        .flat_map(|(name, text)| {
            lines(name, text, |line| is_home(line) || marks.iter().any(|mark| line.contains(mark)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, [""; 0]);
}
