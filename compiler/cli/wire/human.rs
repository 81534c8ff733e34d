//! Wiring for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::Styling;
use crate::wire::{Cause, Change, Done, Event, Fate, Outcome, ServicePlan, Trouble, What, Wiring, spoken};

const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";

/// What would be done.
pub fn plan(wiring: &Wiring, plans: &BTreeMap<String, ServicePlan>, styling: Styling) -> String {
    let mut text = services(wiring, plans, styling);
    let _ = writeln!(text, "{}", sum(plans));
    text
}

/// What is left after it was done, and what was done in all.
pub fn outcome(wiring: &Wiring, outcome: &Outcome, styling: Styling) -> String {
    let mut text = services(wiring, &outcome.left, styling);
    let done = outcome.events.iter().filter(|event| event.result.is_ok()).count();
    let objects: usize = outcome.left.values().map(|plan| plan.fine.len()).sum();
    let writes: u32 = outcome.writes.values().sum();
    let left: usize = outcome.left.values().map(open).sum();
    let done = counted(done, "thing was", "things were");
    let writes = counted(writes as usize, "request that writes", "requests that write");
    let _ = writeln!(text, "{}, {done} done with {writes}; {left} left", as_declared(objects));
    text
}

/// Every service of which there is anything to say.
fn services(wiring: &Wiring, plans: &BTreeMap<String, ServicePlan>, styling: Styling) -> String {
    let mut text = String::new();
    for (id, plan) in plans {
        let about = service(wiring, id, plan);
        if !about.is_empty() {
            let _ = writeln!(text, "{}", title(wiring, id, styling));
            text.push_str(&about);
        }
    }
    text
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn as_declared(number: usize) -> String {
    counted(number, "object is as declared", "objects are as declared")
}

/// One thing that was done, or tried.
pub fn event(wiring: &Wiring, event: &Event) -> String {
    let Event { service, what, result } = event;
    let what = match what {
        What::Step(about) => format!("{about}: {}", if result.is_ok() { "done" } else { "failed" }),
        What::Change(change) => {
            let name = object(wiring, service, change);
            match (&change.fate, result.is_ok()) {
                (Fate::New, true) => format!("made {name}"),
                (Fate::Lost, true) => format!("made {name} again"),
                (Fate::Changed | Fate::Renamed(_), true) => format!("changed {name}: {}", fields(change)),
                (Fate::Removed, true) => format!("removed {name}"),
                (_, false) => format!("could not be done: {name}"),
            }
        }
    };
    match result {
        Ok(Done::Well) => format!("{service}: {what}\n"),
        Ok(Done::Untested(why)) => format!("{service}: {what}, untested: {why}\n"),
        Err(trouble) => format!("{service}: {what}: it {trouble}\n"),
    }
}

fn fields(change: &Change) -> String {
    let names: Vec<String> = change.fields.iter().map(|field| spoken(&field.place)).collect();
    names.join(", ")
}

fn title(wiring: &Wiring, id: &str, styling: Styling) -> String {
    let url = wiring.services.get(id).map_or("", |service| service.url.as_str());
    match styling {
        Styling::Coloured => format!("{BOLD}{id}{RESET} ({url})"),
        Styling::Plain => format!("{id} ({url})"),
    }
}

fn service(wiring: &Wiring, id: &str, plan: &ServicePlan) -> String {
    let mut text = String::new();
    if let Some(trouble) = &plan.trouble {
        fault(&mut text, trouble);
    }
    for name in &plan.steps {
        let step = wiring.services.get(id).and_then(|service| service.api.steps.get(name));
        let _ = writeln!(text, "  first: {}", step.map_or(name.as_str(), |step| step.about.as_str()));
    }
    for change in &plan.changes {
        self::change(&mut text, wiring, id, change);
    }
    for (resource, trouble) in &plan.unread {
        let _ = writeln!(text, "  ! {resource}");
        fault(&mut text, trouble);
    }
    for (resource, name) in &plan.left {
        let _ = writeln!(text, "  . {resource} `{name}` is declared no longer; `--prune` removes it");
    }
    for rewritten in &plan.rewritten {
        let doubt = if rewritten.reads == "nothing" { "; has it a field of this name?" } else { "" };
        let object =
            if rewritten.object.is_empty() { String::new() } else { format!(" `{}`", rewritten.object) };
        let _ = writeln!(
            text,
            "  . {}{object}: {} is {} as declared, which the service keeps as {}{doubt}",
            rewritten.resource, rewritten.field, rewritten.said, rewritten.reads
        );
    }
    text
}

fn fault(text: &mut String, trouble: &Trouble) {
    let _ = writeln!(text, "  error: it {trouble}\n    = help: {}", trouble.help());
}

fn change(text: &mut String, wiring: &Wiring, id: &str, change: &Change) {
    let name = object(wiring, id, change);
    let (sign, note) = match &change.fate {
        Fate::New => ('+', String::new()),
        Fate::Lost => ('+', "  (it was removed in the service)".to_owned()),
        Fate::Changed => ('~', String::new()),
        Fate::Renamed(to) => ('~', format!("  (it was renamed to `{to}` in the service)")),
        Fate::Removed => ('-', "  (it is declared no longer)".to_owned()),
    };
    let _ = writeln!(text, "  {sign} {name}{note}");
    let widest =
        change.fields.iter().map(|field| spoken(&field.place).chars().count()).max().unwrap_or_default();
    for field in &change.fields {
        let name = spoken(&field.place);
        let _ = match &field.from {
            Some(from) => {
                writeln!(text, "      {name:<widest$}  {from} -> {}{}", field.to, cause(field.cause))
            }
            None => writeln!(text, "      {name:<widest$}  {}{}", field.to, cause(field.cause)),
        };
    }
}

/// Why a field differs, after its values.
pub const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::New => "",
        Cause::Definition => "  (the definition changed)",
        Cause::Service => "  (it was changed in the service)",
        Cause::Both => "  (changed in the service, and in the definition)",
        Cause::Unknown => "  (it was so before it was wired)",
        Cause::Unseen => "  (nobody can read it there; it is sent)",
    }
}

fn object(wiring: &Wiring, id: &str, change: &Change) -> String {
    let resource = wiring.services.get(id).and_then(|service| service.api.resources.get(&change.resource));
    let about = resource.map_or(change.resource.as_str(), |resource| resource.about.as_str());
    if change.object.is_empty() { about.to_owned() } else { format!("{about} `{}`", change.object) }
}

fn open(plan: &ServicePlan) -> usize {
    plan.steps.len() + plan.changes.len() + plan.troubles().count()
}

fn sum(plans: &BTreeMap<String, ServicePlan>) -> String {
    let count = |is: fn(&Fate) -> bool| {
        plans.values().flat_map(|plan| &plan.changes).filter(|change| is(&change.fate)).count()
    };
    let made = count(|fate| matches!(fate, Fate::New | Fate::Lost));
    let changed = count(|fate| matches!(fate, Fate::Changed | Fate::Renamed(_)));
    let removed = count(|fate| *fate == Fate::Removed);
    let fine: usize = plans.values().map(|plan| plan.fine.len()).sum();
    let down = plans.values().filter(|plan| plan.trouble.is_some()).count();
    let down = match down {
        0 => String::new(),
        down => format!("; {} not answer as it should", counted(down, "service does", "services do")),
    };
    if made + changed + removed == 0 && plans.values().all(|plan| plan.steps.is_empty()) {
        return format!("nothing to do: {}{down}", as_declared(fine));
    }
    format!("{made} to make, {changed} to change, {removed} to remove; {fine} are as declared{down}")
}
