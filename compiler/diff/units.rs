//! Units of systemd: what a change within one asks for, and which others go with it.

use std::collections::{BTreeMap, BTreeSet};

use super::Snapshot;

/// Where units lie below a host's folder.
pub const UNITS: &str = "etc/systemd/system/";

/// What a changed unit asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asks {
    /// systemd reads it again; what runs is left alone.
    Reread,
    /// The unit is reloaded.
    Reload,
    /// The unit is restarted.
    Restart,
}

/// Settings of `[Unit]` that change nothing about what runs.
const WORDS: &[&str] = &[
    "AllowIsolate",
    "CollectMode",
    "Description",
    "Documentation",
    "IgnoreOnIsolate",
    "OnFailure",
    "OnFailureJobMode",
    "OnSuccess",
    "RefuseManualStart",
    "RefuseManualStop",
    "SourcePath",
    "StopWhenUnneeded",
];

/// Kinds of units that have nothing running to restart.
const PASSIVE: &[&str] = &["path", "slice", "target"];

/// Settings by section and key.
type Settings = BTreeMap<(String, String), Vec<String>>;

/// What the change of a unit file asks for. `name` is that of the unit.
pub fn compare(name: &str, old: &str, new: &str) -> Asks {
    let (old, new) = (parse(old), parse(new));
    let kind = name.rsplit('.').next().unwrap_or_default();
    // What starts, ends, and is done: its next run is the new one.
    if PASSIVE.contains(&kind) || (is(&new, "Type", "oneshot") && !is(&new, "RemainAfterExit", "yes")) {
        return Asks::Reread;
    }
    let keys: BTreeSet<&(String, String)> = old.keys().chain(new.keys()).collect();
    let changed = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let asks = changed.map(|(section, key)| match (section.as_str(), key.as_str()) {
        ("Unit", key) if WORDS.contains(&key) => Asks::Reread,
        // What matters only when it is enabled, or when it stops, the next time.
        ("Install", _) | ("Service", "ExecStop" | "ExecStopPost") => Asks::Reread,
        ("Service", "ExecReload") | ("Mount", "Options") => Asks::Reload,
        _ => Asks::Restart,
    });
    asks.max().unwrap_or(Asks::Reread)
}

/// The unit that a file below [`UNITS`] belongs to, and whether it is the unit itself or adds to it.
pub fn unit_of(path: &str) -> Option<(&str, Part)> {
    let rest = path.strip_prefix(UNITS)?;
    match rest.split_once('/') {
        None => Some((rest, Part::Unit)),
        Some((folder, _)) => Some((folder.strip_suffix(".d")?, Part::DropIn)),
    }
}

/// What part of a unit a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The unit itself.
    Unit,
    /// An addition to a unit that may come from elsewhere.
    DropIn,
}

/// The units of a build that stop and start with the given one, and do so in turn for others.
pub fn followers(build: &Snapshot, unit: &str) -> Vec<String> {
    let all = merged(build);
    let point = all.get(unit).and_then(|settings| first(settings, "Mount", "Where")).map(str::to_owned);
    let follows = |settings: &Settings| {
        let named =
            ["Requires", "PartOf", "BindsTo"].iter().any(|key| words(settings, key).any(|word| word == unit));
        let mounted = point.as_deref().is_some_and(|point| {
            words(settings, "RequiresMountsFor").any(|path| crate::plan::storage_is_within(path, point))
        });
        named || mounted
    };
    all.iter()
        .filter(|(name, settings)| *name != unit && follows(settings))
        .map(|(name, _)| name.clone())
        .collect()
}

/// All units of a build, with what is added to them.
fn merged(build: &Snapshot) -> BTreeMap<String, Settings> {
    let mut all: BTreeMap<String, Settings> = BTreeMap::new();
    for path in build.files.keys() {
        let (Some((unit, _)), Some(text)) = (unit_of(path), build.text(path)) else { continue };
        let settings = all.entry(unit.to_owned()).or_default();
        for (key, values) in parse(text) {
            settings.entry(key).or_default().extend(values);
        }
    }
    all
}

fn words<'a>(settings: &'a Settings, key: &str) -> impl Iterator<Item = &'a str> {
    let values = settings.get(&("Unit".to_owned(), key.to_owned()));
    values.into_iter().flatten().flat_map(|value| value.split_ascii_whitespace())
}

fn first<'a>(settings: &'a Settings, section: &str, key: &str) -> Option<&'a str> {
    settings.get(&(section.to_owned(), key.to_owned()))?.first().map(String::as_str)
}

fn is(settings: &Settings, key: &str, value: &str) -> bool {
    first(settings, "Service", key).is_some_and(|found| found == value)
}

/// Reads a unit as systemd does: comments and empty lines say nothing, a backslash continues a line.
fn parse(text: &str) -> Settings {
    let mut settings = Settings::new();
    let mut section = String::new();
    let mut logical = String::new();
    for line in text.lines() {
        let line = line.trim();
        if logical.is_empty() && (line.is_empty() || line.starts_with(['#', ';'])) {
            continue;
        }
        if let Some(start) = line.strip_suffix('\\') {
            logical.push_str(start);
            logical.push(' ');
            continue;
        }
        logical.push_str(line);
        let whole = std::mem::take(&mut logical);
        if let Some(name) = whole.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = whole.split_once('=') {
            let key = (section.clone(), key.trim().to_owned());
            settings.entry(key).or_default().push(value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_ask_for_no_more_than_they_need() {
        let unit = "[Unit]\nDescription=a\n[Service]\nExecStart=/a\nExecReload=/r\n";
        let once = "[Service]\nType=oneshot\nExecStart=/a\n";
        for (name, old, new, asks) in [
            ("a.service", unit.to_owned(), unit.replace("=a\n", "=b\n"), Asks::Reread),
            ("a.service", unit.to_owned(), format!("# hello\n{unit}"), Asks::Reread),
            ("a.service", unit.to_owned(), format!("{unit}[Install]\nWantedBy=x\n"), Asks::Reread),
            ("a.service", unit.to_owned(), unit.replace("/r", "/s"), Asks::Reload),
            ("a.service", unit.to_owned(), unit.replace("/a", "/b"), Asks::Restart),
            ("a.service", once.to_owned(), once.replace("/a", "/b"), Asks::Reread),
            ("a.mount", "[Mount]\nOptions=a\n".to_owned(), "[Mount]\nOptions=b\n".to_owned(), Asks::Reload),
            ("a.mount", "[Mount]\nWhat=a\n".to_owned(), "[Mount]\nWhat=b\n".to_owned(), Asks::Restart),
            (
                "a.timer",
                "[Timer]\nOnBootSec=1\n".to_owned(),
                "[Timer]\nOnBootSec=2\n".to_owned(),
                Asks::Restart,
            ),
            (
                "a.slice",
                "[Slice]\nCPUWeight=1\n".to_owned(),
                "[Slice]\nCPUWeight=2\n".to_owned(),
                Asks::Reread,
            ),
        ] {
            assert_eq!(compare(name, &old, &new), asks, "{name}: {new}");
        }
    }

    #[test]
    fn files_belong_to_units() {
        assert_eq!(unit_of("etc/systemd/system/a.service"), Some(("a.service", Part::Unit)));
        assert_eq!(unit_of("etc/systemd/system/a.service.d/x.conf"), Some(("a.service", Part::DropIn)));
        assert_eq!(unit_of("etc/systemd/system/a.target.wants/b"), None);
        assert_eq!(unit_of("etc/other"), None);
    }
}
