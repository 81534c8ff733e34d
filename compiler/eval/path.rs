//! Option paths: where in a host definition something was said.

use std::fmt;

/// The path of an option, written as a user would write it: `services.alpha.seeds."config.xml"`.
///
/// Ordered by its text, so maps keyed by it iterate in the same order everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OptionPath(String);

impl OptionPath {
    /// The path of the whole definition.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Reads a path from its written form. The text is taken as it is.
    pub fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The path of the field `name` below this one.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        let mut text = String::with_capacity(self.0.len() + name.len() + 3);
        text.push_str(&self.0);
        if !text.is_empty() {
            text.push('.');
        }
        if is_plain(name) {
            text.push_str(name);
        } else {
            text.push('"');
            for c in name.chars() {
                if matches!(c, '"' | '\\') {
                    text.push('\\');
                }
                text.push(c);
            }
            text.push('"');
        }
        Self(text)
    }

    /// The path of the `index`-th element (from 0) of the list at this path.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// The written form; empty for the whole definition.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path above this one, or `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let mut quoted = false;
        let mut cut = 0;
        let mut escaped = false;
        for (at, c) in self.0.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '.' | '[' if !quoted => cut = at,
                _ => {}
            }
        }
        Some(Self(self.0.get(..cut).unwrap_or_default().to_owned()))
    }

    /// The names of the fields from the root on, without quotes.
    pub fn segments(&self) -> Vec<String> {
        let mut segments = Vec::new();
        let mut name = String::new();
        let (mut quoted, mut escaped) = (false, false);
        for c in self.0.chars() {
            match c {
                _ if escaped => {
                    name.push(c);
                    escaped = false;
                }
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '.' if !quoted => segments.push(std::mem::take(&mut name)),
                _ => name.push(c),
            }
        }
        if !self.0.is_empty() {
            segments.push(name);
        }
        segments
    }

    /// Whether this path is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        other.0.is_empty()
            || self
                .0
                .strip_prefix(&other.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// Whether a field name needs no quotes in Nickel.
fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\''))
}

impl fmt::Display for OptionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(the whole definition)" } else { &self.0 })
    }
}

impl serde::Serialize for OptionPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_users_write_them() {
        let seeds = OptionPath::root().field("services").field("alpha").field("seeds");
        let file = seeds.field("config.xml");
        assert_eq!(file.as_str(), r#"services.alpha.seeds."config.xml""#);
        assert_eq!(file.parent(), Some(seeds.clone()));
        assert_eq!(file.segments(), ["services", "alpha", "seeds", "config.xml"]);
        assert_eq!(file.index(3).parent(), Some(file.clone()));
        assert!(file.is_within(&seeds));
        assert!(!seeds.is_within(&file));
        assert!(!OptionPath::parse("a.bc").is_within(&OptionPath::parse("a.b")));
    }
}
