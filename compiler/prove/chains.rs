//! Runs sets of packets through the chains of a ruleset.

use std::collections::BTreeMap;

use super::bits::Bits;
use super::flow::{Flow, Step, take};
use super::rules::{Hook, Match, Point, Policy, Sense, Table, Values, Verdict};
use super::space::{Axis, Block, Space};

/// How deep chains may jump into each other, as in the kernel.
const DEEPEST: usize = 16;

/// Rulesets, ready to be run.
#[derive(Debug)]
pub struct Chains {
    tables: Vec<BTreeMap<String, Ready>>,
}

/// A rule that the proof cannot follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The rule.
    pub step: Step,
    /// What it cannot follow.
    pub what: String,
}

#[derive(Debug)]
struct Ready {
    hook: Option<Hook>,
    rules: Vec<ReadyRule>,
}

#[derive(Debug)]
struct ReadyRule {
    conditions: Vec<Condition>,
    verdict: Option<Verdict>,
    line: usize,
}

#[derive(Debug)]
struct Condition {
    sense: Sense,
    blocks: Vec<Block>,
}

/// What a chain did with packets.
#[derive(Debug, Default)]
pub struct Passed {
    /// Those that go on.
    pub on: Vec<Flow>,
    /// Those that are gone.
    pub dropped: Vec<Flow>,
}

/// How packets leave a chain.
enum End {
    Accept,
    Drop,
    /// Back to the chain that jumped here.
    Return,
}

impl Chains {
    /// Prepares rulesets for packets of a space.
    pub fn new(space: &Space, tables: &[Table]) -> Result<Self, Unknown> {
        let ready = tables.iter().enumerate().map(|(index, table)| prepare(space, index, table));
        Ok(Self { tables: ready.collect::<Result<_, _>>()? })
    }

    /// Packets through all base chains of a point whose priority is below `before` and not below `from`.
    pub fn pass(&self, point: Point, from: i32, before: i32, flow: Flow) -> Passed {
        let mut bases: Vec<(i32, usize, &Ready, Hook)> = self
            .tables
            .iter()
            .enumerate()
            .flat_map(|(index, table)| table.values().map(move |chain| (index, chain)))
            .filter_map(|(index, chain)| {
                let hook = chain.hook?;
                let here = hook.point == point && (from..before).contains(&hook.priority);
                here.then_some((hook.priority, index, chain, hook))
            })
            .collect();
        bases.sort_by_key(|(priority, index, ..)| (*priority, *index));
        let mut passed = Passed { on: vec![flow], dropped: Vec::new() };
        for (_, table, chain, hook) in bases {
            let mut on = Vec::new();
            for flow in passed.on {
                for (mut flow, end) in self.run(table, chain, flow, 0) {
                    match end {
                        End::Accept => on.push(flow),
                        End::Drop => passed.dropped.push(flow),
                        End::Return if hook.policy == Policy::Accept => on.push(flow),
                        End::Return => {
                            flow.steps.push(Step { table, line: hook.line });
                            passed.dropped.push(flow);
                        }
                    }
                }
            }
            passed.on = on;
        }
        passed
    }

    fn run(&self, table: usize, chain: &Ready, flow: Flow, depth: usize) -> Vec<(Flow, End)> {
        let mut done = Vec::new();
        let mut here = vec![flow];
        for rule in &chain.rules {
            let mut next = Vec::new();
            for flow in take(&mut here, |flow| may_match(&rule.conditions, flow)) {
                let (mut matched, rest) = matching(&rule.conditions, flow);
                next.extend(rest);
                if rule.verdict.is_some() {
                    let step = Step { table, line: rule.line };
                    for flow in &mut matched {
                        flow.steps.push(step);
                    }
                }
                match &rule.verdict {
                    None | Some(Verdict::Masquerade) => next.extend(matched),
                    Some(Verdict::Accept) => done.extend(matched.into_iter().map(|flow| (flow, End::Accept))),
                    Some(Verdict::Drop) => done.extend(matched.into_iter().map(|flow| (flow, End::Drop))),
                    Some(Verdict::Return) => done.extend(matched.into_iter().map(|flow| (flow, End::Return))),
                    Some(Verdict::Jump(name)) => {
                        for (flow, end) in self.call(table, name, matched, depth) {
                            match end {
                                End::Return => next.push(flow),
                                end => done.push((flow, end)),
                            }
                        }
                    }
                    Some(Verdict::Goto(name)) => done.extend(self.call(table, name, matched, depth)),
                }
            }
            here.extend(next);
        }
        done.extend(here.into_iter().map(|flow| (flow, End::Return)));
        done
    }

