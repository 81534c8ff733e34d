//! Every mistake in `tests/errors` against what mediac says about it.
//!
//! A fixture is a host file, `<code>/<name>.ncl`; beside it, `<name>.stderr` is what `mediac check` prints.
//! `UPDATE=1` writes it anew. The first finding of that code must be about the fixture itself, or what it imports. A fixture
//! named `….ok.ncl` has no errors, only what is worth knowing. Files that begin with `_` are imported by others.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use mediac::compile::{Outcome, compile};
use mediac::diag::{Diagnostic, Severity};
use mediac::project::{Project, read};
use mediac::report::{self, Format, Styling};
use mediac::source::Sources;

/// How many fixtures are judged at a time.
const THREADS: usize = 4;

#[test]
fn mistakes_are_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::open(root).unwrap();
    let fixtures = fixtures(&root.join("tests/errors"));
    assert!(fixtures.len() >= 60, "only {} fixtures", fixtures.len());
    let size = fixtures.len().div_ceil(THREADS);
    let wrong: Vec<String> = thread::scope(|scope| {
        let parts: Vec<_> = fixtures
            .chunks(size)
            .map(|part| {
                scope.spawn(|| part.iter().flat_map(|fixture| judge(&project, fixture)).collect::<Vec<_>>())
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert!(
        wrong.is_empty(),
        "{} faults (UPDATE=1 writes the .stderr files anew):\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The host files below a folder, sorted.
fn fixtures(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            all.extend(fixtures(&path));
        } else if name.ends_with(".ncl") && !name.starts_with('_') {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// What is wrong with what mediac says about a fixture.
fn judge(project: &Project, fixture: &Path) -> Vec<String> {
    let name = fixture.strip_prefix(&project.root).unwrap().to_str().unwrap();
    let outcome = compile(project, name, &read(fixture).unwrap());
    let printed = report::write(&[(&outcome.report, &outcome.sources)], Format::Human(Styling::Plain));
    let mut wrong = faults(&outcome, name, &printed, &project.root.to_string_lossy());
    let golden = fixture.with_extension("stderr");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &printed).unwrap();
    } else if fs::read_to_string(&golden).unwrap_or_default() != printed {
        wrong.push(format!("differs from {}:\n{printed}", golden.file_name().unwrap().to_string_lossy()));
    }
    wrong.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

/// What must hold for every fixture, whatever it says.
fn faults(outcome: &Outcome, name: &str, printed: &str, root: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, fault: &str| {
        if !holds {
            wrong.push(fault.to_owned());
        }
    };
    let code = name.split('/').nth(2).unwrap_or_default();
    let findings = outcome.report.findings();
    let finding = findings.iter().find(|finding| finding.code == code);
    expect(finding.is_some(), "the finding of its folder's name is missing");
    if let Some(finding) = finding {
        let place = primary(finding, &outcome.sources);
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let there = place.as_deref().is_some_and(|place| {
            place == name || place.strip_prefix(folder).is_some_and(|file| file.starts_with("/_"))
        });
        expect(there, &format!("the finding is about {place:?}"));
    }
    let ok = name.ends_with(".ok.ncl");
    expect(outcome.report.has(Severity::Error) != ok, "an error where none belongs, or none where one does");
    expect(
        outcome.compiled.is_some() == ok,
        "compiled although there are errors, or not compiled without any",
    );
    for finding in findings {
        let first = finding.message.chars().next().unwrap_or(' ');
        expect(!first.is_uppercase(), "a message begins with a capital");
        expect(!finding.message.ends_with('.'), "a message ends with a full stop");
        expect(!finding.help.is_empty(), "a finding says not what to do");
        expect(finding.code != "internal", "an internal error");
    }
    for text in ["<unknown>", "closure@", "<driver>", "<stdlib", "<host", "<main", "<generated", root] {
        expect(!printed.contains(text), &format!("it prints {text}"));
    }
    expect(printed.matches("= help: ").count() == findings.len(), "not one help line for each finding");
    wrong
}

/// The file that the primary label of a finding points into.
fn primary(finding: &Diagnostic, sources: &Sources) -> Option<String> {
    Some(report::locate(finding, sources).places.first()?.file.clone())
}
