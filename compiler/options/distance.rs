//! The nearest of some names to a mistyped one.

/// The candidate nearest to `name`, if one is near: at most a third of the letters differ (at least one may),
/// where two neighbours in the wrong order count once. Upper and lower case decide between equals, then the
/// same letters, then the same first letter, then the alphabet; so the order of the candidates does not
/// matter.
pub fn suggest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = name.chars().collect();
    let limit = (typed.len() / 3).max(1);
    let lower = lower_case(name);
    candidates
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.chars().collect();
            let folded = lower_case(candidate);
            if letters.len().abs_diff(typed.len()) > limit && folded != lower {
                return None;
            }
            let blind = distance(&lower, &folded);
            let exact = distance(&typed, &letters);
            let near = exact <= limit || blind == 0;
            let others = sorted(&lower) != sorted(&folded);
            let start = lower.first() != folded.first();
            near.then_some(((exact.min(limit), blind, others, start, candidate), candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn lower_case(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn sorted(letters: &[char]) -> Vec<char> {
    let mut letters = letters.to_vec();
    letters.sort_unstable();
    letters
}

/// The restricted Damerau–Levenshtein distance: insertions, deletions, substitutions, and swaps of
/// neighbours that are not edited again.
fn distance(from: &[char], to: &[char]) -> usize {
    // the rows of the table for the last two letters of `from`
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut before = Vec::new();
    let mut last = None;
    for (i, &a) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut best = (left + 1).min(cell(&row, j + 1) + 1).min(cell(&row, j) + usize::from(a != b));
            if let Some(two) = j.checked_sub(1)
                && last == Some(b)
                && to.get(two) == Some(&a)
            {
                best = best.min(cell(&before, two) + 1);
            }
            next.push(best);
            left = best;
        }
        before = std::mem::replace(&mut row, next);
        last = Some(a);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let table = [
            ("", "", 0),
            ("", "abc", 3),
            ("port", "port", 0),
            ("prot", "port", 1),
            ("pot", "port", 1),
            ("porrt", "port", 1),
            ("pert", "port", 1),
            ("tpor", "port", 2),
            ("ca", "abc", 3),
            ("mount", "mounts", 1),
            ("größe", "grösse", 2),
        ];
        for (from, to, expected) in table {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(distance(&letters(from), &letters(to)), expected, "{from} {to}");
            assert_eq!(distance(&letters(to), &letters(from)), expected, "{to} {from}");
        }
    }

    #[test]
    fn suggestions() {
        let names = ["port", "proto", "expose", "uid", "gid", "Kind", "media_root", "log_level"];
        let table = [
            ("prot", Some("port")),
            ("protoo", Some("proto")),
            ("expsoe", Some("expose")),
            ("udi", Some("uid")),
            ("gdi", Some("gid")),
            ("kind", Some("Kind")),
            ("KIND", Some("Kind")),
            ("mediaroot", Some("media_root")),
            ("loglvl", None),
            ("log_lvl", Some("log_level")),
            ("", None),
            ("x", None),
            ("zzzz", None),
        ];
        for (typed, expected) in table {
            assert_eq!(suggest(typed, names.into_iter()), expected, "{typed}");
            assert_eq!(suggest(typed, names.into_iter().rev()), expected, "{typed}, reversed");
        }
    }
}
