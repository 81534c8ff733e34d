//! Accounts that containers run under and files belong to.

use std::collections::BTreeSet;

use super::Account;
use crate::ir::{Host, Runtime};
use crate::path::OptionPath;

/// The accounts in use, and the one that owns the media, by name.
pub fn plan(host: &Host) -> Vec<Account> {
    let used: BTreeSet<&str> = host
        .services
        .values()
        .filter(|service| service.runtime == Runtime::Container)
        .map(|service| service.account.as_str())
        .chain(host.storage.library.as_ref().map(|_| owner(host)))
        .collect();
    used.into_iter()
        .filter_map(|name| {
            let account = host.accounts.get(name)?;
            Some(Account {
                name: name.to_owned(),
                uid: account.uid,
                group: account.group.clone().unwrap_or_else(|| name.to_owned()),
                gid: account.gid,
                origin: OptionPath::root().field("accounts").field(name),
            })
        })
        .collect()
}

/// The account that owns shared folders: `media`, or the first one there is.
pub fn owner(host: &Host) -> &str {
    let shared = "media";
    if host.accounts.contains_key(shared) {
        return shared;
    }
    host.accounts.keys().next().map_or("root", String::as_str)
}

/// The group of an account.
pub fn group(host: &Host, account: &str) -> String {
    host.accounts.get(account).and_then(|account| account.group.clone()).unwrap_or_else(|| account.to_owned())
}

/// User numbers that only confined services run under.
pub fn confined_uids(host: &Host) -> Vec<u32> {
    let uids = |confined: bool| -> BTreeSet<u32> {
        host.services
            .values()
            .filter(|service| service.runtime == Runtime::Container && service.confine.is_some() == confined)
            .filter_map(|service| host.accounts.get(&service.account))
            .map(|account| account.uid)
            .collect()
    };
    let open = uids(false);
    uids(true).into_iter().filter(|uid| !open.contains(uid)).collect()
}
