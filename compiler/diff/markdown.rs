//! The difference as a comment on a pull request.
//!
//! Values come from anybody who can propose a change, so none of them is ever Markdown or HTML: in
//! sentences they are code, in HTML they are escaped, and fences are longer than any run of backticks.

use std::fmt::Write as _;

use super::files::{FileChange, Role};
use super::phrase::{Phrase, code, html, longest_run};
use super::prose;
use super::summary::{Area, Statement, Summary, Weight};
use super::{Consequence, Difference, Edits, Status};

/// What a comment may have at most.
pub const LIMIT: usize = 65_536;

/// Room that is kept for saying what was cut.
const RESERVE: usize = 2_000;

/// Writes a difference in at most `budget` bytes; what does not fit is named.
pub fn write(difference: &Difference, budget: usize) -> String {
    let budget = budget.min(LIMIT);
    let marker = format!("<!-- mediac:{} -->\n", plain_name(&difference.host));
    let title = format!("{marker}### {}: {}\n", code(&difference.host), prose::headline(difference));
    if difference.is_empty() && difference.edits == Edits::None {
        return shortest(&marker, &title, budget);
    }
    let reserve = RESERVE.min(budget / 4);
    let mut page = Page { text: title, budget: budget.saturating_sub(reserve), lists: budget / 2 };
    if page.text.len() > page.budget {
        return shortest(&marker, &page.text, budget);
    }
    if let Some((title, edits)) = difference.edits.told() {
        page.alert("WARNING", title, edits.to_vec());
    }
    page.summary(&difference.summary);
    page.list("**When it is applied**", difference.consequences.iter().map(Consequence::phrase).collect());
    let stay = difference.unlisted.iter().map(|path| Phrase::new("{}", &[path])).collect();
    page.list("**Files of somebody else, which stay**", stay);
    page.small(difference);
    let mut cut = Vec::new();
    for change in difference.files.iter().filter(|change| change.role == Role::File) {
        if !change.hunks.is_empty() || change.status != Status::Attributes {
            cut.extend(page.file(change));
        }
    }
    page.budget = budget;
    page.say_what_was_cut(&cut);
    page.text
}

/// A file that is not shown whole.
struct Cut {
    path: String,
    /// Lines of its difference that are not shown.
    lines: usize,
}

struct Page {
    text: String,
    budget: usize,
    /// Where lists end, so that some of the text is shown in any case.
    lists: usize,
}

impl Page {
    fn fits(&self, more: usize) -> bool {
        self.text.len() + more <= self.budget
    }

    fn summary(&mut self, summary: &Summary) {
        let statements = match summary {
            Summary::Impossible(why) => return self.alert("WARNING", "", vec![why.clone()]),
            Summary::Made(statements) => statements,
        };
        let of = |weight: Weight| {
            let found = statements.iter().filter(move |statement| statement.weight == weight);
            found.map(|statement| statement.text.clone()).collect::<Vec<_>>()
        };
        let (alarms, todo) = (of(Weight::Alarm), of(Weight::Todo));
        if !alarms.is_empty() {
            self.alert("CAUTION", "", alarms);
        }
        if !todo.is_empty() {
            self.alert("IMPORTANT", "", todo);
        }
        let mut areas: Vec<(Area, Vec<Phrase>)> = Vec::new();
        for Statement { area, text, .. } in statements.iter().filter(|s| s.weight == Weight::Plain) {
            match areas.last_mut() {
                Some((last, phrases)) if last == area => phrases.push(text.clone()),
                _ => areas.push((*area, vec![text.clone()])),
            }
        }
        for (area, phrases) in areas {
            self.list(&format!("**{}**", area.name()), phrases);
        }
    }

    fn alert(&mut self, kind: &str, title: &str, phrases: Vec<Phrase>) {
        let mut head = format!("\n> [!{kind}]\n");
        if !title.is_empty() {
            let _ = writeln!(head, "> {title}\n>");
        }
        self.items(&head, "> - ", phrases);
    }

    fn list(&mut self, title: &str, phrases: Vec<Phrase>) {
        if !phrases.is_empty() {
            self.items(&format!("\n{title}\n"), "- ", phrases);
        }
    }

