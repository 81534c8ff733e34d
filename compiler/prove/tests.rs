//! The example host is proved, and every fault that is put into its rules is found.

use std::path::Path;

use super::*;
use crate::ir;
use crate::plan;
use crate::project::{Project, read};
use crate::render;

/// A fault: what it is, where, the text that is there, the text that takes its place, the claim it breaks.
type Fault = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// `unproved` stands for rules that are refused because they cannot be followed.
const FAULTS: &[Fault] = &[
    ("IPv6 is forgotten", KS, "c_drop_v6 drop", "c_drop_v6 accept", "at-the-door"),
    ("a name is off by one", KS, "\"docker0\"", "\"docker1\"", "at-the-door"),
    (
        "strangers on the open bridge",
        KS,
        "iifname { \"br-mediac\" } goto from_confined\n",
        "iifname { \"br-mediac\" } accept\n",
        "at-the-door",
    ),
    ("bridges that nobody declared", KS, "iifname \"br-*\" goto from_confined\n", "\n", "at-the-door"),
    (
        "a priority is changed",
        KS,
        "hook prerouting priority mangle - 5",
        "hook prerouting priority raw",
        "unproved",
    ),
    (
        "the last rule is dropped",
        KS,
        "accept\n\t\tgoto drop_out\n\t}\n\n\tchain drop_out",
        "accept\n\t}\n\n\tchain drop_out",
        "not-by-the-host",
    ),
    ("drops only count", KS, "counter name c_drop_out drop", "counter name c_drop_out", "tunnel-only"),
    (
        "plain text to the server",
        KS,
        " @th,64,32 { 0x01000000, 0x02000000, 0x03000000, 0x04000000 }",
        "",
        "tunnel-only",
    ),
    ("another port of the server", KS, ". udp . 51820", ". udp . 51821", "tunnel-only"),
    ("another server", KS, ". 203.0.113.51 .", ". 203.0.113.52 .", "tunnel-only"),
    (
        "new connections to the host",
        KS,
        "ct direction reply ct state established fib daddr",
        "fib daddr",
        "not-by-the-host",
    ),
    (
        "a network instead of an address",
        KS,
        "\"br-mediac\" . 172.30.45.246",
        "\"br-mediac\" . 172.30.45.0/24",
        "tunnel-only",
    ),
    (
        "Docker's own bridge",
        KS,
        "{ \"docker0\", \"docker_gwbridge\" }",
        "{ \"docker_gwbridge\" }",
        "tunnel-only",
    ),
    (
        "a jump is a goto",
        KS,
        "iifname { \"br-nordlynx\" } goto from_confined",
        "iifname { \"br-nordlynx\" } accept",
        "not-by-the-host",
    ),
    (
        "the user may speak",
        KS,
        "oifname != \"lo\" counter name c_drop_uid drop",
        "oifname \"lo\" counter name c_drop_uid drop",
        "not-as-that-user",
    ),
    ("the user is another one", KS, "skuid 1501", "skuid 1502", "not-as-that-user"),
    ("drops of the input only count", FW, "counter name c_drop_input drop", "accept", "closed"),
    ("home is everywhere", FW, "ip saddr @home4 accept", "accept", "closed"),
    (
        "published ports are judged too late",
        FW,
        "hook prerouting priority mangle - 6",
        "hook prerouting priority srcnat",
        "closed",
    ),
    ("a published port is forgotten", FW, "tcp dport 8989 fib daddr type local goto from_home", "", "closed"),
    ("no way in", FW, "tcp dport 22 accept", "tcp dport 2222 accept", "reachable"),
    ("home cannot reach a page", FW, "ip saddr @home4 accept", "ip saddr @home4 drop", "reachable"),
    (
        "Plex is for home only",
        FW,
        "tcp dport 32400 accept",
        "ip saddr @home4 tcp dport 32400 accept",
        "reachable",
    ),
    (
        "the second lock is open",
        BELT,
        "iif br-nordlynx unreachable",
        "iif br-mediac unreachable",
        "holds-when-flushed",
    ),
    (
        "the second lock is for IPv4 only",
        BELT,
        "ip -6 rule add pref 5184 iif br-nordlynx unreachable protocol 77\n",
        "",
        "holds-when-flushed",
    ),
];
const KS: &str = "killswitch.nft";
const FW: &str = "firewall.nft";

fn home() -> (Plan, Tree) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::open(root).unwrap();
    let text = read(&root.join("hosts/home.ncl")).unwrap();
    let evaluated = crate::eval::evaluate(project.request("hosts/home.ncl", text)).unwrap();
    let plan = plan::plan(&ir::read(&evaluated.tree).unwrap());
    let tree = render::render(&plan).unwrap();
    (plan, tree)
}

/// The claims that do not hold when a fault is put into the rules.
fn broken(plan: &Plan, tree: &Tree, file: &str, from: &str, to: &str) -> Vec<&'static str> {
    let text = |name: &str| {
        let text = tree.files.get(&format!("{ETC}/{name}")).unwrap().text.as_str();
        if name != file {
            return text.to_owned();
        }
        assert!(text.contains(from), "{file} has no {from:?}");
        text.replace(from, to)
    };
    let (firewall, killswitch, belt) = (text(FW), text(KS), text(BELT));
    let texts = [(FW, firewall.as_str()), (KS, killswitch.as_str())];
    match prove_texts(plan, tree, &texts, &belt) {
        Ok(proof) => {
            proof.claims.iter().filter(|claim| !claim.against.is_empty()).map(|claim| claim.name).collect()
        }
        Err(finding) => vec![finding.code],
    }
}

#[test]
fn every_fault_is_found() {
    let (plan, tree) = home();
    assert_eq!(broken(&plan, &tree, "", "", ""), [""; 0]);
    let mut wrong = Vec::new();
    for (what, file, from, to, claim) in FAULTS {
        let broken = broken(&plan, &tree, file, from, to);
        if !broken.contains(claim) {
            wrong.push(format!("{what}: {claim} still holds, but not {broken:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}
