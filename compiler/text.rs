//! Text in which each line knows the option it came from.

use crate::path::OptionPath;

/// The text of one output file, with the origin of its lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    content: String,
    /// One entry a line, in order.
    origins: Vec<Option<OptionPath>>,
}

impl Text {
    /// Text without any lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one line; a line feed is added behind it. `line` may hold line feeds of its own (a quoted
    /// scalar, say): each of them counts as a line of the same origin.
    pub fn line(&mut self, line: &str, origin: Option<&OptionPath>) {
        self.content.push_str(line);
        self.content.push('\n');
        for _ in 0..=line.matches('\n').count() {
            self.origins.push(origin.cloned());
        }
    }

    /// Adds all lines of `other`.
    pub fn append(&mut self, other: Self) {
        self.content.push_str(&other.content);
        self.origins.extend(other.origins);
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.content
    }

    /// The origin of a line, counted from 1.
    pub fn origin(&self, line: usize) -> Option<&OptionPath> {
        self.origins.get(line.checked_sub(1)?)?.as_ref()
    }

    /// How many lines there are.
    pub fn lines(&self) -> usize {
        self.origins.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_follow_lines() {
        let mut text = Text::new();
        let port = OptionPath::parse("port");
        text.line("first", None);
        text.line("second\nthird", Some(&port));
        assert_eq!(text.as_str(), "first\nsecond\nthird\n");
        assert_eq!(text.lines(), 3);
        assert_eq!(text.origin(1), None);
        assert_eq!(text.origin(3), Some(&port));
        assert_eq!(text.origin(0), None);
        assert_eq!(text.origin(4), None);
    }
}
