//! Every module works alone and beside every other one, and leaves no trace where it is not asked for.
//!
//! A new file in modules/ is tested by being there. All of this is in memory, through the library.

use std::collections::BTreeSet;

use mediac::compile::Compiled;
use mediac::diag::Severity;
use mediac::options::{self, OptionTree};
use mediac::project::Project;
use mediac::{eval, ir, plan, render};

use crate::invariants::{has_word, modules};
use crate::support::{Folder, compile_text, compiled, each, host_text, repository, say};

/// What options without a default are set to.
const REQUIRED: &[(&str, &str)] =
    &[("services.caddy.options.domain", "\"example.org\""), ("services.ssh.options.users", "{ anna = {} }")];

/// A host with everything a service may want of it, and the services given.
fn host(services: &[&str]) -> String {
    let mut text = String::from(
        "{\n  name = \"test\",\n  lan.ipv4 = [\"192.168.1.0/24\"],\n  storage = { config = \"/srv/config\", \
         downloads.root = \"/srv/data/downloads\", library.root = \"/srv/data/media\", transcode = \"/srv/transcode\" },\n",
    );
    for service in services {
        text.push_str(&format!("  services.{service} = {{}},\n"));
        for (option, value) in REQUIRED.iter().filter(|(option, _)| option.split('.').nth(1) == Some(service))
        {
            text.push_str(&format!("  {option} = {value},\n"));
        }
    }
    text + "}\n"
}

/// Everything that is written, the manifest too: paths and texts.
fn everything(compiled: &Compiled) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        compiled.output().map(|(path, text)| (path, text.to_owned())).collect();
    all.push(compiled.manifest());
    all
}

#[test]
fn the_table_of_required_options_is_complete() {
    let project = Project::open(&repository()).unwrap();
    let sources = project.definitions();
    for module in modules() {
        let Some(tree) = OptionTree::read_module(&sources, &format!("modules/{module}.ncl")) else {
            continue;
        };
        let missing: Vec<String> = tree
            .documents()
            .into_iter()
            .filter(|option| option.required && !option.pattern.contains("<name>"))
            .map(|option| format!("services.{module}.options.{}", option.pattern))
            .filter(|option| !REQUIRED.iter().any(|(known, _)| known == option))
            .collect();
        assert_eq!(missing, [""; 0], "say in this test what to set them to");
    }
}

#[test]
fn every_module_compiles_alone() {
    for module in modules() {
        let compiled = compiled(&host(&[&module]));
        let traces = everything(&compiled).iter().filter(|(_, text)| has_word(text, &module)).count();
        assert!(traces > 2, "`{module}` changes next to nothing");
    }
}

#[test]
fn every_two_modules_compile_together() {
    let modules = modules();
    let pairs: Vec<(&str, &str)> = (1..)
        .zip(&modules)
        .flat_map(|(next, a)| modules[next..].iter().map(move |b| (a.as_str(), b.as_str())))
        .collect();
    each(&pairs, |(a, b)| {
        let mut text = host(&[a, b]);
        let outcome = compile_text(&text);
        let errors: BTreeSet<&str> = outcome
            .report
            .findings()
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.code)
            .collect();
        if errors.contains("port-clash") {
            // Rivals for one port are told so; the second one can be moved.
            text = text.replacen('{', &format!("{{\n  services.{b}.endpoints.http.port = 15055,"), 1);
        }
        let compiled = compiled(&text);
        for module in [a, b] {
            assert!(everything(&compiled).iter().any(|(_, text)| has_word(text, module)), "{a} and {b}");
        }
    });
    say(&format!("modules: {} alone and in {} pairs", modules.len(), pairs.len()));
}

/// A host file without a part: its own definition and whatever names it.
fn without(text: &str, part: &str) -> String {
    let fields = options::definitions(text);
    let quoted = format!("\"{part}\"");
    let names_it = |field: &&options::FieldPlace| {
        let value = field.value.clone().and_then(|range| text.get(range));
        field.path.iter().any(|name| name == part) || value == Some(&quoted)
    };
    let gone: Vec<_> = fields.iter().filter(names_it).map(|field| field.with_comma.clone()).collect();
    assert!(!gone.is_empty(), "there is no `{part}`");
    gone.iter().fold(text.to_owned(), |text, range| options::blank(&text, range))
}

