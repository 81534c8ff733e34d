//! Words that several formats share.

use super::Difference;
use super::files::{FileChange, Role, Status};
use super::lines::{Ending, Sign};
use super::phrase::visible_bytes;
use crate::manifest::Entry;

/// One line on how much changes.
pub fn headline(difference: &Difference) -> String {
    let count = |role: Role, status: Status| {
        difference.files.iter().filter(|change| change.role == role && change.status == status).count()
    };
    let mut parts = Vec::new();
    for (role, one, many) in [(Role::File, "file", "files"), (Role::Folder, "folder", "folders")] {
        for (status, verb) in [
            (Status::Added, "new"),
            (Status::Removed, if role == Role::Folder { "left alone" } else { "removed" }),
            (Status::Modified, "changed"),
            (Status::Attributes, "with other attributes"),
        ] {
            match count(role, status) {
                0 => {}
                1 => parts.push(format!("1 {one} {verb}")),
                number => parts.push(format!("{number} {many} {verb}")),
            }
        }
    }
    match (parts.is_empty(), difference.is_empty()) {
        (_, true) => "no differences".to_owned(),
        (true, false) => "only the records of the build change".to_owned(),
        (false, false) => parts.join(", "),
    }
}

/// How many lines come and go.
pub fn counts(change: &FileChange) -> String {
    let (added, removed) = change.counts();
    format!("+{added} −{removed}")
}

/// What is to be said about a change besides its lines.
pub fn notes(change: &FileChange) -> Vec<String> {
    match (change.status, &change.before, &change.after) {
        (Status::Added, _, Some(entry)) => vec![format!("new, {}", described(entry))],
        (Status::Removed, Some(entry), _) if change.role == Role::Folder => {
            vec![format!("no longer listed, and left where it is; it was {}", described(entry))]
        }
        (Status::Removed, Some(entry), _) => vec![format!("removed; it was {}", described(entry))],
        (Status::Added, ..) => vec!["new".to_owned()],
        (Status::Removed, ..) => vec!["removed".to_owned()],
        _ => {
            let none = |value: &str| if value.is_empty() { "none".to_owned() } else { value.to_owned() };
            let changes = change.attributes().into_iter();
            changes.map(|(name, old, new)| format!("{name}: {} → {}", none(&old), none(&new))).collect()
        }
    }
}

/// The lines of a unified difference, without its header, safe to show. The sign says how each is meant.
pub fn lines(change: &FileChange) -> Vec<(Option<Sign>, String)> {
    let mut lines = Vec::new();
    for hunk in &change.hunks {
        lines.push((None, hunk.header()));
        for line in &hunk.lines {
            let (text, ending) = line.split();
            lines.push((Some(line.sign), format!("{}{}", line.sign.mark(), visible_bytes(text))));
            if ending == Ending::None {
                lines.push((None, "\\ No newline at end of file".to_owned()));
            }
        }
    }
    lines
}

/// The names of the records that change.
pub fn records(difference: &Difference) -> Vec<&str> {
    let records = difference.files.iter().filter(|change| change.role == Role::Record);
    records.map(|change| change.path.as_str()).collect()
}

fn described(entry: &Entry) -> String {
    let Entry { path: _, mode, owner, group, class, sha256: _, origin: _, secrets: _ } = entry;
    format!("{mode} {owner}:{group}, {class}")
}
