//! The compiler as one function: from the text of a host file to every file of the host.

use std::path::PathBuf;

use crate::check;
use crate::diag::{Diagnostic, Report, Severity};
use crate::inventory::Inventory;
use crate::ir::{self, Host};
use crate::judge;
use crate::manifest::{INVENTORY, MANIFEST, Manifest};
use crate::path::OptionPath;
use crate::plan::{self, Plan};
use crate::project::Project;
use crate::prove::{self, Proof};
use crate::render;
use crate::source::{Author, Sources};
use crate::tree::Tree;

/// A compiled host.
#[derive(Debug)]
pub struct Compiled {
    /// Its name.
    pub host: String,
    /// Its files.
    pub tree: Tree,
    /// What its files were rendered from.
    pub plan: Plan,
    /// What the build means.
    pub inventory: Inventory,
    /// The texts that lie beside the tree: manifest and inventory.
    pub manifest: Manifest,
    /// The text of the inventory.
    pub inventory_json: String,
}

/// What came of compiling one host file.
#[derive(Debug)]
pub struct Outcome {
    /// The host, unless there are errors.
    pub compiled: Option<Compiled>,
    /// The name the host gives itself, as far as it is known.
    pub name: Option<String>,
    /// What its firewall does, as far as there is one to prove; also when it does not hold.
    pub proof: Option<Proof>,
    /// All findings.
    pub report: Report,
    /// The sources they point into.
    pub sources: Sources,
}

impl Compiled {
    /// Every file of the output folder, by its path there.
    pub fn output(&self) -> impl Iterator<Item = (String, &str)> {
        self.tree
            .files
            .values()
            .map(|artifact| (artifact.path.trim_start_matches('/').to_owned(), artifact.text.as_str()))
            .chain(std::iter::once((INVENTORY.to_owned(), self.inventory_json.as_str())))
    }

    /// The text of the manifest, and where it goes.
    pub fn manifest(&self) -> (String, String) {
        (MANIFEST.to_owned(), self.manifest.to_json())
    }
}

/// Compiles the host file `name` (relative to the project) with the given text.
pub fn compile(project: &Project, name: &str, text: &str) -> Outcome {
    let mut outcome = judge(project, name, text);
    if !outcome.report.findings().is_empty() {
        judge::name_options(&mut outcome.sources, name, text);
    }
    outcome.report.sort(&outcome.sources);
    outcome
}

fn judge(project: &Project, name: &str, text: &str) -> Outcome {
    let judged = judge::evaluate(project, name, text);
    let (mut report, sources) = (judged.report, judged.sources);
    if let Some(remainder) = judged.remainder {
        // Findings about the rest of the definition; the parts with mistakes are not in it.
        if let Ok(host) = ir::read(&remainder) {
            report.extend(check::check_part(&host));
        }
    }
    let Some(evaluated) = judged.value else {
        return Outcome { compiled: None, name: None, proof: None, report, sources };
    };
    let host = match ir::read(&evaluated) {
        Ok(host) => host,
        Err(message) => {
            report.push(internal(&message));
            return Outcome { compiled: None, name: None, proof: None, report, sources };
        }
    };
    let name = Some(host.name.clone());
    report.extend(check::check(&host));
    if report.has(Severity::Error) {
        return Outcome { compiled: None, name, proof: None, report, sources };
    }
    let (proof, finished) = finish(&host);
    match finished {
        Ok(compiled) => Outcome { compiled: Some(compiled), name, proof, report, sources },
        Err(problems) => {
            report.extend(problems);
            Outcome { compiled: None, name, proof, report, sources }
        }
    }
}

/// The modules and imported files that a compilation read from the project, besides the host file.
pub fn inputs(sources: &Sources) -> Vec<PathBuf> {
    sources
        .files()
        .iter()
        .filter(|file| file.author == Author::User)
        .map(|file| PathBuf::from(&file.name))
        .collect()
}

/// The files of a host, unless its firewall does not hold what it promises; the proof is there in both cases.
fn finish(host: &Host) -> (Option<Proof>, Result<Compiled, Report>) {
    let plan = plan::plan(host);
    let tree = match render::render(&plan) {
        Ok(tree) => tree,
        Err(report) => return (None, Err(report)),
    };
    let proof = match prove::prove(&plan, &tree) {
        Ok(proof) => proof,
        Err(finding) => return (None, Err(Report::from_iter([finding]))),
    };
    if !proof.holds() {
        let report = Report::from_iter(proof.findings());
        return (Some(proof), Err(report));
    }
    let inventory = Inventory::new(&plan);
    let inventory_json = inventory.to_json();
    let manifest = Manifest::new(&host.name, &tree, &inventory_json);
    let compiled = Compiled { host: host.name.clone(), plan, tree, inventory, manifest, inventory_json };
    (Some(proof), Ok(compiled))
}

fn internal(message: &str) -> Diagnostic {
    Diagnostic::error(
        "internal",
        &OptionPath::root(),
        format!("internal error, please report: {message}"),
        "this is a fault of mediac, not of the host file",
    )
}
