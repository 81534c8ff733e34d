mod first;
mod second;

use std::collections::BTreeSet;
use std::path::Path;

use super::{CHECKS, check};
use crate::diag::{Diagnostic, Place};
use crate::ir;
use crate::judge;
use crate::project::Project;
use crate::source::Sources;

/// What every host of these tests says unless it says otherwise.
const BASE: &str = r#"
let key = "K53l2wOIHU3262sX5N/5kAvCvt4r55lNui30EbvaDlE=" in
let container = { image | default = "example/image:1" } in
let web = container & { endpoints.http = { port | default = 80, scheme | default = 'http, expose | default = 'lan } } in
let wg = container & {
  builtin_health | default = true,
  tunnel = {
    interface | default = "wg0",
    dns | default = ["203.0.113.1"],
    endpoints.oslo = { ip | default = "203.0.113.51", public_key = key },
  },
} in
let confined = container & { confine | default = "tunnel", account | default = "torrent" } in
let vpn = { killswitch = {}, services = { tunnel = wg, alpha = confined } } in
let proxy = fun r => container & { proxy = { path | default = "/etc/mediac/live/proxy/config", domain = "example.org", routes = r } } in
let media = {
  storage = { downloads.root | default = "/srv/data/downloads", library.root | default = "/srv/data/media" },
  services.alpha.uses = { downloads = 'write, library = 'write },
} in
let disk = { uuid | default = "6f1b2a8e-3c4d-4e5f-8a9b-0c1d2e3f4a5b" } in
let login = { runtime = 'native, native = { unit = "login.service", user = "root" }, endpoints.login = { port = 22, expose = 'lan } } in
{
  name = "test",
  lan.ipv4 | default = ["192.168.1.0/24"],
  storage.config | default = "/srv/config",
  services.alpha = container,
} & "#;

fn hosts() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    first::HOSTS.iter().chain(second::HOSTS)
}

fn run(host: &str) -> (Vec<Diagnostic>, Sources) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::open(root).unwrap();
    let name = "hosts/test.ncl";
    let mut judged = judge::evaluate(&project, name, host);
    judge::name_options(&mut judged.sources, name, host);
    let Some(value) = judged.value else { panic!("{host}\n{:#?}", judged.report.findings().first()) };
    let host = ir::read(&value).unwrap();
    (check(&host).findings().to_vec(), judged.sources)
}

fn codes(findings: &[Diagnostic]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// What holds for every finding, whatever it is about.
fn is_well_formed(finding: &Diagnostic, sources: &Sources) {
    assert!(CHECKS.iter().any(|(code, _)| *code == finding.code), "{} is not in the table", finding.code);
    let first = finding.message.chars().next().unwrap();
    assert!(first.is_lowercase() || first == '`' || first.is_ascii_digit(), "{finding:#?}");
    for text in std::iter::once(&finding.message).chain(&finding.notes).chain([&finding.help]) {
        assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('\n'), "{finding:#?}");
        assert_eq!(text.matches('`').count() % 2, 0, "{finding:#?}");
    }
    let placed = finding.labels.iter().any(|label| match &label.place {
        Place::Option(path) => sources.user_span(path).is_some(),
        Place::Span(_) => true,
    });
    assert!(placed, "nothing in the host file stands for it: {finding:#?}");
}

#[test]
fn each_check_finds_what_it_is_for_and_nothing_beside_it() {
    let mut wrong = Vec::new();
    for (code, bad, good) in hosts() {
        let (findings, sources) = run(&format!("{BASE}{bad}"));
        for finding in &findings {
            is_well_formed(finding, &sources);
        }
        if !codes(&findings).contains(code) {
            wrong.push(format!("{code}: not found in {bad}, but {:?}", codes(&findings)));
        }
        let (findings, _) = run(&format!("{BASE}{good}"));
        if codes(&findings).contains(code) {
            wrong.push(format!("{code}: found in {good}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_check_is_tested_and_reports_under_its_own_code() {
    let tested: BTreeSet<&str> = hosts().map(|(code, ..)| *code).collect();
    let known: BTreeSet<&str> = CHECKS.iter().map(|(code, _)| *code).collect();
    assert_eq!(tested, known);
    assert_eq!(known.len(), CHECKS.len());
    assert!(super::OF_THE_WHOLE.iter().all(|code| known.contains(code)));
}

#[test]
fn a_plain_host_has_no_findings() {
    let (findings, _) = run(&format!("{BASE}{{}}"));
    assert_eq!(codes(&findings), [""; 0]);
}

#[test]
fn the_host_in_the_project_is_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (findings, _) = run(&crate::project::read(&root.join("hosts/home.ncl")).unwrap());
    assert_eq!(codes(&findings), ["imports-copy"], "{findings:#?}");
}

#[test]
fn all_findings_of_a_host_are_reported_in_one_order() {
    let host =
        format!("{BASE}{{ services = {{ alpha = web, beta = web & {{ image = \"b\", gpu = true }} }} }}");
    let (findings, _) = run(&host);
    assert_eq!(codes(&findings), ["image-not-pinned", "gpu-missing", "port-clash"]);
    assert_eq!(findings, run(&host).0);
}

#[test]
fn a_clash_names_both_parties_and_a_way_out() {
    let (findings, _) = run(&format!("{BASE}{{ services = {{ alpha = web, beta = web }} }}"));
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    let labels: Vec<String> = finding
        .labels
        .iter()
        .map(|label| match &label.place {
            Place::Option(path) => format!("{path}: {}", label.message),
            Place::Span(_) => String::new(),
        })
        .collect();
    assert_eq!(
        labels,
        [
            "services.beta.endpoints.http.port: `beta` is published on all addresses",
            "services.alpha.endpoints.http.port: `alpha` is published on all addresses",
        ]
    );
    assert_eq!(finding.message, "port 80 is published twice");
    assert_eq!(finding.help, "set `services.beta.endpoints.http.publish = 8081`");
}
