//! What systemd, nft and Docker answer when they are asked what is the case.

use std::collections::BTreeMap;

use serde_json::Value;

/// A unit, by what `systemctl show` says of it.
pub(super) struct Unit<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Unit<'a> {
    pub(super) fn new(answer: &'a str) -> Self {
        Self(answer.lines().filter_map(|line| line.split_once('=')).collect())
    }

    fn get(&self, property: &str) -> &'a str {
        self.0.get(property).copied().unwrap_or_default()
    }

    /// Its state, in systemd's words.
    pub(super) fn state(&self) -> &'a str {
        self.get("ActiveState")
    }

    pub(super) fn is_active(&self) -> bool {
        matches!(self.state(), "active" | "reloading")
    }

    pub(super) fn has_stopped(&self) -> bool {
        matches!(self.state(), "inactive" | "failed")
    }

    pub(super) fn is_used(&self) -> bool {
        !self.has_stopped()
    }

    /// It goes on running, with the files that are there.
    pub(super) fn is_well(&self, unit: &str) -> Result<(), String> {
        if self.is_active() { self.is_read(unit) } else { Err(format!("{unit} is {}", self.state())) }
    }

    /// It was started since then, by the files that are there, and has not failed. Its conditions may not have been met.
    pub(super) fn ran_since(&self, was: &Self, unit: &str) -> Result<(), String> {
        self.is_read(unit)?;
        let is_another = self.get("InvocationID") != was.get("InvocationID");
        if is_another || self.was_refused_since(was) || self.is_forgotten() {
            Ok(())
        } else {
            Err(format!("{unit} was not started anew"))
        }
    }

    /// Something happened to it since then, and it has not failed.
    pub(super) fn moved_since(&self, was: &Self, unit: &str) -> Result<(), String> {
        self.is_read(unit)?;
        let changed = |property: &str| self.get(property) != was.get(property);
        if changed("StateChangeTimestampMonotonic") || self.was_refused_since(was) || self.is_forgotten() {
            Ok(())
        } else {
            Err(format!("{unit} took nothing in"))
        }
    }

    fn is_read(&self, unit: &str) -> Result<(), String> {
        match (self.state(), self.get("NeedDaemonReload")) {
            ("", _) => Err(format!("systemd says nothing of {unit}")),
            ("failed", _) => Err(format!("{unit} has failed")),
            (_, "yes") => Err(format!("systemd knows another {unit} than the one that is there")),
            _ => Ok(()),
        }
    }

    /// systemd looked at its conditions again, and they do not hold: it is not started where it has no place.
    fn was_refused_since(&self, was: &Self) -> bool {
        let looked = "ConditionTimestampMonotonic";
        self.get("ConditionResult") == "no" && self.get(looked) != was.get(looked)
    }

    /// A program that ran to its end, of a unit that nothing refers to: systemd has forgotten that there ever was one.
    fn is_forgotten(&self) -> bool {
        self.get("Type") == "oneshot"
            && self.get("RemainAfterExit") == "no"
            && self.get("InvocationID").is_empty()
    }
}

/// The number of a table, if it is there, by what `nft --json list tables` says. Its name is FAMILY NAME.
pub(super) fn handle(answer: &str, name: &str) -> Result<Option<u64>, String> {
    let answer: Value = serde_json::from_str(answer).map_err(|error| format!("nft: {error}"))?;
    let list = answer.get("nftables").and_then(Value::as_array).ok_or("nft says nothing of tables")?;
    let text =
        |table: &Value, key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut tables = list.iter().filter_map(|object| object.get("table"));
    let found = tables.find(|table| format!("{} {}", text(table, "family"), text(table, "name")) == name);
    Ok(found.map(|table| table.get("handle").and_then(Value::as_u64).unwrap_or_default()))
}

/// Containers, a line each: names, number, state, definition in brackets, and how it is.
pub(super) struct Containers<'a>(pub(super) &'a str);

impl<'a> Containers<'a> {
    /// Whether each is made from its definition.
    pub(super) fn are_made(&self, wanted: &BTreeMap<String, String>) -> Result<(), String> {
        wanted.iter().try_for_each(|(name, definition)| {
            let made = self.part(name, 3)?;
            if definition.is_empty() || made == format!("[{definition}]") {
                Ok(())
            } else {
                Err(format!("the container {name} is not the one that is wanted"))
            }
        })
    }

    /// Whether each is, and runs, and is well.
    pub(super) fn are_well(&self, wanted: &BTreeMap<String, String>) -> Result<(), String> {
        self.are_made(wanted)?;
        wanted.keys().try_for_each(|name| {
            let is_ill =
                ["(unhealthy)", "(health: starting)"].iter().any(|words| self.line(name).ends_with(words));
            if self.part(name, 2)? == "running" && !is_ill {
                Ok(())
            } else {
                Err(format!("the container {name} is not well"))
            }
        })
    }

    fn part(&self, name: &str, index: usize) -> Result<&'a str, String> {
        let part = self.line(name).split(' ').nth(index);
        part.ok_or_else(|| format!("there is no container {name}"))
    }

    fn line(&self, name: &str) -> &'a str {
        self.0.lines().find(|line| is_named(line, name)).unwrap_or_default()
    }
}

/// Whether a line of Docker's is about something of this name; there may be more names, with commas.
pub(super) fn is_named(line: &str, name: &str) -> bool {
    line.split(' ').next().is_some_and(|names| names.split(',').any(|one| one == name))
}

#[cfg(test)]
mod tests {
    use super::super::proof::Proof;