/// The services of a host, by name.
fn services(text: &str) -> BTreeSet<String> {
    let fields = options::definitions(text);
    let rooted = fields.iter().filter(|field| field.rooted && field.path[0] == "services");
    rooted.filter_map(|field| field.path.get(1).cloned()).collect()
}

/// Words that would give an optional part away: its name, its title, its image.
fn marks(compiled: &Compiled, part: &str) -> Vec<String> {
    let mut marks = vec![part.to_owned()];
    if part == "firewall" {
        // The word itself is in comments on others.
        marks.clear();
    }
    let more: &[&str] = match part {
        "firewall" => &["mediac_firewall", "mediac-firewall", "firewall.nft"],
        "killswitch" => &["mediac_killswitch", "kill-switch"],
        "gpu" => &["/dev/dri", "renderD128", "mediac-gpu", "mediac-render"],
        _ => &[],
    };
    marks.extend(more.iter().map(|mark| (*mark).to_owned()));
    let compose = compiled.tree.files.get("/etc/mediac/compose.yaml").map_or("", |file| file.text.as_str());
    let compose: serde_yaml::Value = serde_yaml::from_str(compose).unwrap();
    let service = &compose["services"][part];
    if let Some(image) = service["image"].as_str() {
        marks.push(image.rsplit_once(':').unwrap().0.to_owned());
        marks.push(service["labels"]["mediac.title"].as_str().unwrap().to_owned());
    }
    marks
}

#[test]
fn what_is_taken_out_leaves_no_trace() {
    let text = host_text("home");
    let full = compiled(&text);
    let mut parts: Vec<String> = services(&text).into_iter().collect();
    for wanted in ["caddy", "ddns", "bazarr", "jellyseerr"] {
        assert!(parts.iter().any(|part| part == wanted));
    }
    parts.extend(["firewall", "killswitch", "gpu"].map(str::to_owned));
    each(&parts, |part| {
        let marks = marks(&full, part);
        let before = everything(&full);
        assert!(before.iter().any(|(_, text)| marks.iter().any(|mark| has_word(text, mark))));
        let mut text = without(&text, part);
        if part == "nordlynx" {
            // Nothing is confined any more.
            text = without(&text, "killswitch");
        }
        for (path, text) in everything(&compiled(&text)) {
            for mark in &marks {
                // The inventory says of a part that it is not there.
                let trace = text.lines().find(|line| has_word(line, mark) && !line.ends_with(": false"));
                assert!(
                    trace.is_none() && !has_word(&path, mark),
                    "`{part}` left {mark:?} in {path}: {trace:?}"
                );
            }
        }
    });
    say(&format!("modules: {} parts of a host taken out, none left a trace", parts.len()));
}

#[test]
fn without_its_file_a_module_is_unknown_and_the_others_do_not_notice() {
    let project = Project::open(&repository()).unwrap();
    let home = host_text("home");
    for module in ["bazarr", "caddy", "ddns", "jellyseerr"] {
        let without = without(&home, module);
        let file = format!("modules/{module}.ncl");
        let evaluate = |text: &str| {
            let mut request = project.request("hosts/home.ncl", text.to_owned());
            // As if the file had been deleted before mediac was compiled.
            assert!(request.definitions.texts.remove(&file).is_some());
            request.definitions.driver = request
                .definitions
                .driver
                .lines()
                .filter(|line| !line.contains(&file))
                .collect::<Vec<_>>()
                .join("\n");
            request.root = "/nonexistent".into();
            eval::evaluate(request)
        };
        let host = ir::read(&evaluate(&without).unwrap().tree).unwrap();
        let deleted = render::render(&plan::plan(&host)).unwrap();
        let kept = compiled(&without).tree;
        let texts = |tree: &mediac::tree::Tree| -> Vec<(String, String)> {
            tree.files.iter().map(|(path, file)| (path.clone(), file.text.as_str().to_owned())).collect()
        };
        assert_eq!(texts(&deleted), texts(&kept));
        // Who still asks for it is told.
        let errors = evaluate(&home).unwrap_err().errors;
        let expected = format!("no module knows the service `{module}`");
        assert!(errors.iter().any(|error| error.message.contains(&expected)), "{errors:#?}");
    }
}

