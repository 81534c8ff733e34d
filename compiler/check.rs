//! Judges what the user said. All findings of one run are reported, each with every place involved.
//!
//! A check sees the host as it was said and writes nothing down but findings; what is derived from the
//! host later may rely on there being no errors.

mod accounts;
mod capabilities;
mod confine;
mod disks;
mod files;
mod firewall;
mod mounts;
mod names;
mod needs;
mod network;
mod ports;
mod proxy;
mod runtime;
mod secrets;
mod storage;
mod strings;
mod system;
#[cfg(test)]
mod tests;
mod text;
mod tools;
mod tunnel;
mod wiring;

use crate::diag::Report;
use crate::ir::Host;

/// The code of a check's findings, and the check.
pub type Check = (&'static str, fn(&Host, &mut Report));

/// Judges a host.
pub fn check(host: &Host) -> Report {
    let mut report = Report::default();
    for (_, check) in CHECKS {
        check(host, &mut report);
    }
    report
}

/// Judges what is left of a host whose mistakes were taken out. What is missing may have been among them.
pub fn check_part(host: &Host) -> Report {
    let mut report = Report::default();
    for (_, check) in CHECKS.iter().filter(|(code, _)| !OF_THE_WHOLE.contains(code)) {
        check(host, &mut report);
    }
    report
}

/// Checks that complain of something that is not there.
const OF_THE_WHOLE: &[&str] = &[
    "confine-without-tunnel",
    "confined-without-killswitch",
    "container-without-image",
    "digest-without-image",
    "disk-without-id",
    "empty-host",
    "gpu-missing",
    "healthy-without-check",
    "lan-without-network",
    "native-without-unit",
    "no-way-in",
    "path-without-disk",
    "publish-unused",
    "reach-without-endpoint",
    "route-without-endpoint",
    "seed-without-state",
    "tunnel-dns",
    "tunnel-unused",
    "tunnel-without-endpoint",
    "tunnel-without-health",
    "api-unreachable",
    "unknown-account",
    "unknown-resource",
    "unknown-secret",
    "unknown-service",
    "uses-without-storage",
];

/// Every check by the code of its findings, in the order in which they are reported.
pub const CHECKS: &[Check] = &[
    ("empty-host", runtime::empty_host),
    ("unknown-service", names::unknown_service),
    ("unknown-account", names::unknown_account),
    ("reserved-name", names::reserved),
    ("container-without-image", runtime::container_without_image),
    ("digest-without-image", runtime::digest_without_image),
    ("native-without-unit", runtime::native_without_unit),
    ("image-unused", runtime::image_unused),
    ("image-not-pinned", runtime::image_not_pinned),
    ("health-test", runtime::health_test),
    ("user-format", runtime::user_format),
    ("gpu-missing", runtime::gpu_missing),
    ("ban-without-log", runtime::ban_without_log),
    ("port-clash", ports::clash),
    ("namespace-port-clash", ports::namespace_clash),
    ("publish-unused", ports::publish_unused),
    ("confine-to-itself", confine::to_itself),
    ("confine-without-tunnel", confine::without_tunnel),
    ("confine-without-container", confine::not_a_container),
    ("nested-confine", confine::nested),
    ("confined-port-on-wan", confine::port_on_wan),
    ("confined-network-option", confine::network_option),
    ("confined-reaches", confine::reaches),
    ("confined-without-killswitch", confine::without_killswitch),
    ("capability-breaks-confinement", capabilities::break_confinement),
    ("unknown-capability", capabilities::unknown),
    ("shared-torrent-account", accounts::shared_torrent_account),
    ("tunnel-without-endpoint", tunnel::without_endpoint),
    ("tunnel-without-health", tunnel::without_health),
    ("tunnel-unused", tunnel::unused),
    ("tunnel-dns", tunnel::dns),
    ("endpoint-at-home", tunnel::endpoint_at_home),
    ("endpoint-over-ipv6", tunnel::endpoint_over_ipv6),
    ("network-with-host-bits", network::host_bits),
    ("network-not-private", network::not_private),
    ("network-too-small", network::too_small),
    ("network-overlap", network::overlap),
    ("lan-without-network", network::no_lan),
    ("no-way-in", firewall::no_way_in),
    ("duplicate-site", proxy::duplicate_site),
    ("site-outside-domain", proxy::outside_domain),
    ("route-without-endpoint", proxy::without_endpoint),
    ("route-not-http", proxy::not_http),
    ("route-to-itself", proxy::route_to_itself),
    ("two-proxies", proxy::two_proxies),
    ("needs-cycle", needs::cycle),
    ("needs-native", needs::native),
    ("healthy-without-check", needs::healthy_without_check),
    ("reach-without-endpoint", needs::reach_without_endpoint),
    ("uid-clash", accounts::uid_clash),
    ("group-clash", accounts::group_clash),
    ("media-group-mismatch", accounts::media_group_mismatch),
    ("umask-blocks-group", accounts::umask_blocks_group),
    ("disk-without-id", disks::without_id),
    ("disk-with-two-ids", disks::with_two_ids),
    ("disk-twice", disks::twice),
    ("disk-reserved", disks::reserved),
    ("mount-clash", disks::mount_clash),
    ("uses-without-storage", storage::uses_without_storage),
    ("storage-reserved", storage::reserved),
    ("folder-clash", storage::folder_clash),
    ("path-without-disk", storage::path_without_disk),
    ("common-mount-exposes", storage::common_mount_exposes),
    ("imports-copy", storage::imports_copy),
    ("forbidden-mount", mounts::forbidden),
    ("forbidden-target", mounts::forbidden_target),
    ("single-file-mount", mounts::single_file),
    ("mount-target-clash", mounts::target_clash),
    ("shared-state", mounts::shared_state),
    ("file-clash", files::clash),
    ("file-outside", files::outside),
    ("seed-outside", files::seed_outside),
    ("seed-without-state", files::seed_without_state),
    ("directory-outside", files::directory_outside),
    ("literal-secret", secrets::literal),
    ("unknown-secret", secrets::unknown),
    ("secret-name", secrets::name),
    ("hash-of-no-password", secrets::hash_of_given),
    ("api-format", wiring::format),
    ("api-unreachable", wiring::unreachable),
    ("unknown-resource", wiring::unknown_resource),
    ("wiring-cycle", wiring::cycle),
    ("control-character", text::control_character),
    ("env-name", text::env_name),
];
