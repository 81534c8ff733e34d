//! What becomes of a path: what was applied last, what is on the disk and what is wanted, compared three ways.

use serde::{Deserialize, Serialize};

/// What is, was or should be at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// A name for its content: equal contents have equal names.
        content: String,
        /// Who may do what with it.
        rights: Rights,
    },
    /// A folder.
    Folder(Rights),
    /// A symbolic link, which mediac never makes.
    Link,
    /// A socket, a pipe or a device.
    Special,
}

/// Mode and owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// The mode's twelve bits.
    pub mode: u32,
    /// The number of the owner.
    pub owner: u32,
    /// The number of the group.
    pub group: u32,
}

/// How something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Exactly as it was written.
    Exact,
    /// Made once; from then on it is its program's.
    Once,
    /// A folder that is there, with these rights.
    Folder,
}

/// What becomes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it is as wanted, or nobody wants it.
    Keep,
    /// It is as wanted although mediac did not write it so: from now on it is mediac's.
    Adopt,
    /// It is written, or made.
    Write(Reason),
    /// It is removed: it was mediac's, and nothing wants it any more.
    Remove,
    /// It stays although nothing wants it: a folder, a program's own file, or one that was edited.
    Leave,
    /// It was edited by hand, and nothing new is wanted there.
    Drift,
    /// It is in the way.
    InTheWay(Obstacle),
}

/// Why something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is new.
    New,
    /// The definition changed.
    Changed,
    /// Somebody removed it.
    Missing,
    /// Its mode or owner is not the one that is wanted.
    Rights,
    /// It takes the place of an edit, as was asked for.
    Overwrite,
    /// It takes the place of a file that mediac did not make, as was asked for.
    Adoption,
}

/// Why something cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It was edited by hand, and the definition changed as well.
    Edited,
    /// mediac did not make it.
    Foreign,
    /// It is of another kind: a folder instead of a file, a link, a device.
    Kind,
}

/// What to do with edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Keep those that are in nobody's way, and refuse where one is.
    Fail,
    /// Keep them all.
    Keep,
    /// Write over them, after they were saved.
    Overwrite,
}

/// What becomes of a path, by what was applied there `last`, what is `seen`, and what is wanted `next`.
pub fn decide(keeping: Keeping, last: &State, seen: &State, next: &State) -> Verdict {
    match keeping {
        Keeping::Exact => exact(last, seen, next),
        Keeping::Once => once(last, seen, next),
        Keeping::Folder => folder(last, seen, next),
    }
}

fn exact(last: &State, seen: &State, next: &State) -> Verdict {
    let applied = *last != State::Absent;
    match (seen, next) {
        (State::Absent, State::Absent) => Verdict::Keep,
        (State::Absent, _) => Verdict::Write(if applied { Reason::Missing } else { Reason::New }),
        (_, State::Absent) if !applied => Verdict::Keep,
        (State::File { .. }, State::Absent) if seen == last => Verdict::Remove,
        (_, State::Absent) => Verdict::Leave,
        _ if seen == next => {
            if last == next {
                Verdict::Keep
            } else {
                Verdict::Adopt
            }
        }
        (State::Folder(_) | State::Special, _) => Verdict::InTheWay(Obstacle::Kind),
        _ if !applied => Verdict::InTheWay(Obstacle::Foreign),
        _ if seen == last => Verdict::Write(Reason::Changed),
        _ if last == next => Verdict::Drift,
        _ => Verdict::InTheWay(Obstacle::Edited),
    }
}

fn once(last: &State, seen: &State, next: &State) -> Verdict {
    match (seen, next) {
        _ if let Some(verdict) = absent(last, seen, next) => verdict,
        (State::File { .. }, _) => Verdict::Keep,
        _ => Verdict::InTheWay(Obstacle::Kind),
    }
}

fn folder(last: &State, seen: &State, next: &State) -> Verdict {
    let applied = *last != State::Absent;
    match (seen, next) {
        _ if let Some(verdict) = absent(last, seen, next) => verdict,
        (State::Folder(_), _) if seen == next => {
            if applied {
                Verdict::Keep
            } else {
                Verdict::Adopt
            }
        }
        (State::Folder(_), _) => Verdict::Write(Reason::Rights),
        _ => Verdict::InTheWay(Obstacle::Kind),
    }
}

/// Of what is never removed: nothing is there, or nothing is wanted.
fn absent(last: &State, seen: &State, next: &State) -> Option<Verdict> {
    let applied = *last != State::Absent;
    match (seen, next) {
        (_, State::Absent) => {
            Some(if applied && *seen != State::Absent { Verdict::Leave } else { Verdict::Keep })
        }
        (State::Absent, _) => Some(Verdict::Write(if applied { Reason::Missing } else { Reason::New })),
        _ => None,
    }
}

