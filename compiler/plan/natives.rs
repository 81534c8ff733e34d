//! Services that run as units of the host.

use std::collections::BTreeMap;

use super::{Native, storage};
use crate::ir::{Access, Host, Runtime};

/// The native services of a host.
pub fn plan(host: &Host) -> BTreeMap<String, Native> {
    let mut natives = BTreeMap::new();
    for (id, service) in &host.services {
        let (Runtime::Native, Some(native)) = (service.runtime, &service.native) else { continue };
        let used = storage::areas(host, service);
        let mut groups: Vec<String> =
            native.groups.iter().filter(|(_, wanted)| **wanted).map(|(name, _)| name.clone()).collect();
        if !used.is_empty() {
            groups.push(super::accounts::group(host, &service.account));
        }
        groups.sort();
        groups.dedup();
        let writes = used.iter().any(|area| area.access == Access::Write);
        let mut mounts: Vec<String> = used.into_iter().map(|area| area.path).collect();
        mounts.extend(service.mounts.values().map(|mount| mount.source.clone()));
        mounts.sort();
        natives.insert(
            id.clone(),
            Native {
                title: service.title.clone(),
                kind: service.kind.clone(),
                unit: native.unit.clone(),
                user: native.user.clone(),
                groups,
                mounts,
                env: service.env.clone(),
                gpu: service.gpu && host.gpu.is_some(),
                umask: writes.then(|| host.umask.clone()),
                origin: Host::service_path(id),
            },
        );
    }
    natives
}
