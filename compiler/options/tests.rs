use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;

const TYPES: &str = r#"
{
  Port | doc "A port." = std.contract.from_validator (match { n if std.is_number n => 'Ok, _ => 'Error {} }),
  AbsPath = std.contract.Sequence [String, std.contract.from_validator (fun p => 'Ok)],
  Name | doc "A name." = std.string.Matches "^[a-z]+$",
  Nullable = fun T => std.contract.any_of [std.contract.Equal null, T],
}
"#;

const SERVICE: &str = r#"
let t = import "types.ncl" in
let Fields = {
  image | String | optional | doc "OCI image.",
  env | { _ | String } | optional,
} in
{
  Endpoint = {
    port | t.Port | doc "Inside the container.", # a comment, and
    proto | [| 'tcp,
               'udp |]
          | default
          = 'tcp,
  },
  Service = Fields & {
    image, env | default = {},
    host | not_exported,
    endpoints | { _ | Endpoint } | default = {},
    limits | t.Nullable { memory | String | optional, .. } | optional,
    options | { .. } | default = {},
  },
}
"#;

const HOST: &str = r#"
let t = import "types.ncl" in
let S = import "service.ncl" in
let Disk = {
  mount | t.AbsPath | doc "Where it is mounted.",
  fs | [| 'ext4, 'xfs |] | doc "File system." | default = 'ext4,
} in
let rec Tree = { name | t.Name, below | Array Tree | default = [] } in
{
  Host = {
    name | t.Name,
    port | t.Port | doc "Of the host." | default = 80,
    disks | { _ | Disk } | doc "All disks." | default = {},
    services | std.record.FieldsMatch "^[a-z]+$" | { _ | S.Service } | doc "What runs." | default = {},
    tags | Array String | doc "Free words." | optional,
    users | Array { login | String | doc "Its name." } | default = [ { login = "x", }, ],
    storage | { config | t.AbsPath | doc "State.", library | { _ : t.AbsPath } | doc "Media." } | doc "Where.",
    net.lan.range | String | default = "10.0.0.0/24",
    net.lan.mtu | Number | optional,
    tree | Tree | optional,
    odd | (if true then { a | String } else { b | String }),
    "two words" | String,
  },
}
"#;

fn sources(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

pub fn host() -> OptionTree {
    let sources = sources(&[
        ("schemas/types.ncl", TYPES),
        ("schemas/service.ncl", SERVICE),
        ("schemas/host.ncl", HOST),
    ]);
    OptionTree::read(&sources, "schemas/host.ncl", "Host").unwrap()
}

/// `path : type = default # doc`, with `!` behind required options.
fn listing(tree: &OptionTree) -> String {
    let mut out = String::new();
    for OptionDoc { pattern, type_text, default, doc, required, .. } in tree.documents() {
        let mark = if required { "!" } else { "" };
        let default = default.map(|text| format!(" = {text}")).unwrap_or_default();
        let doc = doc.map(|text| format!(" # {text}")).unwrap_or_default();
        writeln!(out, "{pattern}{mark} : {type_text}{default}{doc}").unwrap();
    }
    out
}

#[test]
fn a_host_schema() {
    let expected = r#"
"two words"! : String
disks : { _ | Disk } = {} # All disks.
disks.<name>.fs : [| 'ext4, 'xfs |] = 'ext4 # File system.
disks.<name>.mount! : t.AbsPath # Where it is mounted.
name! : t.Name # A name.
net.lan.mtu : Number
net.lan.range : String = "10.0.0.0/24"
odd! : (if true then { … } else { … })
odd.a! : String
odd.b! : String
port : t.Port = 80 # Of the host.
services : std.record.FieldsMatch "^[a-z]+$" | { _ | S.Service } = {} # What runs.
services.<name>.endpoints : { _ | Endpoint } = {}
services.<name>.endpoints.<name>.port! : t.Port # Inside the container.
services.<name>.endpoints.<name>.proto : [| 'tcp, 'udp |] = 'tcp
services.<name>.env : { _ | String } = {}
services.<name>.image! : String # OCI image.
services.<name>.limits : t.Nullable { … }
services.<name>.limits.memory : String
services.<name>.options : { .. } = {}
storage! : { … } # Where.
storage.config! : t.AbsPath # State.
storage.library! : { _ : t.AbsPath } # Media.
tags : Array String # Free words.
tree : Tree
tree.below : Array Tree = []
tree.name! : t.Name # A name.
users : Array { … } = [ { login = "x", }, ]
users[].login! : String # Its name.
"#;
    assert_eq!(listing(&host()), expected.trim_start());
}

#[test]
fn places_are_in_the_defining_file() {
    let tree = host();
    let files = [("schemas/host.ncl", HOST), ("schemas/service.ncl", SERVICE)];
    for document in tree.documents() {
        let (_, text) = files.iter().find(|(name, _)| *name == document.file).unwrap();
        let name = &text[document.span.clone()];
        assert!(document.pattern.ends_with(name), "{document:?} is said to be at {name}");
    }
    let at = |segments: &[&str]| tree.get(segments).unwrap().clone();
    let library = at(&["storage", "library", "films"]);
    assert_eq!((library.type_text.as_str(), &HOST[library.span]), ("t.AbsPath", "t.AbsPath"));
    assert_eq!(at(&["users", "[3]", "login"]).doc.as_deref(), Some("Its name."));
    assert_eq!(at(&["disks", "a"]).type_text, "Disk");
    assert_eq!(tree.get(&[]), None);
    assert_eq!(tree.get(&["name", "x"]), None);
}

#[test]
fn names_allowed_at_a_place() {
    let tree = host();
    let table: &[(&[&str], Option<&[&str]>)] = &[
        (&["disks"], None),
        (&["disks", "a"], Some(&["fs", "mount"])),
        (&["storage"], Some(&["config", "library"])),
        (&["services", "a", "limits"], Some(&["memory"])),
        (&["services", "a", "options"], None),
        (&["net", "lan"], Some(&["mtu", "range"])),
        (&["name"], None),
        (&["nothing"], None),
    ];
    for (path, expected) in table {
        assert_eq!(tree.children(path).as_deref(), *expected, "{path:?}");
    }
    assert!(!tree.open);
    assert!(tree.at(&["services", "a", "limits"]).unwrap().open);
}

fn check_module(files: &[(&str, &str)], expected: Option<&str>) {
    let tree = OptionTree::read_module(&sources(files), "modules/alpha.ncl");
    assert_eq!(tree.as_ref().map(listing).as_deref(), expected, "{files:?}");
}

#[test]
fn modules() {
    let level = "level : [| 'info, 'debug |] = 'info # Verbosity.\n";
    let contract = "{ level | doc \"Verbosity.\" | [| 'info, 'debug |] | default = 'info }";
    let field = format!("options | {contract} | doc \"d\" | default = {{}}");
    let family = format!("fun args => {{ {field}, image = args.image }}");
    let plain = [
        format!("{{ image = \"x\", {field} }}"),
        format!("let a = 1 in let t = import \"types.ncl\" in {{ {field} }}"),
        format!("fun host => {{ {field} }}"),
        format!("{{ host | not_exported }} & {{ {field} }}"),
        format!("let O = {contract} in {{ options | O = {{}} }}"),
        format!("{{ O = {contract}, options | O = {{}} }}"),
        format!("(fun C => {{ options | C }}) {contract}"),
        format!("(fun {{ C, .. }} => {{ options | C }}) {{ C = {contract} }}"),
        format!("let {{ C = D, .. }} = {{ C = {contract} }} in {{ options | D }}"),
        format!("let C = {contract} in {{ options | (if 1 == 2 then C else {{}}) }}"),
        format!("let C = {contract} in {{ x = {{ include C }}, options | x.C }}"),
        "{ options.level | doc \"Verbosity.\" | [| 'info, 'debug |] | default = 'info }".to_owned(),
    ];
    for text in &plain {
        check_module(&[("modules/alpha.ncl", text)], Some(level));
    }
    let file = ("modules/_family.ncl", family.as_str());
    let call =
        "(import \"_family.ncl\") { image = \"y\" } & { options | { more | Number, .. } | default = {} }";
    check_module(&[("modules/alpha.ncl", call), file], Some(&format!("{level}more! : Number\n")));
    let from_root = "let f = import \"modules/_family.ncl\" in f { image = \"y\" }";
    check_module(&[("modules/alpha.ncl", from_root), file], Some(level));
    let up = "(import \"../modules/./_family.ncl\") {}";
    check_module(&[("modules/alpha.ncl", up), file], Some(level));
    check_module(&[("modules/alpha.ncl", "{ image = \"x\" }")], None);
    check_module(&[("modules/alpha.ncl", "{ options | ")], None);
    check_module(&[("modules/alpha.ncl", "{ options | std.record.Something }")], Some(""));
    check_module(&[], None);
}

#[test]
fn nothing_makes_it_panic() {
    let deep = |open: &str, close: &str, times: usize| open.repeat(times) + "1" + &close.repeat(times);
    let texts = [
        String::new(),
        "{".to_owned(),
        "}".to_owned(),
        "\"%{".to_owned(),
        "{ Host = \"a\rb\" }".to_owned(),
        "{ Host = Host }".to_owned(),
        "let rec x = x & x in { Host = x }".to_owned(),
        "let rec f = fun y => f y & f y in { Host = f 1 }".to_owned(),
        "let rec A = { b | A, c | { _ | A }, d | Array A } in { Host = A }".to_owned(),
        "{ Host = import \"a.ncl\" }".to_owned(),
        "{ Host = (import \"a.ncl\").Host }".to_owned(),
        "{ Host | { a.\"%{x}\".b | String } = {}, \"%{y}\" = 1 }".to_owned(),
        format!("{{ Host = {} }}", deep("[", "]", 20_000)),
        format!("{{ Host = {} }}", deep("{ a = ", "}", 20_000)),
        format!("{{ Host = {} }}", deep("{ a | {b = ", "}}", 9_000)),
        format!("{{ Host | {} }}", deep("(", ")", 20_000)),
        format!("{{ Host | {} String = 1 }}", "a ->".repeat(60_000)),
        format!("{{ Host = {{ a | {} String }} }}", "forall a. ".repeat(20_000)),
        format!("{{ Host = {{ a | {{ {} }} }} }}", "b : C, ".repeat(30_000)),
        format!("{{ Host = {} }}", deep("let x = ", " in x", 10_000)),
        format!("{}{{ Host = 1 }}", "let x = 1 in ".repeat(15_000)),
        format!("{}1", "#\n".repeat(100_000)),
    ];
    for text in &texts {
        let sources = sources(&[("a.ncl", text)]);
        let _ = OptionTree::read(&sources, "a.ncl", "Host");
        OptionTree::read_module(&sources, "a.ncl");
        definitions(text);
        field_at(text, text.len() / 2);
    }
}

#[test]
fn half_files_are_refused() {
    for text in [HOST, SERVICE, TYPES] {
        for (at, _) in text.char_indices().step_by(7) {
            let sources = sources(&[("a.ncl", &text[..at]), ("types.ncl", &text[at..])]);
            assert!(OptionTree::read(&sources, "a.ncl", "Host").is_err());
            assert_eq!(OptionTree::read_module(&sources, "types.ncl"), None);
        }
    }
}
