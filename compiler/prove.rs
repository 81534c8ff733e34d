//! The proof on paper: what the written rules do with every packet there can be.
//!
//! The rulesets are read back from the files of a build, the network is taken from the plan, and all packets
//! are followed at once, as sets: exhaustive, not sampled.

mod belt;
mod bits;
mod chains;
mod claims;
mod exposed;
mod flow;
mod lex;
mod network;
mod outside;
mod packet;
mod parse;
mod rules;
mod sample;
mod space;

use serde::Serialize;

use crate::diag::Diagnostic;
use crate::ir::Expose;
use crate::path::OptionPath;
use crate::plan::{ETC, ExposedBy, Exposure, Plan};
use crate::tree::Tree;

use chains::Chains;
use claims::{Against, Claim};
use flow::Step;
use network::{Ended, LOOPBACK, Network, UNDECLARED, UPLINK};
use rules::Table;
use space::{AXES, Space};

pub use packet::Packet;
pub use sample::Sample;

/// The rulesets, in the order in which equal priorities run.
const RULESETS: [&str; 2] = ["firewall.nft", "killswitch.nft"];
/// The routing rules.
const BELT: &str = "killswitch.belt";

/// What was proved of a host.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// The host.
    pub host: String,
    /// How many classes of packets there are; within one, no rule tells two packets apart.
    pub classes: String,
    /// The claims.
    pub claims: Vec<Proved>,
    /// Every port that listens.
    pub ports: Vec<Port>,
}

/// A claim and, if it does not hold, why.
#[derive(Debug, Clone, Serialize)]
pub struct Proved {
    /// Its name.
    pub name: &'static str,
    /// What is claimed.
    pub statement: &'static str,
    /// How many sets of packets, all of them, ended where the claim is about.
    pub regions: usize,
    /// Packets against it.
    pub against: Vec<Counterexample>,
}

/// A packet that shows that a claim does not hold.
#[derive(Debug, Clone, Serialize)]
pub struct Counterexample {
    /// What is wrong.
    pub message: String,
    /// The packet, as it comes in.
    pub packet: Option<Packet>,
    /// What becomes of it.
    pub fate: Option<String>,
    /// The rules that decide on it, in order.
    pub rules: Vec<RuleLine>,
    /// The option behind the last of them.
    pub option: OptionPath,
}

/// A rule, where it is written.
#[derive(Debug, Clone, Serialize)]
pub struct RuleLine {
    /// The file on the machine.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// What it says.
    pub text: String,
}

/// A port, and who can reach it.
#[derive(Debug, Clone, Serialize)]
pub struct Port {
    /// Transport protocol.
    pub protocol: &'static str,
    /// Its number on the host.
    pub port: u16,
    /// The service behind it.
    pub service: String,
    /// Its endpoint there.
    pub endpoint: String,
    /// From where it can be reached.
    pub from: Vec<String>,
    /// How it gets there.
    pub by: String,
    /// The rule that lets it in.
    pub rule: Option<RuleLine>,
}

/// Proves what a plan promises of the files that were rendered from it.
pub fn prove(plan: &Plan, tree: &Tree) -> Result<Proof, Diagnostic> {
    let written = Written::read(plan, tree)?;
    let Written { space, texts, chains, routes } = &written;
    // The rules alone must do; the routing rules are the second lock, and proved by themselves.
    let network = Network::new(space, plan, Some(chains), &[]);
    let belted = Network::new(space, plan, None, routes);
    let arrived = outside::arrived(&network);
    let mut claims = claims::check(&network, &arrived);
    claims.extend(claims::check_belt(&belted));
    let lines = Lines { tree, texts };
    Ok(Proof {
        host: plan.host.clone(),
        classes: classes(space),
        claims: claims.iter().map(|claim| proved(space, &lines, claim)).collect(),
        ports: plan.exposures.iter().map(|exposure| port(&network, &arrived, &lines, exposure)).collect(),
    })
}

