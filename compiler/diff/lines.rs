//! Line by line: what a unified difference is made of. Lines end at line feeds and nowhere else, as in git.

use similar::{Algorithm, DiffTag, capture_diff_slices, group_diff_ops};

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// A stretch of changed lines, with those around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Where it was: first line from 0, and how many.
    pub old: (usize, usize),
    /// Where it is.
    pub new: (usize, usize),
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub sign: Sign,
    /// Its text, with its line feed if it has one.
    pub text: Vec<u8>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It stays.
    Same,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

impl Sign {
    /// The character in front of the line.
    pub const fn mark(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

impl Hunk {
    /// The line above it, such as `@@ -1,4 +1,5 @@`.
    pub fn header(&self) -> String {
        let range = |(start, length): (usize, usize)| match length {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            _ => format!("{},{length}", start + 1),
        };
        format!("@@ -{} +{} @@", range(self.old), range(self.new))
    }
}

impl Line {
    /// The text without its line feed, and whether it had one.
    pub fn split(&self) -> (&[u8], Ending) {
        match self.text.strip_suffix(b"\n") {
            Some(text) => (text, Ending::Feed),
            None => (&self.text, Ending::None),
        }
    }
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a line feed.
    Feed,
    /// With the file.
    None,
}

/// Hunks as they stand in a unified difference, byte for byte.
pub fn unified(hunks: &[Hunk]) -> Vec<u8> {
    let mut out = Vec::new();
    for hunk in hunks {
        out.extend(hunk.header().into_bytes());
        out.push(b'\n');
        for line in &hunk.lines {
            let (text, ending) = line.split();
            out.extend(line.sign.mark().to_string().into_bytes());
            out.extend(text);
            out.extend(match ending {
                Ending::Feed => b"\n".as_slice(),
                Ending::None => b"\n\\ No newline at end of file\n".as_slice(),
            });
        }
    }
    out
}

/// The hunks between two texts.
pub fn hunks(old: &[u8], new: &[u8]) -> Vec<Hunk> {
    if old == new {
        return Vec::new();
    }
    let (old, new) = (split(old), split(new));
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let mut hunks = Vec::new();
    for group in group_diff_ops(ops, CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let start = (first.old_range().start, first.new_range().start);
        let end = (last.old_range().end, last.new_range().end);
        let mut lines = Vec::new();
        let mut push = |sign: Sign, from: &[&[u8]]| {
            lines.extend(from.iter().map(|text| Line { sign, text: text.to_vec() }));
        };
        for op in &group {
            let before = old.get(op.old_range()).unwrap_or_default();
            let after = new.get(op.new_range()).unwrap_or_default();
            match op.tag() {
                DiffTag::Equal => push(Sign::Same, before),
                DiffTag::Delete => push(Sign::Removed, before),
                DiffTag::Insert => push(Sign::Added, after),
                DiffTag::Replace => {
                    push(Sign::Removed, before);
                    push(Sign::Added, after);
                }
            }
        }
        hunks.push(Hunk { old: (start.0, end.0 - start.0), new: (start.1, end.1 - start.1), lines });
    }
    hunks
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_diff() {
        for (old, new, headers) in [
            ("", "a\n", vec!["@@ -0,0 +1 @@"]),
            ("a\n", "", vec!["@@ -1 +0,0 @@"]),
            ("a\nb\n", "a\nc\n", vec!["@@ -1,2 +1,2 @@"]),
            ("a", "a\n", vec!["@@ -1 +1 @@"]),
            ("a\n", "a\n", vec![]),
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
                vec!["@@ -1,4 +1,4 @@", "@@ -6,4 +6,4 @@"],
            ),
        ] {
            let found: Vec<String> = hunks(old.as_bytes(), new.as_bytes()).iter().map(Hunk::header).collect();
            assert_eq!(found, headers, "{old:?} {new:?}");
        }
    }

    #[test]
    fn only_line_feeds_end_lines() {
        let found = hunks(b"a\rb\r\n", b"a\rc\r\n");
        assert_eq!(found[0].lines.len(), 2);
        assert_eq!(found[0].lines[0].split(), (&b"a\rb\r"[..], Ending::Feed));
    }
}