    fn call(&self, table: usize, name: &str, flows: Vec<Flow>, depth: usize) -> Vec<(Flow, End)> {
        let chain = self.tables.get(table).and_then(|chains| chains.get(name));
        match chain {
            Some(chain) if depth < DEEPEST => {
                flows.into_iter().flat_map(|flow| self.run(table, chain, flow, depth + 1)).collect()
            }
            // The kernel loads no such rules; nothing may depend on them.
            _ => flows.into_iter().map(|flow| (flow, End::Return)).collect(),
        }
    }
}

fn prepare(space: &Space, index: usize, table: &Table) -> Result<BTreeMap<String, Ready>, Unknown> {
    let mut chains = BTreeMap::new();
    for (name, chain) in &table.chains {
        let mut rules = Vec::new();
        for rule in &chain.rules {
            let step = Step { table: index, line: rule.line };
            let unknown = |what: &str| Unknown { step, what: what.to_owned() };
            if let Some(Verdict::Jump(to) | Verdict::Goto(to)) = &rule.verdict
                && !table.chains.contains_key(to)
            {
                return Err(unknown(to));
            }
            let conditions: Option<Vec<Condition>> =
                rule.matches.iter().map(|condition| ready(space, table, condition)).collect();
            let conditions = conditions.ok_or_else(|| unknown("a value that is none of its key"))?;
            rules.push(ReadyRule { conditions, verdict: rule.verdict.clone(), line: rule.line });
        }
        chains.insert(name.clone(), Ready { hook: chain.hook, rules });
    }
    Ok(chains)
}

fn ready(space: &Space, table: &Table, condition: &Match) -> Option<Condition> {
    let elements = match &condition.values {
        Values::List(list) => list,
        Values::Set(name) => table.sets.get(name)?,
    };
    let mut blocks: Vec<Block> = Vec::new();
    for element in elements {
        if element.len() != condition.keys.len() {
            return None;
        }
        let mut block = Block::new();
        for (key, value) in condition.keys.iter().zip(element) {
            block.extend(space.block(*key, value)?);
        }
        blocks.push(block);
    }
    Some(Condition { sense: condition.sense, blocks: joined(blocks) })
}

/// Blocks that look at one and the same axis are one block.
fn joined(blocks: Vec<Block>) -> Vec<Block> {
    let mut single: BTreeMap<Axis, Bits> = BTreeMap::new();
    let mut others = Vec::new();
    for block in blocks {
        match block.as_slice() {
            [(axis, bits)] => {
                let union = single.get(axis).map_or_else(|| bits.clone(), |known| known.or(bits));
                single.insert(*axis, union);
            }
            _ => others.push(block),
        }
    }
    others.extend(single.into_iter().map(|one| vec![one]));
    others
}

/// Whether some of the packets may fulfil all conditions.
fn may_match(conditions: &[Condition], flow: &Flow) -> bool {
    conditions.iter().all(|Condition { sense, blocks }| {
        *sense == Sense::NotIn || blocks.iter().any(|block| !flow.misses(block))
    })
}

/// The packets that fulfil all conditions, and those that do not.
fn matching(conditions: &[Condition], flow: Flow) -> (Vec<Flow>, Vec<Flow>) {
    let mut matched = vec![flow];
    let mut rest = Vec::new();
    for Condition { sense, blocks } in conditions {
        let (mut inside, mut outside) = (Vec::new(), matched);
        for block in blocks {
            let mut left = Vec::new();
            for flow in outside {
                let (part, others) = flow.split(block);
                inside.extend(part);
                left.extend(others);
            }
            outside = left;
        }
        match sense {
            Sense::In => {
                matched = inside;
                rest.extend(outside);
            }
            Sense::NotIn => {
                matched = outside;
                rest.extend(inside);
            }
        }
        if matched.is_empty() {
            break;
        }
    }
    (matched, rest)
}