    /// A list, as much of it as there is room for.
    fn items(&mut self, head: &str, mark: &str, phrases: Vec<Phrase>) {
        let end = self.lists.min(self.budget);
        let total = phrases.len();
        let mut block = head.to_owned();
        for (shown, phrase) in phrases.into_iter().enumerate() {
            let line = format!("{mark}{}\n", phrase.markdown());
            if self.text.len() + block.len() + line.len() + 100 > end {
                let _ = writeln!(block, "{mark}… and {} more, not shown for length", total - shown);
                break;
            }
            block.push_str(&line);
        }
        if self.fits(block.len()) {
            self.text.push_str(&block);
        }
    }

    /// What has no lines to show: folders, other attributes, records.
    fn small(&mut self, difference: &Difference) {
        let mut phrases: Vec<Phrase> = Vec::new();
        for change in &difference.files {
            let attributes = change.role == Role::File && change.status != Status::Added;
            if change.role == Role::Folder || (attributes && !change.attributes().is_empty()) {
                let path = format!("/{}", change.path);
                phrases.push(Phrase::new("{}: {}", &[&path, &prose::notes(change).join("; ")]));
            }
        }
        self.list("**Modes, owners and folders**", phrases);
        let records = prose::records(difference).join(" and ");
        let line = format!("\n{records} say what the build consists of, and change with it.\n");
        if !records.is_empty() && self.fits(line.len()) {
            self.text.push_str(&line);
        }
    }

    /// Shows a file, or as many of its lines as there is room for; says what is missing.
    fn file(&mut self, change: &FileChange) -> Option<Cut> {
        let mut lines: Vec<String> = prose::lines(change).into_iter().map(|(_, line)| line).collect();
        let total = lines.len();
        let fence = "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1);
        let word = match change.status {
            Status::Added => "new",
            Status::Removed => "removed",
            Status::Modified | Status::Attributes => "changed",
        };
        let title = html(&format!("/{}", change.path));
        let counts = prose::counts(change);
        let head = format!("\n<details>\n<summary><code>{title}</code> {word} ({counts})</summary>\n\n");
        let tail = "</details>\n";
        if lines.is_empty() {
            let block = format!("{head}An empty file.\n\n{tail}");
            return if self.fits(block.len()) { self.push(&block) } else { Some(cut(change, 0)) };
        }
        let frame = head.len() + tail.len() + 2 * fence.len() + 120;
        let mut room = self.budget.saturating_sub(self.text.len() + frame);
        let shown = lines.iter().take_while(|line| {
            let fits = line.len() < room;
            room = room.saturating_sub(line.len() + 1);
            fits
        });
        let shown = shown.count();
        // A few lines of a file are of no use to anybody.
        if shown < total && shown < 20 {
            return Some(cut(change, total));
        }
        lines.truncate(shown);
        let mut block = format!("{head}{fence}diff\n{}\n{fence}\n\n", lines.join("\n"));
        if shown < total {
            let _ = write!(block, "… {} more lines of this file are not shown for length\n\n", total - shown);
        }
        block.push_str(tail);
        self.push(&block);
        (shown < total).then(|| cut(change, total - shown))
    }

    fn push(&mut self, block: &str) -> Option<Cut> {
        self.text.push_str(block);
        None
    }

    fn say_what_was_cut(&mut self, cut: &[Cut]) {
        if cut.is_empty() {
            return;
        }
        let mut block = "\n**Not shown for length**\n".to_owned();
        for (index, Cut { path, lines }) in cut.iter().enumerate() {
            let line = format!("- {}: {lines} lines\n", code(path));
            if !self.fits(block.len() + line.len() + 80) {
                let lines: usize = cut.iter().skip(index).map(|cut| cut.lines).sum();
                let _ = writeln!(block, "- and {} more files with {lines} lines", cut.len() - index);
                break;
            }
            block.push_str(&line);
        }
        if self.fits(block.len()) {
            self.text.push_str(&block);
        }
    }
}

fn cut(change: &FileChange, lines: usize) -> Cut {
    Cut { path: format!("/{}", change.path), lines }
}

/// The title alone, or less.
fn shortest(marker: &str, title: &str, budget: usize) -> String {
    let bare = format!("{marker}differences that do not fit here\n");
    [title, &bare, marker].into_iter().find(|text| text.len() <= budget).unwrap_or_default().to_owned()
}

/// A name in a comment of HTML: nothing in it can end the comment.
fn plain_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let name: String = name.chars().take(100).map(plain).collect();
    name.replace("--", "-.")
}