const NEVER_NAMED: &str = r#"# A service that mediac has never heard of.
{
  host | not_exported,
  name | String,
  title | default = "Pigeon Post",
  image | default = "registry.example.org/birds/pigeonpost:1.2.3",
  options
    | { loft | String | doc "Where the pigeons live." | default = "roof" }
    | doc "What you can set."
    | default
    = {},
  state | default = "/loft",
  env.TZ | default = host.timezone,
  endpoints.http = { port | default = 7011, scheme | default = 'http, expose | default = 'lan },
  seeds.settings = { path | default = "post.ini", format | default = 'ini, content.Loft.place | default = options.loft },
}
"#;

#[test]
fn a_new_service_is_one_file() {
    let folder = Folder::new();
    folder.write(
        "hosts/test.ncl",
        host(&["prowlarr", "pigeonpost"]).replacen('{', "{ services.pigeonpost.options.loft = \"attic\",", 1),
    );
    let before = folder.mediac(["check"]).expect(1);
    assert!(before.stderr.contains("no module knows the service `pigeonpost`"), "{}", before.stderr);
    folder.write("modules/pigeonpost.ncl", NEVER_NAMED);
    folder.mediac(["build"]).expect(0);
    let read = |path: &str| std::fs::read_to_string(folder.at("out/test").join(path)).unwrap();
    let compose: serde_yaml::Value = serde_yaml::from_str(&read("etc/mediac/compose.yaml")).unwrap();
    let service = &compose["services"]["pigeonpost"];
    assert_eq!(service["image"], "registry.example.org/birds/pigeonpost:1.2.3");
    assert_eq!(service["ports"][0]["target"], 7011);
    assert_eq!(service["volumes"][0]["source"], "/srv/config/pigeonpost");
    assert_eq!(read("srv/config/pigeonpost/post.ini"), "[Loft]\nplace = attic\n");
    let listed = folder.mediac(["options", "loft"]).expect(0);
    assert!(listed.stdout.contains("services.pigeonpost.options.loft\n"), "{}", listed.stdout);
    // Its options are judged like those of any other.
    folder.write(
        "hosts/test.ncl",
        host(&["pigeonpost"]).replacen('{', "{ services.pigeonpost.options.lotf = \"attic\",", 1),
    );
    let typo = folder.mediac(["check"]).expect(1);
    assert!(typo.stderr.contains("did you mean `services.pigeonpost.options.loft`?"), "{}", typo.stderr);
}

#[test]
fn a_project_may_have_its_own_version_of_a_module() {
    let folder = Folder::with(&[("hosts/test.ncl", &host(&["prowlarr"]))]);
    let own = std::fs::read_to_string(repository().join("modules/prowlarr.ncl")).unwrap();
    folder.write("modules/prowlarr.ncl", own.replace("9696", "9797"));
    folder.mediac(["build"]).expect(0);
    let compose = std::fs::read_to_string(folder.at("out/test/etc/mediac/compose.yaml")).unwrap();
    assert!(compose.contains("9797") && !compose.contains("9696"), "{compose}");
    // Without it, the built-in one is back; what was remembered of the last build does not hide it.
    std::fs::remove_file(folder.at("modules/prowlarr.ncl")).unwrap();
    folder.mediac(["build"]).expect(0);
    let compose = std::fs::read_to_string(folder.at("out/test/etc/mediac/compose.yaml")).unwrap();
    assert!(compose.contains("9696") && !compose.contains("9797"), "{compose}");
}