    fn unit(state: &str, invocation: &str, moved: u32, rest: &str) -> String {
        format!(
            "Type=simple\nRemainAfterExit=no\nActiveState={state}\nInvocationID={invocation}\n\
             StateChangeTimestampMonotonic={moved}\nConditionTimestampMonotonic={moved}\nNeedDaemonReload=no\n{rest}"
        )
    }

    fn check(proof: &Proof, before: &str, after: &str, wanted: &str) {
        assert_eq!(proof.judge(before, after).err().unwrap_or_default(), wanted, "{proof:?}");
    }

    #[test]
    fn units_that_were_left_alone_are_noticed() {
        let name = || "a.service".to_owned();
        let (old, new) = (unit("active", "1", 1, ""), unit("active", "2", 2, ""));
        let (reloaded, gone) = (unit("active", "1", 2, ""), unit("inactive", "1", 3, ""));
        let failed = unit("failed", "2", 2, "");
        let stale = new.replace("NeedDaemonReload=no", "NeedDaemonReload=yes");
        let refused = unit("inactive", "1", 4, "ConditionResult=no");
        let over = unit("inactive", "", 0, "").replace("Type=simple", "Type=oneshot");
        let anew = "a.service was not started anew";
        for (proof, before, after, wanted) in [
            (Proof::Restarted(name()), &old, &new, ""),
            (Proof::Restarted(name()), &old, &old, anew),
            (Proof::Restarted(name()), &old, &failed, "a.service has failed"),
            (
                Proof::Restarted(name()),
                &old,
                &stale,
                "systemd knows another a.service than the one that is there",
            ),
            (Proof::Restarted(name()), &gone, &refused, ""),
            (Proof::Restarted(name()), &over, &over, ""),
            (Proof::RestartedIfUsed(name()), &old, &old, anew),
            (Proof::RestartedIfUsed(name()), &gone, &gone, ""),
            (Proof::RestartedIfUsed(name()), &failed, &failed, ""),
            (Proof::Started(name()), &old, &old, ""),
            (Proof::Started(name()), &old, &gone, "a.service is inactive"),
            (Proof::Started(name()), &gone, &new, ""),
            (Proof::Started(name()), &gone, &gone, anew),
            (Proof::Reloaded(name()), &old, &reloaded, ""),
            (Proof::Reloaded(name()), &old, &old, "a.service took nothing in"),
            (Proof::Stopped(name()), &old, &gone, ""),
            (Proof::Stopped(name()), &old, &failed, ""),
            (Proof::Stopped(name()), &old, &old, "a.service is active"),
            (Proof::Forgotten(name()), &failed, &gone, ""),
            (Proof::Forgotten(name()), &failed, &failed, "a.service is still failed"),
        ] {
            check(&proof, before, after, wanted);
        }
        check(&Proof::Restarted(name()), "", "", "systemd says nothing of a.service");
        check(&Proof::Disabled(name()), "", "enabled\n", "a.service is still enabled");
        check(&Proof::Disabled(name()), "", "not-found\n", "");
        check(&Proof::Enabled(name()), "", "disabled\n", "a.service is disabled, not enabled");
    }

    #[test]
    fn tables_are_known_by_their_numbers() {
        let tables = |list: &str| format!("{{\"nftables\": [{{\"metainfo\": {{}}}}{list}]}}");
        let table = |number: u32| {
            tables(&format!(
                ", {{\"table\": {{\"family\": \"inet\", \"name\": \"mediac_firewall\", \"handle\": {number}}}}}"
            ))
        };
        let name = || "inet mediac_firewall".to_owned();
        check(&Proof::NewTable(name()), &table(2), &table(3), "");
        check(&Proof::NewTable(name()), &tables(""), &table(3), "");
        let (stays, none) = ("the table inet mediac_firewall was not loaded again", &tables(""));
        check(&Proof::NewTable(name()), &table(2), &table(2), stays);
        check(&Proof::NewTable(name()), &table(2), none, stays);
        check(&Proof::NoTables(vec![name()]), "", &table(2), "the table inet mediac_firewall is still there");
        check(&Proof::NoTables(vec![name()]), "", none, "");
        assert!(Proof::NoTables(vec![name()]).judge("", "").is_err());
        let local = "0:\tfrom all lookup local\n";
        check(&Proof::NoRules, "", local, "");
        let rules = format!("{local}99:\tfrom all lookup main proto 77\n");
        check(&Proof::NoRules, "", &rules, "its routing rules are still there");
    }

    #[test]
    fn containers_are_known_by_their_definitions() {
        let well = "other,a 1 running [x1] Up 2 seconds (healthy)\nb 2 running [] Up 2 seconds\n";
        let ill =
            "a 1 running [x1] Up 2 seconds (health: starting)\nb 2 exited [] Exited (0) 2 seconds ago\n";
        let made = |definition: &str| Proof::Made([("a".to_owned(), definition.to_owned())].into());
        check(&made("x1"), "", ill, "");
        check(&made("x2"), "", well, "the container a is not the one that is wanted");
        let runs = |name: &str| Proof::Well([(name.to_owned(), String::new())].into());
        for name in ["a", "b"] {
            check(&runs(name), "", well, "");
            check(&runs(name), "", ill, &format!("the container {name} is not well"));
            check(&Proof::Gone(name.to_owned()), well, well, &format!("{name} is still there"));
            check(&Proof::Gone(name.to_owned()), well, "a 3 running [x1] Up\nb 4 running [] Up\n", "");
            check(&Proof::Gone(name.to_owned()), "", "", "");
        }
        check(&runs("c"), "", well, "there is no container c");
    }
}
