//! Accounts: numbers, groups, and who may write what others have written.

use std::collections::BTreeMap;

use super::tools::{at, containers, option};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Access, Account, Host, Service};

/// Two accounts with one number.
pub fn uid_clash(host: &Host, report: &mut Report) {
    let mut seen: BTreeMap<u32, &str> = BTreeMap::new();
    for (name, account) in &host.accounts {
        if let Some(first) = seen.get(&account.uid) {
            let path = option(&["accounts", name, "uid"]);
            let free = free_uid(host, account.uid);
            report.push(
                Diagnostic::error(
                    "uid-clash",
                    &path,
                    format!("accounts `{first}` and `{name}` have one user number, {}", account.uid),
                    format!("set `{path} = {free}`"),
                )
                .also(&option(&["accounts", first, "uid"]), "the same number"),
            );
        } else {
            seen.insert(account.uid, name);
        }
    }
}

/// One group number with two names, or one name with two numbers.
pub fn group_clash(host: &Host, report: &mut Report) {
    let accounts: Vec<(&str, &Account)> =
        host.accounts.iter().map(|(name, account)| (name.as_str(), account)).collect();
    for (index, (name, account)) in accounts.iter().enumerate() {
        let group = group(name, account);
        let earlier = accounts.iter().take(index);
        let clash =
            earlier.clone().find(|(other, a)| (a.gid == account.gid) != (self::group(other, a) == group));
        let Some((first, other)) = clash else { continue };
        let (path, message, help) = if other.gid == account.gid {
            let path = option(&["accounts", name, "group"]);
            let named = self::group(first, other);
            let help = format!("set `{path} = \"{named}\"`");
            (path, format!("group {} has two names, `{named}` and `{group}`", account.gid), help)
        } else {
            let path = option(&["accounts", name, "gid"]);
            let help = format!("set `{path} = {}`", other.gid);
            (path, format!("the group `{group}` has two numbers, {} and {}", other.gid, account.gid), help)
        };
        report.push(
            Diagnostic::error("group-clash", &path, message, help)
                .here(format!("the group of `{name}`"))
                .also(&option(&["accounts", first, "gid"]), format!("the group of `{first}`")),
        );
    }
}

/// Services that write media under different groups.
pub fn media_group_mismatch(host: &Host, report: &mut Report) {
    let writers = writers(host);
    let Some((first_id, first_service, first)) = writers.first() else { return };
    for (id, service, account) in writers.iter().skip(1).filter(|(_, _, account)| account.gid != first.gid) {
        let gid = |service: &Service| option(&["accounts", &service.account, "gid"]);
        report.push(
            Diagnostic::warning(
                "media-group-mismatch",
                &gid(service),
                format!(
                    "`{first_id}` and `{id}` write media under different groups, {} and {}",
                    first.gid, account.gid
                ),
                format!("set `{} = {}`", gid(service), first.gid),
            )
            .here(format!("`{id}` runs under this account"))
            .also(&gid(first_service), format!("`{first_id}` runs under this one"))
            .because("neither may change or delete what the other has written"),
        );
    }
}

/// A umask that keeps the group from writing what several accounts share.
pub fn umask_blocks_group(host: &Host, report: &mut Report) {
    let blocks = u32::from_str_radix(&host.umask, 8).is_ok_and(|umask| umask & 0o020 != 0);
    let writers = writers(host);
    let Some((first_id, _, first)) = writers.first().filter(|_| blocks) else { return };
    if let Some((id, _, _)) = writers.iter().find(|(_, _, account)| account.uid != first.uid) {
        report.push(
            Diagnostic::warning(
                "umask-blocks-group",
                &option(&["umask"]),
                format!(
                    "with the umask {}, `{first_id}` and `{id}` cannot change each other's files",
                    host.umask
                ),
                "set `umask = \"002\"`",
            )
            .also(&at(id, &["account"]), "the two run under different accounts"),
        );
    }
}

/// A confined service under an account that others have as well.
pub fn shared_torrent_account(host: &Host, report: &mut Report) {
    let Some(_) = &host.killswitch else { return };
    let uid = |service: &Service| host.accounts.get(&service.account).map(|account| account.uid);
    let open =
        || containers(host).filter(|(_, service)| service.confine.is_none() && service.tunnel.is_none());
    for (id, service) in containers(host).filter(|(_, service)| service.confine.is_some()) {
        let Some(number) = uid(service) else { continue };
        let Some((other, _)) = open().find(|(_, other)| uid(other) == Some(number)) else { continue };
        let path = at(id, &["account"]);
        let own = host
            .accounts
            .iter()
            .find(|(_, account)| open().all(|(_, other)| uid(other) != Some(account.uid)));
        let help = if let Some((name, _)) = own {
            format!("set `{path} = \"{name}\"`")
        } else {
            let gid = host.accounts.get(&service.account).map_or(number, |account| account.gid);
            let free = free_uid(host, number);
            format!(
                "add `accounts.confined = {{ uid = {free}, gid = {gid}, group = \"…\" }}`, and set `{path} = \"confined\"`"
            )
        };
        report.push(
            Diagnostic::error(
                "shared-torrent-account",
                &path,
                format!("`{id}` is confined, but runs under the same account as `{other}`, which is not"),
                help,
            )
            .also(&at(other, &["account"]), format!("`{other}` has user number {number} as well"))
            .because(
                "the kill-switch also knows confined programs by their user number; share the group instead",
            ),
        );
    }
}

/// The containers that write downloads or library, with their accounts.
fn writers(host: &Host) -> Vec<(&str, &Service, &Account)> {
    containers(host)
        .filter(|(_, s)| [s.uses.downloads, s.uses.library].contains(&Some(Access::Write)))
        .filter_map(|(id, service)| Some((id, service, host.accounts.get(&service.account)?)))
        .collect()
}

fn group<'a>(name: &'a str, account: &'a Account) -> &'a str {
    account.group.as_deref().unwrap_or(name)
}

/// The next user number that no account has.
fn free_uid(host: &Host, from: u32) -> u32 {
    (from..=u32::MAX).find(|uid| host.accounts.values().all(|account| account.uid != *uid)).unwrap_or(from)
}
