//! `mediac prove`: what the firewall of a host does with every packet there can be.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};
use super::hosts::{self, Place};
use super::terminal::Terminal;
use crate::compile::Outcome;
use crate::prove::{self, Counterexample, Port, Proof, Sample};
use crate::report;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Host files, or names of hosts in hosts/
    #[arg(value_name = "HOST")]
    hosts: Vec<PathBuf>,
    /// As one JSON document
    #[arg(long)]
    json: bool,
    /// Draw N packets from all classes, and say what becomes of each: for a kernel to be asked the same
    #[arg(long, value_name = "N", requires = "json")]
    packets: Option<usize>,
}

pub fn run(arguments: &Arguments, place: &Place, terminal: &Terminal) -> Result<Exit, Failure> {
    let selection = place.select(&arguments.hosts)?;
    let outcomes = hosts::compile(&selection);
    if let Some(count) = arguments.packets {
        return drawn(&outcomes, count, terminal);
    }
    let mut exit = Exit::Done;
    let mut proofs: Vec<&Proof> = Vec::new();
    for outcome in &outcomes {
        if let Some(proof) = &outcome.proof {
            proofs.push(proof);
        } else {
            let reports = [(&outcome.report, &outcome.sources)];
            terminal.progress(&report::write(&reports, report::Format::Human(terminal.stderr())));
        }
        if !outcome.proof.as_ref().is_some_and(Proof::holds) {
            exit = Exit::Invalid;
        }
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&proofs).unwrap_or_default();
        terminal.result(&format!("{text}\n"));
    } else {
        for proof in proofs {
            terminal.result(&human(proof));
        }
    }
    Ok(exit)
}

/// The packets of all hosts, as one JSON document.
fn drawn(outcomes: &[Outcome], count: usize, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut samples: BTreeMap<&str, Sample> = BTreeMap::new();
    for compiled in outcomes.iter().filter_map(|outcome| outcome.compiled.as_ref()) {
        let sample = prove::sample(&compiled.plan, &compiled.tree, count)
            .map_err(|finding| Failure::invalid(finding.message, finding.help))?;
        samples.insert(&compiled.host, sample);
    }
    let text = serde_json::to_string(&samples).unwrap_or_default();
    terminal.result(&format!("{text}\n"));
    Ok(if samples.len() == outcomes.len() { Exit::Done } else { Exit::Invalid })
}

fn human(proof: &Proof) -> String {
    let mut out = String::new();
    let holding = proof.claims.iter().filter(|claim| claim.against.is_empty()).count();
    let _ = writeln!(
        out,
        "{}: {holding} of {} claims hold, each for all {} classes of packets",
        proof.host,
        proof.claims.len(),
        proof.classes
    );
    for claim in &proof.claims {
        let mark = if claim.against.is_empty() { "ok" } else { "NO" };
        let _ = writeln!(out, "  {mark}  {:<18} {}", claim.name, claim.statement);
        claim.against.iter().take(1).for_each(|example| counterexample(&mut out, example));
    }
    let _ = writeln!(out, "\n{:<10} {:<22} {:<24} rule", "port", "service", "from");
    for Port { protocol, port, service, endpoint, from, by, rule } in &proof.ports {
        let rule = match rule {
            Some(rule) => format!("{}:{}: {}", rule.file, rule.line, rule.text),
            None => by.clone(),
        };
        let _ = writeln!(
            out,
            "{:<10} {:<22} {:<24} {rule}",
            format!("{protocol} {port}"),
            format!("{service} {endpoint}"),
            from.join(", ")
        );
    }
    out
}

fn counterexample(out: &mut String, example: &Counterexample) {
    let Counterexample { message, packet, fate, rules, option } = example;
    let _ = writeln!(out, "      {message}");
    if let Some(packet) = packet {
        let _ = writeln!(out, "      packet  {packet}");
    }
    if let Some(fate) = fate {
        let _ = writeln!(out, "      fate    {fate}");
    }
    for rule in rules {
        let _ = writeln!(out, "      rule    {}:{}: {}", rule.file, rule.line, rule.text);
    }
    let _ = writeln!(out, "      option  {option}");
}