/// The verdict under a policy. `adopted` says whether the path was named as one to take over.
pub fn settle(verdict: Verdict, policy: Policy, adopted: Adopted) -> Verdict {
    match (verdict, policy, adopted) {
        (Verdict::Drift | Verdict::InTheWay(Obstacle::Edited), Policy::Overwrite, _) => {
            Verdict::Write(Reason::Overwrite)
        }
        (Verdict::InTheWay(Obstacle::Edited), Policy::Keep, _) => Verdict::Drift,
        (Verdict::InTheWay(Obstacle::Foreign), _, Adopted::Named) => Verdict::Write(Reason::Adoption),
        (verdict, ..) => verdict,
    }
}

/// Whether a path was named as one to take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// It was.
    Named,
    /// It was not.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHTS: Rights = Rights { mode: 0o644, owner: 0, group: 0 };
    const OTHERS: Rights = Rights { mode: 0o600, owner: 0, group: 0 };

    fn file(content: &str, rights: Rights) -> State {
        State::File { content: content.to_owned(), rights }
    }

    fn states() -> Vec<State> {
        vec![
            State::Absent,
            file("a", RIGHTS),
            file("b", RIGHTS),
            file("a", OTHERS),
            State::Link,
            State::Folder(RIGHTS),
        ]
    }

    /// 6 × 6 × 6 cells: whatever is on the disk that mediac did not write itself is never written over or removed.
    #[test]
    fn nothing_is_lost_silently() {
        let mut cells = 0;
        for last in states() {
            for seen in states() {
                for next in states() {
                    for keeping in [Keeping::Exact, Keeping::Once, Keeping::Folder] {
                        cells += 1;
                        let verdict = decide(keeping, &last, &seen, &next);
                        let theirs = seen != State::Absent && seen != last && seen != next;
                        let touched = matches!(verdict, Verdict::Write(_) | Verdict::Remove);
                        let rights = verdict == Verdict::Write(Reason::Rights);
                        assert!(
                            !theirs || !touched || rights,
                            "{keeping:?} {last:?} {seen:?} {next:?}: {verdict:?}"
                        );
                    }
                }
            }
        }
        assert_eq!(cells, 648);
    }

    #[test]
    fn each_case_has_its_verdict() {
        let (a, b, none) = (file("a", RIGHTS), file("b", RIGHTS), State::Absent);
        let c = file("c", RIGHTS);
        for (last, seen, next, verdict) in [
            (&none, &none, &a, Verdict::Write(Reason::New)),
            (&none, &a, &a, Verdict::Adopt),
            (&none, &b, &a, Verdict::InTheWay(Obstacle::Foreign)),
            (&none, &b, &none, Verdict::Keep),
            (&a, &a, &a, Verdict::Keep),
            (&a, &a, &b, Verdict::Write(Reason::Changed)),
            (&a, &b, &b, Verdict::Adopt),
            (&a, &b, &a, Verdict::Drift),
            (&a, &c, &b, Verdict::InTheWay(Obstacle::Edited)),
            (&a, &none, &a, Verdict::Write(Reason::Missing)),
            (&a, &a, &none, Verdict::Remove),
            (&a, &b, &none, Verdict::Leave),
            (&a, &none, &none, Verdict::Keep),
            (&a, &State::Folder(RIGHTS), &a, Verdict::InTheWay(Obstacle::Kind)),
            (&a, &State::Link, &a, Verdict::Drift),
        ] {
            assert_eq!(decide(Keeping::Exact, last, seen, next), verdict, "{last:?} {seen:?} {next:?}");
        }
    }

    #[test]
    fn edits_are_kept_or_written_over_as_asked() {
        let edited = Verdict::InTheWay(Obstacle::Edited);
        assert_eq!(settle(edited, Policy::Fail, Adopted::No), edited);
        assert_eq!(settle(edited, Policy::Keep, Adopted::No), Verdict::Drift);
        assert_eq!(settle(edited, Policy::Overwrite, Adopted::No), Verdict::Write(Reason::Overwrite));
        assert_eq!(settle(Verdict::Drift, Policy::Fail, Adopted::No), Verdict::Drift);
        let foreign = Verdict::InTheWay(Obstacle::Foreign);
        assert_eq!(settle(foreign, Policy::Overwrite, Adopted::No), foreign);
        assert_eq!(settle(foreign, Policy::Fail, Adopted::Named), Verdict::Write(Reason::Adoption));
        let kind = Verdict::InTheWay(Obstacle::Kind);
        assert_eq!(settle(kind, Policy::Overwrite, Adopted::Named), kind);
    }
}
