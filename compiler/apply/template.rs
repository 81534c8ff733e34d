//! Files with references to secrets: filling them in, and recognising a file that was filled in before.

use std::collections::BTreeMap;
use std::fmt;

use crate::secret::{self, Reference};

/// Values of secrets. They exist in memory only, and nothing here prints or compares them with anything but a file.
#[derive(Default)]
pub struct Values(BTreeMap<Reference, String>);

/// Why a file could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfilled {
    /// There is no value.
    Missing(Reference),
    /// The value has characters that the file's format may take for its own.
    Unfit(Reference),
}

impl fmt::Display for Unfilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(Reference { service, name, .. }) => {
                write!(f, "the secret {service}/{name} has no value")
            }
            Self::Unfit(Reference { service, name, .. }) => {
                write!(
                    f,
                    "the secret {service}/{name} has characters that the file's format may take for its own"
                )
            }
        }
    }
}

impl Values {
    /// Adds a value.
    pub fn insert(&mut self, reference: Reference, value: String) {
        self.0.insert(reference, value);
    }

    /// The text with the values in place of the references.
    pub fn fill(&self, text: &str) -> Result<String, Unfilled> {
        let pieces = pieces(text);
        let whole = matches!(pieces.as_slice(), [Piece::Secret(_)] | [Piece::Secret(_), Piece::Text("\n")]);
        let mut filled = String::with_capacity(text.len());
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Secret(reference) => {
                    let Some(value) = self.0.get(&reference) else {
                        return Err(Unfilled::Missing(reference));
                    };
                    if !whole && !value.chars().all(is_plain) {
                        return Err(Unfilled::Unfit(reference));
                    }
                    filled.push_str(value);
                }
            }
        }
        Ok(filled)
    }
}

/// Whether a character means nothing to any of the formats.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._~+/=@:,-".contains(c)
}

/// Whether a text could be this one, filled in with whatever values.
pub fn could_be(template: &str, text: &str) -> bool {
    let mut rest = text;
    let mut open = false;
    let mut pieces = pieces(template).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Secret(_) => open = true,
            Piece::Text(fixed) => {
                let at = match (open, pieces.peek()) {
                    (false, _) => rest.starts_with(fixed).then_some(0),
                    // A value may have the end of a line in it, so what comes last is looked for at the end.
                    (true, None) => rest.strip_suffix(fixed).map(str::len),
                    (true, Some(_)) => rest.find(fixed),
                };
                let Some(at) = at else { return false };
                rest = rest.get(at + fixed.len()..).unwrap_or_default();
                open = false;
            }
        }
    }
    open || rest.is_empty()
}

enum Piece<'a> {
    Text(&'a str),
    Secret(Reference),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(secret::MARK) {
        let (before, found) = rest.split_at(start);
        let Some(end) = found.find(')') else { break };
        let (mark, after) = found.split_at(end + 1);
        let Some(reference) = secret::references(mark).next() else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Secret(reference));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(value: &str) -> Values {
        let mut values = Values::default();
        let reference = Reference { service: "a".into(), name: "key".into(), form: None };
        values.insert(reference, value.to_owned());
        values
    }

    #[test]
    fn references_become_values() {
        let text = "{\"key\": \"mediac-secret(a/key)\"}";
        assert_eq!(values("v1").fill(text).unwrap(), "{\"key\": \"v1\"}");
        assert!(matches!(values("a\"b").fill(text), Err(Unfilled::Unfit(_))));
        // A file that is nothing but the secret has no format to break.
        assert_eq!(values("a\"b").fill("mediac-secret(a/key)\n").unwrap(), "a\"b\n");
        assert!(matches!(values("v1").fill("mediac-secret(a/other)"), Err(Unfilled::Missing(_))));
    }

    #[test]
    fn a_filled_file_is_known_again() {
        let text = "k=mediac-secret(a/key)\nl=mediac-secret(a/key);\n";
        for (other, known) in [
            ("k=1\nl=2;\n", true),
            ("k=\nl=;\n", true),
            ("k=1\nl=2;\nm=3\n", false),
            ("j=1\nl=2;\n", false),
            ("k=1\n", false),
        ] {
            assert_eq!(could_be(text, other), known, "{other}");
        }
        assert!(could_be("mediac-secret(a/key)\n", "one line\nanother\n"));
        assert!(could_be("plain\n", "plain\n") && !could_be("plain\n", "plain\nmore"));
    }
}
