//! The change at a glance: what is written, what is away for how long, what is at risk, and what goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use super::Thought;
use crate::apply::{Interruption, Item, Keeping, Missing, Obstacle, Outlook, Reason, Verdict, word};
use crate::report::Styling;

const BOLD: &str = "\u{1b}[1m";
const BOLD_RED: &str = "\u{1b}[1;31m";
const RESET: &str = "\u{1b}[0m";

/// Titles of what happens, in the order they are shown.
const GROUPS: &[(Interruption, &str)] = &[
    (Interruption::Gone, "stops for good"),
    (Interruption::Away, "stops, and starts again"),
    (Interruption::New, "starts"),
    (Interruption::Reloads, "takes it in while it runs"),
    (Interruption::None, "needs nothing"),
];

/// What would be done, for people.
pub fn describe(thought: &Thought, styling: Styling) -> String {
    let host = &thought.new.manifest.host;
    if thought.is_done() {
        return format!("{host}: nothing to do\n");
    }
    let mut page = Page { text: String::new(), styling };
    match thought.journal.current {
        Some(number) => {
            page.title(&format!("{host}: build {number} becomes build {}", thought.journal.last + 1));
        }
        None => page.title(&format!("{host}: the first build on this machine")),
    }
    page.first(&thought.missing);
    page.files(thought);
    page.turns(thought);
    page.rest(thought);
    page.risks(&thought.outlook);
    let missing = thought.unfilled();
    if !missing.is_empty() {
        page.alarm("has to be there before it can be applied");
        for missing in missing {
            page.line(&format!("? {missing}"));
        }
    }
    if !thought.outlook.untouched.is_empty() {
        page.title("goes on undisturbed");
        page.line(&thought.outlook.untouched.join(", "));
    }
    page.text
}

struct Page {
    text: String,
    styling: Styling,
}

impl Page {
    fn title(&mut self, text: &str) {
        self.coloured(BOLD, text);
    }

    fn alarm(&mut self, text: &str) {
        self.coloured(BOLD_RED, text);
    }

    fn coloured(&mut self, colour: &str, text: &str) {
        let _ = match self.styling {
            Styling::Plain => writeln!(self.text, "{text}"),
            Styling::Coloured => writeln!(self.text, "{colour}{text}{RESET}"),
        };
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "  {text}");
    }

    /// What has to be there before anything can be compared.
    fn first(&mut self, missing: &Missing) {
        let Missing { packages, disks, images: _, sources: _ } = missing;
        if packages.is_empty() && disks.is_empty() {
            return;
        }
        self.title("first");
        if !packages.is_empty() {
            self.line(&format!("* packages are installed, and stay: {}", packages.join(", ")));
        }
        for disk in disks {
            self.line(&format!("* {} is mounted at {}; what is on it is seen then", disk.what, disk.at));
        }
    }

    fn files(&mut self, thought: &Thought) {
        let shown = |item: &&Item| mark(item.verdict).is_some();
        // A folder that is made says nothing that the files in it do not say.
        let is_made =
            |item: &Item| item.keeping == Keeping::Folder && item.verdict == Verdict::Write(Reason::New);
        let (made, told): (Vec<&Item>, Vec<&Item>) =
            thought.prospect.paths.iter().filter(shown).partition(|item| is_made(item));
        if made.is_empty() && told.is_empty() {
            return;
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &told {
            *counts.entry(why(item.verdict)).or_default() += 1;
        }
        let mut parts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        if !made.is_empty() {
            parts.push(format!("{} folders made", made.len()));
        }
        self.title(&format!("files: {}", parts.join("; ")));
        for item in told {
            let Some(mark) = mark(item.verdict) else { continue };
            let slash = if item.keeping == Keeping::Folder { "/" } else { "" };
            self.line(&format!("{mark} {}{slash}: {}", item.path, why(item.verdict)));
        }
    }

    fn turns(&mut self, thought: &Thought) {
        for (kind, title) in GROUPS {
            let turns: Vec<_> = thought.outlook.turns.iter().filter(|turn| turn.kind == *kind).collect();
            if turns.is_empty() {
                continue;
            }
            self.title(title);
            for turn in turns {
                let took = thought.took.of(thought.forward.all(), &turn.because);
                let time = took.map(|took| format!(" ({} last time)", seconds(took))).unwrap_or_default();
                self.line(&format!("> {}{time}", turn.because));
            }
        }
    }

    /// Steps for anything else: programs that read what is written, and what an earlier change left over.
    fn rest(&mut self, thought: &Thought) {
        let told: BTreeSet<&str> = thought.outlook.turns.iter().map(|turn| turn.because.as_str()).collect();
        let mut said = BTreeSet::new();
        let mut rest =
            thought.forward.all().map(|step| step.because.as_str()).filter(|because| !told.contains(because));
        if let Some(first) = rest.next() {
            self.title("besides");
            for because in std::iter::once(first).chain(rest).filter(|because| said.insert(*because)) {
                self.line(&format!("> {because}"));
            }
        }
    }

    fn risks(&mut self, outlook: &Outlook) {
        if outlook.risks.is_empty() {
            return;
        }
        self.alarm("at risk");
        for risk in &outlook.risks {
            self.line(&format!("{}: {}", risk.subject, risk.why));
        }
    }
}

fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0 => "under a second".to_owned(),
        seconds => format!("{seconds} s"),
    }
}

/// A sign for what happens to a path; none where nothing does.
pub(super) const fn mark(verdict: Verdict) -> Option<char> {
    match verdict {
        Verdict::Keep | Verdict::Leave | Verdict::Adopt => None,
        Verdict::Write(Reason::New) => Some('+'),
        Verdict::Write(_) => Some('~'),
        Verdict::Remove => Some('-'),
        Verdict::Drift => Some('!'),
        Verdict::InTheWay(_) => Some('x'),
    }
}

pub(super) fn why(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::InTheWay(Obstacle::Edited) => "edited by hand, and the definition changed as well",
        Verdict::InTheWay(Obstacle::Foreign) => "there already, and not made by mediac",
        Verdict::InTheWay(Obstacle::Kind) => "something of another kind is there",
        other => word(other),
    }
}
