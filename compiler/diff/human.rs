//! The difference for people at a terminal. It reads the same without colour.

use super::Difference;
use super::files::{FileChange, Role, Status};
use super::lines::Sign;
use super::phrase::{Phrase, visible};
use super::prose;
use super::summary::{Area, Statement, Summary, Weight};
use crate::report::Styling;

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const CYAN: &str = "\u{1b}[36m";
const BOLD: &str = "\u{1b}[1m";
const BOLD_RED: &str = "\u{1b}[1;31m";
const RESET: &str = "\u{1b}[0m";

/// Writes a difference; `folder` is where the output of hosts lies, such as `out`.
pub fn write(difference: &Difference, folder: &str, styling: Styling) -> String {
    let mut page = Page { text: String::new(), styling };
    page.line(BOLD, &format!("{}: {}", visible(&difference.host), prose::headline(difference)));
    if let Some((title, edits)) = difference.edits.told() {
        page.line(BOLD_RED, &format!("  {title}"));
        page.list("    ", edits.iter());
    }
    if difference.is_empty() {
        return page.text;
    }
    page.summary(&difference.summary);
    if !difference.consequences.is_empty() {
        page.line(BOLD, "\n  when it is applied");
        page.list(
            "    ",
            difference.consequences.iter().map(super::Consequence::phrase).collect::<Vec<_>>().iter(),
        );
    }
    if !difference.unlisted.is_empty() {
        page.line(BOLD, "\n  files of somebody else, which stay");
        for path in &difference.unlisted {
            page.line("", &format!("    {}", visible(path)));
        }
    }
    let folders: Vec<&FileChange> =
        difference.files.iter().filter(|change| change.role == Role::Folder).collect();
    if !folders.is_empty() {
        page.line(BOLD, "\n  folders");
        for change in folders {
            let notes = prose::notes(change).join("; ");
            page.line("", &format!("    /{}: {}", visible(&change.path), visible(&notes)));
        }
    }
    let records = prose::records(difference);
    if !records.is_empty() {
        page.line(
            "",
            &format!("\n  {} say what the build consists of, and change with it", records.join(" and ")),
        );
    }
    for change in difference.files.iter().filter(|change| change.role == Role::File) {
        page.file(change, &format!("{folder}/{}/{}", difference.host, change.path));
    }
    page.text
}

struct Page {
    text: String,
    styling: Styling,
}

impl Page {
    fn line(&mut self, colour: &str, line: &str) {
        if self.styling == Styling::Plain || colour.is_empty() {
            self.text.push_str(line);
        } else {
            self.text.push_str(colour);
            self.text.push_str(line);
            self.text.push_str(RESET);
        }
        self.text.push('\n');
    }

    fn list<'a>(&mut self, indent: &str, phrases: impl Iterator<Item = &'a Phrase>) {
        for phrase in phrases {
            self.line("", &format!("{indent}{}", phrase.plain()));
        }
    }

    fn summary(&mut self, summary: &Summary) {
        let statements = match summary {
            Summary::Impossible(why) => return self.line(BOLD_RED, &format!("  {}", why.plain())),
            Summary::Made(statements) => statements,
        };
        for statement in statements.iter().filter(|statement| statement.weight == Weight::Alarm) {
            self.line(BOLD_RED, &format!("  !! {}", statement.text.plain()));
        }
        for statement in statements.iter().filter(|statement| statement.weight == Weight::Todo) {
            self.line(BOLD, &format!("  to do: {}", statement.text.plain()));
        }
        let mut area: Option<Area> = None;
        for Statement { area: found, text, .. } in statements.iter().filter(|s| s.weight == Weight::Plain) {
            if area != Some(*found) {
                area = Some(*found);
                self.line(BOLD, &format!("\n  {}", found.name()));
            }
            self.line("", &format!("    {}", text.plain()));
        }
    }

    fn file(&mut self, change: &FileChange, path: &str) {
        let path = visible(path);
        let (old, new) = match change.status {
            Status::Added => ("/dev/null".to_owned(), format!("b/{path}")),
            Status::Removed => (format!("a/{path}"), "/dev/null".to_owned()),
            Status::Modified | Status::Attributes => (format!("a/{path}"), format!("b/{path}")),
        };
        self.text.push('\n');
        self.line(BOLD, &format!("--- {old}"));
        self.line(BOLD, &format!("+++ {new}"));
        for note in prose::notes(change) {
            self.line("", &format!("    {}", visible(&note)));
        }
        for (sign, line) in prose::lines(change) {
            let colour = match sign {
                Some(Sign::Added) => GREEN,
                Some(Sign::Removed) => RED,
                Some(Sign::Same) => "",
                None => CYAN,
            };
            self.line(colour, &line);
        }
    }
}
