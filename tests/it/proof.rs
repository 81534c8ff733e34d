//! The example hosts are proved, and every fault that is put into their rules is found.

use mediac::eval;
use mediac::ir;
use mediac::plan::{self, ETC, Plan};
use mediac::project::{Project, read};
use mediac::prove::prove;
use mediac::render;
use mediac::text::Text;
use mediac::tree::Tree;

use crate::support::{hosts, repository, say};

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
        "hook prerouting priority dstnat + 5",
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
        "the second lock lets all of home be reached",
        BELT,
        "to 192.168.1.0/24 ipproto tcp sport 8080 lookup",
        "to 192.168.1.0/24 lookup",
        "holds-when-flushed",
    ),
    (
        "the second lock is for IPv4 only",
        BELT,
        "ip -6 rule add pref 5186 iif br-nordlynx unreachable protocol 77\n",
        "",
        "holds-when-flushed",
    ),
];
const KS: &str = "killswitch.nft";
const FW: &str = "firewall.nft";
const BELT: &str = "killswitch.belt";

fn rendered(host: &str) -> (Plan, Tree) {
    let project = Project::open(&repository()).unwrap();
    let name = format!("hosts/{host}.ncl");
    let text = read(&repository().join(&name)).unwrap();
    let evaluated = eval::evaluate(project.request(&name, text)).unwrap();
    let plan = plan::plan(&ir::read(&evaluated.tree).unwrap());
    let tree = render::render(&plan).unwrap();
    (plan, tree)
}

/// The claims that do not hold when a fault is put into the rules.
fn broken(plan: &Plan, mut tree: Tree, fault: &Fault) -> Vec<&'static str> {
    let (_, file, from, to, _) = fault;
    let artifact = tree.files.get_mut(&format!("{ETC}/{file}")).unwrap();
    assert!(artifact.text.as_str().contains(from), "{file} has no {from:?}");
    let mut spoiled = Text::new();
    artifact.text.as_str().replace(from, to).lines().for_each(|line| spoiled.line(line, None));
    artifact.text = spoiled;
    match prove(plan, &tree) {
        Ok(proof) => {
            let failed = proof.claims.iter().filter(|claim| !claim.against.is_empty());
            failed.map(|claim| claim.name).collect()
        }
        Err(finding) => vec![finding.code],
    }
}

#[test]
fn the_hosts_are_proved() {
    for host in hosts() {
        let (plan, tree) = rendered(&host);
        let proof = prove(&plan, &tree).unwrap();
        assert!(proof.holds(), "{:#?}", proof.claims);
        let sets: usize = proof.claims.iter().map(|claim| claim.regions).sum();
        say(&format!(
            "proof: {host}: {} claims, {sets} sets of {} classes of packets",
            proof.claims.len(),
            proof.classes
        ));
    }
}

#[test]
fn every_fault_is_found() {
    let (plan, tree) = rendered("home");
    let mut wrong = Vec::new();
    for fault in FAULTS {
        let broken = broken(&plan, tree.clone(), fault);
        if !broken.contains(&fault.4) {
            wrong.push(format!("{}: {} still holds, but not {broken:?}", fault.0, fault.4));
        }
    }
    assert_eq!(wrong, [""; 0]);
    say(&format!("proof: {} faults in the rules, all found", FAULTS.len()));
}
