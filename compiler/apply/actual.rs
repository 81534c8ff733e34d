//! The build that a machine has, with what is really there where a file is written although nobody redefined it: it was
//! edited, removed, or a secret in it has another value. Whoever read it has to read it again.

use std::io;

use super::decide::Verdict;
use super::disk::{Disk, Found};
use super::generation::Generation;
use super::prospect::Prospect;
use crate::diff::{Kind, Snapshot, Stored};

/// What stands for the content of a file whose values are others: a comparison must not see those.
const OTHER_VALUES: &[u8] = b"other values\n";

/// The old build as a comparison takes it, with what is really there.
pub fn actual(disk: &Disk, prospect: &Prospect, old: &Generation, new: &Generation) -> io::Result<Snapshot> {
    let mut snapshot = old.snapshot();
    let (before, after) = (old.entries(), new.entries());
    for item in prospect.paths.iter().filter(|item| matches!(item.verdict, Verdict::Write(_))) {
        let path = item.path.as_str();
        let Some((entry, next)) = before.get(path).zip(after.get(path)) else { continue };
        if entry.sha256.is_none() || entry.sha256 != next.sha256 {
            continue;
        }
        let name = path.trim_start_matches('/');
        match disk.look(path)? {
            Found::File { bytes, .. } => {
                let has_secrets = !entry.secrets.is_empty() || !next.secrets.is_empty();
                let bytes = match snapshot.files.get(name) {
                    _ if has_secrets => OTHER_VALUES.to_vec(),
                    Some(kept) if kept.bytes == bytes => continue,
                    _ => bytes,
                };
                let kind = snapshot.files.get(name).map_or(Kind::Plain, |kept| kept.kind);
                snapshot.files.insert(name.to_owned(), Stored { bytes, kind });
            }
            _ => drop(snapshot.files.remove(name)),
        }
    }
    Ok(snapshot)
}