/// Packets drawn from the classes, with what becomes of each under the rules, without the routing rules.
pub fn sample(plan: &Plan, tree: &Tree, count: usize) -> Result<Sample, Diagnostic> {
    let written = Written::read(plan, tree)?;
    Ok(sample::draw(&Network::new(&written.space, plan, Some(&written.chains), &[]), count))
}

/// The rules of a build, read back.
struct Written<'a> {
    space: Space,
    texts: Vec<(&'static str, &'a str)>,
    chains: Chains,
    routes: Vec<belt::Route>,
}

impl<'a> Written<'a> {
    fn read(plan: &Plan, tree: &'a Tree) -> Result<Self, Diagnostic> {
        let texts: Vec<(&'static str, &str)> = RULESETS
            .iter()
            .filter_map(|name| Some((*name, tree.files.get(&format!("{ETC}/{name}"))?.text.as_str())))
            .collect();
        let belt = tree.files.get(&format!("{ETC}/{BELT}")).map_or("", |file| file.text.as_str());
        let mut tables: Vec<Table> = Vec::new();
        for (name, text) in &texts {
            tables.push(parse::parse(text).map_err(|unread| unproved(name, unread.line, &unread.what))?);
        }
        let space = Space::new(&tables, interfaces(plan), &claims::networks(plan), &ports(plan));
        let step = |step: Step| texts.get(step.table).map_or("", |(name, _)| name);
        let chains = Chains::new(&space, &tables)
            .map_err(|unknown| unproved(step(unknown.step), unknown.step.line, &unknown.what))?;
        let routes = belt::parse(&space, belt).map_err(|line| unproved(BELT, line, "a routing rule"))?;
        Ok(Self { space, texts, chains, routes })
    }
}

impl Proof {
    /// Whether every claim holds.
    pub fn holds(&self) -> bool {
        self.claims.iter().all(|claim| claim.against.is_empty())
    }

    /// One finding for each claim that does not hold.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let failed = self.claims.iter().filter_map(|claim| Some((claim, claim.against.first()?)));
        failed
            .map(|(claim, example)| {
                let (code, help) = match claim.name {
                    "closed" => ("reachable", "report it: no definition should get this far"),
                    "reachable" => (
                        "unreachable",
                        "set its `expose` to 'host or 'none, or confine the service no longer",
                    ),
                    _ => ("leak", "report it: no definition should get this far"),
                };
                let mut finding = Diagnostic::error(code, &example.option, example.message.clone(), help)
                    .because(format!("it does not hold that {}", claim.statement));
                if let (Some(packet), Some(fate)) = (&example.packet, &example.fate) {
                    finding = finding.because(format!("{packet}: {fate}"));
                }
                if let Some(rule) = example.rules.last() {
                    finding = finding.because(format!("by {}:{}: {}", rule.file, rule.line, rule.text));
                }
                finding
            })
            .collect()
    }
}

/// Rules as they are written, and the options behind them.
struct Lines<'a> {
    tree: &'a Tree,
    texts: &'a [(&'static str, &'a str)],
}

impl Lines<'_> {
    fn rule(&self, step: Step) -> Option<RuleLine> {
        let (name, text) = self.texts.get(step.table)?;
        let line = text.lines().nth(step.line.checked_sub(1)?)?;
        let text = line.split(" # ").next().unwrap_or(line).trim().to_owned();
        Some(RuleLine { file: format!("{ETC}/{name}"), line: step.line, text })
    }

    fn option(&self, step: Step) -> Option<OptionPath> {
        let (name, _) = self.texts.get(step.table)?;
        self.tree.files.get(&format!("{ETC}/{name}"))?.text.origin(step.line).cloned()
    }
}

