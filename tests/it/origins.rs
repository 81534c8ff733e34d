//! Every byte has an origin: each file and each line leads back to an option, and `why` says which.

use std::collections::BTreeMap;

use mediac::compile::{Outcome, compile};
use mediac::project::Project;

use crate::support::{Folder, each, host_text, hosts, repository, say};

/// Of a hundred lines, how many must lead to an option of their own; the others have that of their file.
const WANTED: usize = 95;

fn outcome(host: &str) -> Outcome {
    let project = Project::open(&repository()).unwrap();
    compile(&project, &format!("hosts/{host}.ncl"), &host_text(host))
}

#[test]
fn every_file_and_line_leads_to_an_option() {
    let (mut all, mut known, mut files) = (0, 0, 0);
    let mut without: BTreeMap<String, usize> = BTreeMap::new();
    for host in hosts() {
        let outcome = outcome(&host);
        let compiled = outcome.compiled.unwrap();
        for entry in &compiled.manifest.files {
            assert_ne!(entry.origin, "", "{} of {host} has no origin", entry.path);
        }
        for artifact in compiled.tree.files.values() {
            files += 1;
            assert_eq!(artifact.text.lines(), artifact.text.as_str().lines().count(), "{}", artifact.path);
            for (number, line) in (1..).zip(artifact.text.as_str().lines()) {
                if line.trim().is_empty() {
                    continue;
                }
                all += 1;
                match artifact.text.origin(number) {
                    Some(origin) => {
                        assert_ne!(origin.as_str(), "", "{}:{number}", artifact.path);
                        known += 1;
                    }
                    None => *without.entry(artifact.path.clone()).or_default() += 1,
                }
            }
        }
    }
    let percent = f64::from(known) * 100.0 / f64::from(all);
    say(&format!(
        "origins: {files} files, {all} lines, {known} with an option of their own ({percent:.1} %)"
    ));
    assert!(known * 100 >= all * i32::try_from(WANTED).unwrap(), "{percent:.1} %, without: {without:#?}");
}

#[test]
fn the_options_behind_lines_were_said_somewhere() {
    for host in hosts() {
        let Outcome { compiled, sources, .. } = outcome(&host);
        for artifact in compiled.unwrap().tree.files.values() {
            for number in 1..=artifact.text.lines() {
                let origin = artifact.text.origin(number).unwrap_or(&artifact.origin);
                let said = sources.span(origin).or_else(|| sources.user_span(origin));
                let file = said.and_then(|span| sources.file(span.file));
                let name = file.map(|file| file.name.as_str()).unwrap_or_default();
                let ours = ["hosts/", "modules/", "schemas/"].iter().any(|folder| name.starts_with(folder));
                assert!(
                    ours,
                    "{}:{number} comes from `{}`, said in `{name}`",
                    artifact.path,
                    origin.as_str()
                );
            }
        }
    }
}

/// A line of a file of a host, and the option behind it.
struct Line {
    shown: String,
    option: String,
}

#[test]
fn why_leads_from_lines_to_options_and_back() {
    let mut lines = Vec::new();
    for host in hosts() {
        let compiled = outcome(&host).compiled.unwrap();
        for artifact in compiled.tree.files.values() {
            // The last line with an origin of its own: the first ones are often those of the whole.
            let number =
                (1..=artifact.text.lines()).rev().find(|number| artifact.text.origin(*number).is_some());
            let Some(number) = number else { continue };
            let option = artifact.text.origin(number).unwrap().as_str().to_owned();
            lines.push(Line { shown: format!("out/{host}{}:{number}", artifact.path), option });
        }
    }
    assert!(lines.len() > 30);
    let folder = Folder::with_hosts();
    each(&lines, |Line { shown, option }| {
        let there = folder.mediac(["why", shown]).expect(0);
        assert!(there.stdout.contains(&format!("\n  {option}\n")), "{shown}:\n{}", there.stdout);
        assert!(there.stdout.contains(".ncl:"), "{shown}:\n{}", there.stdout);
        let back = folder.mediac(["why", option]).expect(0);
        assert!(back.stdout.contains(&format!("  {shown}  ")), "{option}:\n{}", back.stdout);
    });
    say(&format!("origins: why led from {} lines, one a file, to their options and back", lines.len()));
}

#[test]
fn why_knows_paths_of_the_machine_and_whole_files() {
    let folder = Folder::with_hosts();
    for path in
        ["/etc/mediac/compose.yaml", "out/home/etc/mediac/compose.yaml", "./out/home/etc/mediac/compose.yaml"]
    {
        let run = folder.mediac(["why", path]).expect(0);
        assert!(run.stdout.starts_with("out/home/etc/mediac/compose.yaml\n"), "{}", run.stdout);
    }
    for nothing in ["/etc/passwd", "no.such.option", "out/home/nothing:3"] {
        let run = folder.mediac(["why", nothing]).expect(1);
        assert!(run.stderr.contains("neither a generated file nor an option"), "{}", run.stderr);
    }
}
