//! A slip of the finger in the name of any option is found where it was made, and the option is suggested.
//!
//! Every option of hosts and of modules is misspelt by one edit, many times, in a real host file. Many at
//! once: each must be reported, as all findings of one run are.

use std::collections::BTreeSet;
use std::path::Path;

use mediac::compile::compile;
use mediac::options::OptionTree;
use mediac::project::Project;
use mediac::report::{Located, locate};

use crate::support::{each, host_text, say};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How often each option is misspelt in each way.
const VARIANTS: usize = 5;

/// Of a hundred misspelt options, how many must come with the right suggestion.
const WANTED: usize = 95;

/// What the names in a path stand for when any name will do.
const NAMES: [&str; 2] = ["http", "other"];

/// Words of the language, which are no names.
const KEYWORDS: [&str; 21] = [
    "if", "then", "else", "let", "in", "fun", "import", "match", "forall", "null", "true", "false", "rec",
    "default", "doc", "optional", "force", "or", "as", "include", "priority",
];

#[derive(Clone, Copy, Debug)]
enum Edit {
    Delete,
    Transpose,
    Substitute,
    Insert,
}

const EDITS: [Edit; 4] = [Edit::Delete, Edit::Transpose, Edit::Substitute, Edit::Insert];

/// An option that can be set: its path, and the names that are known beside it.
struct Known {
    path: Vec<String>,
    siblings: BTreeSet<String>,
}

/// Every option that a schema names, with names put in where any will do.
fn options() -> Vec<Known> {
    let project = Project::open(Path::new("/nonexistent")).unwrap();
    let sources = project.definitions();
    let host = OptionTree::read(&sources, "schemas/host.ncl", "Host").unwrap();
    let mut known = of_tree(&host, &[]);
    for module in project.modules() {
        if let Some(tree) = OptionTree::read_module(&sources, &format!("modules/{module}.ncl")) {
            known.extend(of_tree(&tree, &["services", module, "options"]));
        }
    }
    known
}

fn of_tree(tree: &OptionTree, prefix: &[&str]) -> Vec<Known> {
    let mut names = NAMES.iter().cycle();
    let documents = tree.documents();
    let patterns = documents.iter().map(|document| document.pattern.as_str());
    patterns
        .filter(|pattern| !pattern.contains("[]"))
        .filter_map(|pattern| {
            let segments: Vec<&str> = pattern.split('.').map(|part| part.trim_matches('"')).collect();
            let filled: Vec<&str> = segments
                .iter()
                .enumerate()
                .map(|(at, part)| match *part {
                    // Of a service that no module knows, the options are not what is wrong.
                    "<name>" if at > 0 && segments[at - 1] == "services" => "sonarr",
                    "<name>" => *names.next().unwrap(),
                    part => part,
                })
                .collect();
            let (_, parents) = filled.split_last()?;
            let siblings = tree.children(parents)?.into_iter().map(str::to_owned).collect();
            let path = prefix.iter().chain(&filled).map(|part| (*part).to_owned()).collect();
            Some(Known { path, siblings })
        })
        .collect()
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn letter(&mut self) -> char {
        char::from(b"abcdefghijklmnopqrstuvwxyz"[self.below(26)])
    }
}

/// The name with one edit; `None` if nothing comes of it that is a name, and a wrong one.
fn misspelt(known: &Known, edit: Edit, numbers: &mut Numbers) -> Option<String> {
    let mut letters: Vec<char> = known.path.last()?.chars().collect();
    let at = numbers.below(letters.len());
    match edit {
        Edit::Delete => drop(letters.remove(at)),
        Edit::Transpose if at + 1 < letters.len() => letters.swap(at, at + 1),
        Edit::Transpose => return None,
        Edit::Substitute => letters[at] = numbers.letter(),
        Edit::Insert => letters.insert(at, numbers.letter()),
    }
    let name: String = letters.into_iter().collect();
    let usable = name.starts_with(|first: char| first.is_ascii_lowercase())
        && !known.siblings.contains(&name)
        && !KEYWORDS.contains(&name.as_str());
    usable.then_some(name)
}

/// What became of the typos of one file.
#[derive(Default)]
struct Score {
    made: AtomicUsize,
    suggested: AtomicUsize,
}

#[test]
fn a_misspelt_option_is_found_and_the_right_one_suggested() {
    let known = options();
    assert!(known.len() > 150, "{}", known.len());
    let score = Score::default();
    let wrong = std::sync::Mutex::new(Vec::new());
    let rounds: Vec<(Edit, usize)> =
        EDITS.iter().flat_map(|edit| (0..VARIANTS).map(move |variant| (*edit, variant))).collect();
    each(&rounds, |(edit, variant)| {
        let mut numbers = Numbers(*variant as u64 * 4 + *edit as u64);
        let typos: Vec<(&Known, String)> =
            known.iter().filter_map(|known| Some((known, misspelt(known, *edit, &mut numbers)?))).collect();
        wrong.lock().unwrap().extend(judge(&typos, *edit, &score));
    });
    let (made, suggested) = (score.made.into_inner(), score.suggested.into_inner());
    let wrong = wrong.into_inner().unwrap();
    say(&format!(
        "typos: {made} in {} options, all found at their line and column; {suggested} with the right suggestion ({:.1} %)",
        known.len(),
        suggested as f64 * 100.0 / made as f64,
    ));
    assert!(made > 1000 && suggested * 100 >= made * WANTED, "{suggested} of {made}:\n{}", wrong.join("\n"));
}

/// Puts typos into a host file, each on a line of its own; says which came with no or another suggestion.
fn judge(typos: &[(&Known, String)], edit: Edit, score: &Score) -> Vec<String> {
    let mut text = String::from("{\n");
    for (known, name) in typos {
        let (_, parents) = known.path.split_last().unwrap();
        for part in parents {
            text.push_str(part);
            text.push('.');
        }
        text.push_str(&format!("{name} = null,\n"));
    }
    let home = host_text("home");
    text.push_str(&home[home.find("{\n").unwrap() + 2..]);
    let project = Project::open(Path::new("/nonexistent")).unwrap();
    let outcome = compile(&project, "hosts/home.ncl", &text);
    let findings: Vec<Located> =
        outcome.report.findings().iter().map(|finding| locate(finding, &outcome.sources)).collect();
    let mut wrong = Vec::new();
    for (index, (known, name)) in typos.iter().enumerate() {
        let (_, parents) = known.path.split_last().unwrap();
        let column = parents.iter().map(|part| part.len() + 1).sum::<usize>() + 1;
        let place = |finding: &&Located| {
            let place = &finding.places[0];
            place.file == "hosts/home.ncl" && place.line == index + 2 && place.column == column
        };
        let path = known.path.join(".");
        let Some(finding) = findings.iter().filter(|finding| finding.code == "unknown-option").find(place)
        else {
            let near: Vec<_> =
                findings.iter().filter(|finding| finding.places[0].line == index + 2).collect();
            panic!("`{name}` for `{path}` is not reported at line {}, column {column}: {near:#?}", index + 2);
        };
        assert!(finding.message.contains(&format!("`{name}`")), "{finding:#?}");
        score.made.fetch_add(1, Ordering::Relaxed);
        if finding.help == format!("did you mean `{path}`?") {
            score.suggested.fetch_add(1, Ordering::Relaxed);
        } else {
            wrong.push(format!("{edit:?} `{name}` for `{path}`: {}", finding.help));
        }
    }
    wrong
}
