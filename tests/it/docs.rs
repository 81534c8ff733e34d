//! The README does what it says: its tour runs as written, and its fragments compile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fenced block: its language and its text.
struct Block {
    language: String,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in markdown.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), text: String::new() });
            }
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    blocks
}

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn section(heading: &str) -> Vec<Block> {
    let readme = readme();
    let (_, rest) = readme.split_once(&format!("## {heading}\n")).unwrap();
    blocks(rest.split("\n## ").next().unwrap())
}

/// A project of its own, removed at the end.
struct Project(PathBuf);

impl Project {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("mediac-docs-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("hosts")).unwrap();
        Self(root)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, words: &[&str]) -> String {
        let output =
            Command::new(env!("CARGO_BIN_EXE_mediac")).args(words).current_dir(&self.0).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mediac {}: {stderr}", words.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_tour_of_adding_a_service_runs_as_written() {
    let project = Project::new("tour");
    let mut output = String::new();
    let mut expected = 0;
    for Block { language, text } in section("Adding a service") {
        match language.as_str() {
            "nickel" => {
                let name = text.lines().next().unwrap().strip_prefix("# ").unwrap();
                project.write(name, &text);
            }
            "sh" => {
                for line in text.lines() {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    assert_eq!(words[0], "mediac");
                    output = project.run(&words[1..]);
                }
            }
            "text" => {
                for line in text.lines() {
                    assert!(output.contains(line), "`{line}` is not in:\n{output}");
                    expected += 1;
                }
            }
            other => panic!("the tour has a block of `{other}`"),
        }
    }
    assert!(expected > 0, "the tour promises nothing");
    assert!(project.run(&["options", "freshrss"]).contains("services.freshrss.options.refresh"));
}

#[test]
fn the_fragment_of_a_definition_compiles() {
    let fragment = section("What a definition looks like").remove(0);
    assert_eq!(fragment.language, "nickel");
    let project = Project::new("fragment");
    let base = "name = \"readme\", lan.ipv4 = [\"192.168.1.0/24\"], gpu = {}, killswitch = {}, storage = { config = \
                \"/srv/config\", downloads.root = \"/srv/data/downloads\", library.root = \"/srv/data/media\", \
                transcode = \"/srv/transcode\" },";
    let host = format!("{{ {base} {}, services.jellyseerr = {{}} }}", fragment.text.trim());
    project.write("hosts/readme.ncl", &host);
    assert!(project.run(&["build"]).contains("readme: written"));
}

#[test]
fn the_two_commands_are_there() {
    let commands: Vec<String> = section("Two commands").into_iter().map(|block| block.text).collect();
    assert_eq!(commands, ["cargo run --release -- build hosts/home.ncl\n", "./test\n"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ci = fs::read_to_string(root.join(".ci/run")).unwrap();
    assert!(ci.contains("./test"), ".ci/run does not call the command of the README");
    assert!(root.join("hosts/home.ncl").is_file());
}

#[test]
fn the_proof_is_what_prove_prints() {
    let block = section("What is proved").remove(0);
    let output = Command::new(env!("CARGO_BIN_EXE_mediac"))
        .args(["prove", "hosts/home.ncl"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.starts_with(&block.text),
        "the README has:\n{}\nand prove prints:\n{printed}",
        block.text
    );
}

/// Numbers of the row that begins so, without emphasis.
fn row(markdown: &str, start: &str) -> Vec<u32> {
    let line = markdown.lines().find(|line| line.starts_with(start)).unwrap();
    line.split('|').filter_map(|cell| cell.trim().trim_matches('*').parse().ok()).collect()
}

#[test]
fn the_table_of_rivals_is_what_was_measured() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/killswitch/RESULTS.md");
    let results = fs::read_to_string(results).unwrap();
    for family in ["IPv4", "IPv6"] {
        let mut measured = row(&results, &format!("| leaks {family} in, of 36 |"));
        // The README has no column for the rulesets without what holds them when they are flushed.
        assert_eq!(measured.len(), 6);
        measured.remove(4);
        assert_eq!(row(&readme(), &format!("| {family}")), measured);
    }
}
