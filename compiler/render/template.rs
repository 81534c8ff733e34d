//! Templates for files that people read: strict about undefined values, quoting by default.
//!
//! A line can name the option it comes from with the filter `from`, which leaves a mark that is taken
//! out again: no value can hold the characters it is made of, as control characters are refused before.

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::Unwritable;
use crate::format::{FormatIssue, caddyfile, nft};
use crate::path::OptionPath;
use crate::text::Text;

const MARK: char = '\u{1}';

/// A template, and the language it is written for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Template {
    /// The Caddyfile.
    Caddyfile,
    /// The host's firewall.
    Firewall,
    /// The kill-switch.
    KillSwitch,
}

impl Template {
    const fn source(self) -> &'static str {
        match self {
            Self::Caddyfile => include_str!("../templates/Caddyfile.j2"),
            Self::Firewall => include_str!("../templates/firewall.nft.j2"),
            Self::KillSwitch => include_str!("../templates/killswitch.nft.j2"),
        }
    }

    fn quote(self, text: &str) -> Result<String, FormatIssue> {
        match self {
            Self::Caddyfile => caddyfile::token(text),
            // Addresses, ports and networks stand as they are; names go through a filter.
            Self::Firewall | Self::KillSwitch => {
                let plain = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/');
                if text.chars().all(plain) { Ok(text.to_owned()) } else { nft::string(text) }
            }
        }
    }
}

/// Typed values that need no quotes, such as networks, with commas or spaces between them.
pub(super) fn words<T: ToString>(items: impl IntoIterator<Item = T>, between: &str) -> Value {
    let words: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    Value::from_safe_string(words.join(between))
}

/// Fills a template in.
pub(super) fn fill(
    template: Template,
    view: &impl Serialize,
    origin: &OptionPath,
) -> Result<Text, Vec<Unwritable>> {
    let failed = |error: Error| {
        let message = match error.kind() {
            ErrorKind::BadEscape => error.detail().unwrap_or_default().to_owned(),
            _ => format!("internal error, please report: {error:#}"),
        };
        vec![Unwritable { issue: FormatIssue { origin: None, message }, fallback: origin.clone() }]
    };
    let environment = environment(template).map_err(failed)?;
    let filled = environment
        .get_template("template")
        .and_then(|compiled| compiled.render(Serde(view)))
        .map_err(failed)?;
    Ok(text(&filled, origin))
}

fn environment(template: Template) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        minijinja::syntax::SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("words".into()));
    environment.set_formatter(move |out, state, value| {
        if value.is_undefined() {
            let message = format!("undefined value in {}", state.name());
            return Err(Error::new(ErrorKind::UndefinedError, message));
        }
        let text = value.to_string();
        if value.is_safe() {
            return out.write_str(&text).map_err(Error::from);
        }
        let quoted =
            template.quote(&text).map_err(|issue| Error::new(ErrorKind::BadEscape, issue.message))?;
        out.write_str(&quoted).map_err(Error::from)
    });
    environment.add_filter("ifname", |name: &str| {
        nft::ifname(name)
            .map(Value::from_safe_string)
            .map_err(|issue| Error::new(ErrorKind::BadEscape, issue.message))
    });
    environment.add_filter("from", |path: &str| Value::from_safe_string(format!("{MARK}{path}{MARK}")));
    environment.add_template("template", template.source())?;
    Ok(environment)
}

/// Takes the marks out again.
fn text(filled: &str, origin: &OptionPath) -> Text {
    let mut text = Text::new();
    for line in filled.lines() {
        let mut parts = line.split(MARK);
        let mut plain = parts.next().unwrap_or_default().to_owned();
        let path = parts.next();
        parts.for_each(|rest| plain.push_str(rest));
        match path {
            Some(path) => text.line(plain.trim_end(), Some(&OptionPath::parse(path))),
            None => text.line(&plain, Some(origin)),
        }
    }
    text
}