fn proved(space: &Space, lines: &Lines<'_>, claim: &Claim) -> Proved {
    let Claim { name, statement, regions, against } = claim;
    let mut examples: Vec<Counterexample> = Vec::new();
    for Against { packets, ended, message, option } in against {
        let steps = ended.as_ref().map(|ended| ended.flow.steps.as_slice()).unwrap_or_default();
        // A line says more than the whole file does.
        let behind = steps.last().and_then(|step| lines.option(*step)).filter(|_| *name != "reachable");
        examples.push(Counterexample {
            message: message.clone(),
            packet: Packet::of(space, packets),
            fate: ended.as_ref().map(|ended| packet::fate(space, ended.fate)),
            rules: steps.iter().filter_map(|step| lines.rule(*step)).collect(),
            option: behind.unwrap_or_else(|| option.clone()),
        });
    }
    Proved { name, statement, regions: *regions, against: examples }
}

fn port(network: &Network<'_>, arrived: &[Ended], lines: &Lines<'_>, exposure: &Exposure) -> Port {
    let mut from: Vec<String> = match exposure.expose {
        Expose::Wan => vec!["anywhere".to_owned()],
        Expose::Lan => vec!["home".to_owned()],
        Expose::Host | Expose::None => vec!["this host".to_owned()],
    };
    from.extend(exposure.peers.iter().filter(|_| exposure.expose < Expose::Wan).cloned());
    let by = match &exposure.by {
        ExposedBy::Native => "a program of the host".to_owned(),
        ExposedBy::Container(id) => format!("Docker, to the container `{id}`"),
        ExposedBy::Tunnel(id) => format!("Docker, into the namespace of `{id}`"),
    };
    let wanted = exposed::sources(network, exposure);
    let accepted = wanted.iter().flat_map(|block| exposed::arriving(network, block)).find_map(|region| {
        let came_in = |ended: &&Ended| outside::came_in(network, ended) && region.overlaps(&ended.flow.entry);
        arrived.iter().find(came_in)
    });
    let rules: Vec<RuleLine> =
        accepted.iter().flat_map(|ended| &ended.flow.steps).filter_map(|step| lines.rule(*step)).collect();
    // The rule that names the port says more than those it leads to.
    let named = format!("dport {} ", exposure.host_port);
    let rule = rules.iter().find(|rule| rule.text.contains(&named)).or(rules.last()).cloned();
    Port {
        protocol: exposure.proto.as_str(),
        port: exposure.host_port.number(),
        service: exposure.service.clone(),
        endpoint: exposure.endpoint.clone(),
        from,
        by,
        rule,
    }
}

fn unproved(file: &str, line: usize, what: &str) -> Diagnostic {
    Diagnostic::error(
        "unproved",
        &OptionPath::root(),
        format!("{ETC}/{file}:{line} has `{what}`, which the proof does not know"),
        "this is a fault of mediac, not of the host file: please report it",
    )
}

fn interfaces(plan: &Plan) -> Vec<String> {
    let bridges = plan.networks.values().map(|network| network.bridge.clone());
    let others = [UPLINK, LOOPBACK].into_iter().chain(UNDECLARED).map(str::to_owned);
    others.chain(bridges).collect()
}

fn ports(plan: &Plan) -> Vec<u16> {
    let exposed = plan.exposures.iter().flat_map(|one| [one.host_port.number(), one.container_port.number()]);
    let published = plan.containers.values().flat_map(|container| &container.ports);
    let published = published.flat_map(|port| [port.host_port.number(), port.container_port.number()]);
    let endpoints = plan.killswitch.iter().flat_map(|switch| &switch.tunnels).flat_map(|t| &t.endpoints);
    let dhcp = [67, 68, 546, 547];
    exposed.chain(published).chain(endpoints.map(|endpoint| endpoint.port.number())).chain(dhcp).collect()
}

/// About how many classes there are, as a power of ten: machine words need not hold the number.
fn classes(space: &Space) -> String {
    let sizes = AXES.iter().map(|axis| u32::try_from(space.size(*axis).max(1)).unwrap_or(u32::MAX));
    let exponent: f64 = sizes.map(|size| f64::from(size).log10()).sum();
    format!("10^{exponent:.1}")
}
