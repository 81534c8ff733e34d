//! Small words of the vocabulary that were checked as text and mean more.

use std::fmt;

use serde::Deserialize;

/// A file mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Mode(u32);

impl Mode {
    /// The mode of the given bits.
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// Its bits, as chmod(2) takes them.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        u32::from_str_radix(&text, 8).map(Self).map_err(|_| format!("`{text}` is no mode"))
    }
}

/// Four octal digits.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

/// A length of time, as Docker and systemd both read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Duration(String);

impl Duration {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
