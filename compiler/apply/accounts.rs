//! Names and numbers of accounts: those of the target, and those that a build brings.

use std::collections::BTreeMap;
use std::io;

use super::disk::{Disk, Found};

/// Accounts and groups by name.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Accounts {
    /// Those that the target has.
    pub fn read(disk: &Disk) -> io::Result<Self> {
        let mut accounts = Self::default();
        accounts.users.insert("root".to_owned(), 0);
        accounts.groups.insert("root".to_owned(), 0);
        for (path, into) in [("/etc/passwd", &mut accounts.users), ("/etc/group", &mut accounts.groups)] {
            if let Found::File { bytes, .. } = disk.look(path)? {
                into.extend(String::from_utf8_lossy(&bytes).lines().filter_map(numbered));
            }
        }
        Ok(accounts)
    }

    /// Adds those that a `sysusers.d` file declares with a number; what the target has already stays as it is.
    pub fn declare(&mut self, sysusers: &str) {
        for line in sysusers.lines() {
            let mut words = line.split_whitespace();
            let (Some(kind), Some(name), Some(number)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let (user, group) = number.split_once(':').unwrap_or((number, number));
            if let ("u" | "u!", Ok(user)) = (kind, user.parse()) {
                self.users.entry(name.to_owned()).or_insert(user);
            }
            if let ("u" | "u!" | "g", Ok(group)) = (kind, group.parse()) {
                self.groups.entry(name.to_owned()).or_insert(group);
            }
        }
    }

    /// The number of a user.
    pub fn user(&self, name: &str) -> Option<u32> {
        self.users.get(name).copied()
    }

    /// The number of a group.
    pub fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied()
    }
}

/// `name:password:number:…`
fn numbered(line: &str) -> Option<(String, u32)> {
    let mut fields = line.split(':');
    Some((fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_from_the_target_or_from_the_build() {
        let mut accounts = Accounts::default();
        accounts.users.extend(numbered("media:x:1000:1000::/:/bin/sh"));
        accounts.declare(
            "g media 1500 -\nu media 1500:1500 \"Media\" /srv\nu! torrent 1501 - -\nm media video\n",
        );
        assert_eq!((accounts.user("media"), accounts.group("media")), (Some(1000), Some(1500)));
        assert_eq!((accounts.user("torrent"), accounts.group("torrent")), (Some(1501), Some(1501)));
        assert_eq!(accounts.user("video"), None);
    }
}
