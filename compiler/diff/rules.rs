//! Which file has which consequence: the one table of it.

/// A kind of file, and what follows when one changes.
#[derive(Debug)]
pub struct Rule {
    /// Which files.
    at: At,
    /// What follows.
    pub effect: Effect,
    /// Why that is enough.
    pub why: &'static str,
}

/// Which files a rule is about; paths are absolute, as on the machine.
#[derive(Debug)]
enum At {
    /// One file.
    Path(&'static str),
    /// Everything below a folder.
    Below(&'static str),
    /// Everything in folders of this name.
    Within(&'static str),
    /// Files of this name.
    Named(&'static str),
}

/// What follows from a changed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is the Compose file: the services in it are compared one by one.
    Compose,
    /// It is a unit, or part of one: what changes within it decides.
    Unit,
    /// The named unit takes it in without a restart.
    Reload(&'static str),
    /// The named unit is restarted.
    Restart(&'static str),
    /// All units of the build whose name starts like this are restarted.
    RestartAll(&'static str),
    /// The service it belongs to takes it in without a restart.
    ReloadOwner,
    /// A program is run.
    Run(&'static str),
    /// Nothing, and that is right.
    Nothing,
}

/// The first rule that fits counts.
const RULES: &[Rule] = &[
    Rule { at: At::Path("/etc/mediac/compose.yaml"), effect: Effect::Compose, why: "" },
    Rule {
        at: At::Path("/etc/mediac/firewall.nft"),
        effect: Effect::Reload("mediac-firewall.service"),
        why: "nft puts the new table in place of the old one in one step, so there is no gap",
    },
    Rule {
        at: At::Path("/etc/mediac/killswitch.nft"),
        effect: Effect::Reload("mediac-killswitch.service"),
        why: "nft puts the new table in place of the old one in one step, so there is no gap",
    },
    Rule {
        at: At::Path("/etc/mediac/killswitch.belt"),
        effect: Effect::Reload("mediac-killswitch.service"),
        why: "the routing rules are set again",
    },
    Rule {
        at: At::Path("/usr/lib/mediac/killswitch-belt"),
        effect: Effect::Reload("mediac-killswitch.service"),
        why: "the routing rules are set again, by the new script",
    },
    Rule {
        at: At::Path("/usr/lib/mediac/killswitch-uplinks"),
        effect: Effect::Reload("mediac-killswitch.service"),
        why: "the interfaces are locked again, by the new script",
    },
    Rule {
        at: At::Path("/usr/lib/mediac/namespace-supervisor"),
        effect: Effect::RestartAll("mediac-namespace-"),
        why: "the script that it runs changes; containers keep running",
    },
    Rule {
        at: At::Path("/etc/mediac/storage.tmpfiles"),
        effect: Effect::Run("systemd-tmpfiles --create /etc/mediac/storage.tmpfiles"),
        why: "folders are made, and their modes and owners set; none is removed",
    },
    Rule {
        at: At::Path("/etc/mediac/packages.list"),
        effect: Effect::Run("apt-get install"),
        why: "missing packages are installed; none is removed",
    },
    Rule {
        at: At::Path("/etc/mediac/wiring.json"),
        effect: Effect::Restart(WIRE),
        why: "services are wired anew",
    },
    Rule {
        at: At::Below("/run/mediac/wire"),
        effect: Effect::Restart(WIRE),
        why: "services are wired anew, with the new value",
    },
    Rule { at: At::Below("/etc/systemd/system"), effect: Effect::Unit, why: "" },
    Rule {
        at: At::Below("/etc/systemd/networkd.conf.d"),
        effect: Effect::Restart("systemd-networkd.service"),
        why: "it reads the file at its start; it need not be in use",
    },
    Rule {
        at: At::Below("/etc/sysusers.d"),
        effect: Effect::Run("systemd-sysusers"),
        why: "missing accounts are made; present ones keep their numbers",
    },
    Rule {
        at: At::Below("/etc/tmpfiles.d"),
        effect: Effect::Run("systemd-tmpfiles --create"),
        why: "folders are made, and their modes and owners set",
    },
    Rule {
        at: At::Below("/etc/udev/rules.d"),
        effect: Effect::Run("udevadm control --reload && udevadm trigger"),
        why: "the rules are read again, and applied to devices that are there",
    },
    Rule {
        at: At::Below("/etc/apt/sources.list.d"),
        effect: Effect::Run("apt-get update"),
        why: "the package lists are refreshed",
    },
    Rule {
        at: At::Below("/run/mediac"),
        effect: Effect::Nothing,
        why: "secrets are filled in when it is applied; containers that read it are made anew",
    },
    Rule { at: At::Within("sshd_config.d"), effect: Effect::ReloadOwner, why: "open sessions stay" },
    Rule { at: At::Within("authorized_keys.d"), effect: Effect::Nothing, why: "it is read at each login" },
    Rule { at: At::Within("jail.d"), effect: Effect::ReloadOwner, why: "bans stay" },
    Rule { at: At::Within("filter.d"), effect: Effect::ReloadOwner, why: "bans stay" },
    Rule { at: At::Within("action.d"), effect: Effect::ReloadOwner, why: "bans stay" },
    Rule { at: At::Named("Caddyfile"), effect: Effect::ReloadOwner, why: "open connections stay" },
];

/// What starts wiring: soon after it has started itself.
pub const WIRE: &str = "mediac-wire.timer";

/// Units whose restart stops and starts every container.
pub const STOPS_CONTAINERS: &[&str] = &["docker.service", "mediac-stack.service"];

/// The rule for a file of the machine, by its absolute path.
pub fn rule(path: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.at.fits(path))
}

impl At {
    fn fits(&self, path: &str) -> bool {
        match self {
            Self::Path(exact) => path == *exact,
            Self::Below(folder) => path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
            Self::Within(name) => path.rsplit('/').skip(1).any(|folder| folder == *name),
            Self::Named(name) => path.rsplit('/').next() == Some(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_find_their_rule() {
        for (path, effect) in [
            ("/etc/mediac/compose.yaml", Some(Effect::Compose)),
            ("/etc/systemd/system/a.service.d/b.conf", Some(Effect::Unit)),
            ("/etc/x/sshd_config.d/10-mediac.conf", Some(Effect::ReloadOwner)),
            ("/etc/mediac/live/proxy/Caddyfile", Some(Effect::ReloadOwner)),
            ("/etc/sysusers.d/mediac.conf", Some(Effect::Run("systemd-sysusers"))),
            ("/etc/sysusers.dx/mediac.conf", None),
            ("/srv/config/filter.d", None),
        ] {
            assert_eq!(rule(path).map(|rule| rule.effect), effect, "{path}");
        }
    }
}
