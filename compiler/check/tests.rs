use std::collections::BTreeSet;
use std::path::Path;

use super::{CHECKS, check};
use crate::diag::{Diagnostic, Place};
use crate::ir;
use crate::judge;
use crate::project::Project;
use crate::source::Sources;

/// What every host of these tests says unless it says otherwise.
const BASE: &str = r#"
let key = "K53l2wOIHU3262sX5N/5kAvCvt4r55lNui30EbvaDlE=" in
let container = { image | default = "example/image:1" } in
let web = container & { endpoints.http = { port | default = 80, scheme | default = 'http, expose | default = 'lan } } in
let wg = container & {
  builtin_health | default = true,
  tunnel = {
    interface | default = "wg0",
    dns | default = ["203.0.113.1"],
    endpoints.oslo = { ip | default = "203.0.113.51", public_key = key },
  },
} in
let confined = container & { confine | default = "tunnel", account | default = "torrent" } in
let vpn = { killswitch = {}, services = { tunnel = wg, alpha = confined } } in
let proxy = fun r => container & { proxy = { path | default = "/etc/mediac/live/proxy/config", domain = "example.org", routes = r } } in
let media = {
  storage = { downloads.root | default = "/srv/data/downloads", library.root | default = "/srv/data/media" },
  services.alpha.uses = { downloads = 'write, library = 'write },
} in
let disk = { uuid | default = "6f1b2a8e-3c4d-4e5f-8a9b-0c1d2e3f4a5b" } in
let login = { runtime = 'native, native = { unit = "login.service", user = "root" }, endpoints.login = { port = 22, expose = 'lan } } in
{
  name = "test",
  lan.ipv4 | default = ["192.168.1.0/24"],
  storage.config | default = "/srv/config",
  services.alpha = container,
} & "#;

/// A code, a host that triggers it, and one beside it that does not.
const HOSTS: &[(&str, &str, &str)] = &[
    ("empty-host", "{ services | force = {} }", "{}"),
    ("unknown-service", "{ services.alpha.confine = \"nobody\" }", "vpn"),
    (
        "unknown-service",
        "{ services.alpha.needs.bta = 'started, services.beta = container }",
        "{ services.alpha.needs.beta = 'started, services.beta = container }",
    ),
    (
        "unknown-service",
        "{ services.alpha.reaches.nobody = true }",
        "{ services.alpha.reaches.nobody = false }",
    ),
    (
        "unknown-service",
        "{ services.beta = proxy { alpha = { host = \"alpha\", to = \"nobody\" } } }",
        "{ services.beta = proxy { alpha = { host = \"alpha\", to = \"alpha\" } } }",
    ),
    ("unknown-account", "{ services.alpha.account = \"medai\" }", "{ services.alpha.account = \"torrent\" }"),
    (
        "container-without-image",
        "{ services.beta.runtime = 'container }",
        "{ services.beta.runtime = 'none }",
    ),
    (
        "digest-without-image",
        "{ services.beta = { runtime = 'none, digest = \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" } }",
        "{ services.alpha.digest = \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" }",
    ),
    ("native-without-unit", "{ services.beta.runtime = 'native }", "{ services.beta = login }"),
    ("image-unused", "{ services.beta = login & container }", "{ services.beta = login }"),
    (
        "image-not-pinned",
        "{ services.alpha.image = \"example/image:latest\" }",
        "{ services.alpha.image = \"example/image:1.2\" }",
    ),
    (
        "image-not-pinned",
        "{ services.alpha.image = \"example.org:5000/image\" }",
        "{ services.alpha = { image = \"example/image\", digest = \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" } }",
    ),
    (
        "health-test",
        "{ services.alpha.health.test = [\"curl\", \"localhost\"] }",
        "{ services.alpha.health.test = [\"CMD\", \"curl\", \"localhost\"] }",
    ),
    (
        "health-test",
        "{ services.alpha.health.test = [\"CMD-SHELL\", \"curl\", \"localhost\"] }",
        "{ services.alpha.health.test = [\"CMD-SHELL\", \"curl localhost\"] }",
    ),
    ("user-format", "{ services.alpha.user = \"media\" }", "{ services.alpha.user = \"1500:1500\" }"),
    ("gpu-missing", "{ services.alpha.gpu = true }", "{ services.alpha.gpu = true, gpu = {} }"),
    (
        "ban-without-log",
        "{ services.alpha.bans.login = { port = \"80\", backend = 'polling } }",
        "{ services.alpha.bans.login = { port = \"80\", backend = 'polling, log = \"/srv/log/a\" } }",
    ),
    (
        "reserved-name",
        "{ services.mediac = wg, services.alpha = confined & { confine = \"mediac\" } }",
        "{ services.mediac = container }",
    ),
    (
        "reserved-name",
        "{ accounts = { media = { uid = 1500, gid = 1500 }, games = { uid = 1501, gid = 1500, group = \"media\" } } }",
        "{ accounts = { media = { uid = 1500, gid = 1500 }, gamer = { uid = 1501, gid = 1500, group = \"media\" } } }",
    ),
    (
        "port-clash",
        "vpn & { services = { alpha = web & { endpoints.http.expose = 'none }, beta = web & { reaches.alpha = true } } }",
        "vpn & { services = { alpha = web & { endpoints.http.expose = 'none }, beta = web } }",
    ),
    (
        "port-clash",
        "{ services = { alpha = web, beta = web } }",
        "{ services = { alpha = web, beta = web & { endpoints.http.publish = 81 } } }",
    ),
    (
        "port-clash",
        "{ services = { alpha = web, beta = web & { endpoints.http.expose = 'host } } }",
        "{ services = { alpha = web, beta = web & { endpoints.http.expose = 'none } } }",
    ),
    (
        "port-clash",
        "{ services = { alpha = web & { endpoints.http.port = 22 }, beta = login } }",
        "{ services = { alpha = web & { endpoints.http = { port = 22, proto = 'udp } }, beta = login } }",
    ),
    (
        "namespace-port-clash",
        "vpn & { services = { alpha = web, beta = confined & web } }",
        "vpn & { services = { alpha = web, beta = confined & web & { endpoints.http.port = 81 } } }",
    ),
    (
        "namespace-port-clash",
        "vpn & { services = { alpha = web, tunnel = web } }",
        "vpn & { services = { alpha = web, beta = web & { endpoints.http.publish = 81 } } }",
    ),
    (
        "publish-unused",
        "{ services.alpha = web & { endpoints.http = { publish = 81, expose = 'none } } }",
        "{ services.alpha = web & { endpoints.http = { publish = 81, expose = 'host } } }",
    ),
    (
        "publish-unused",
        "{ services.beta = login & { endpoints.login.publish = 23 } }",
        "{ services.beta = login }",
    ),
    ("confine-to-itself", "{ services.alpha.confine = \"alpha\" }", "vpn"),
    ("confine-without-tunnel", "{ services.alpha.confine = \"beta\", services.beta = container }", "vpn"),
    (
        "confine-without-container",
        "vpn & { services.beta = login & { confine = \"tunnel\" } }",
        "vpn & { services.beta = login }",
    ),
    (
        "nested-confine",
        "vpn & { services.beta = confined & { confine = \"alpha\" } }",
        "vpn & { services.beta = confined }",
    ),
    (
        "confined-port-on-wan",
        "vpn & { services.alpha = web & { endpoints.http.expose = 'wan } }",
        "vpn & { services.alpha = web }",
    ),
    (
        "confined-port-on-wan",
        "vpn & { services.tunnel = web & { endpoints.http.expose = 'wan } }",
        "{ services.alpha = web & { endpoints.http.expose = 'wan } }",
    ),
    (
        "confined-network-option",
        "vpn & { services.alpha.extra_hosts.nas = \"192.168.1.5\" }",
        "vpn & { services.tunnel.extra_hosts.nas = \"192.168.1.5\" }",
    ),
    (
        "confined-network-option",
        "vpn & { services.alpha.sysctls.\"net.ipv4.ip_forward\" = \"1\" }",
        "{ services.alpha.sysctls.\"net.ipv4.ip_forward\" = \"1\" }",
    ),
    (
        "confined-reaches",
        "vpn & { services = { alpha.reaches.beta = true, beta = web } }",
        "vpn & { services = { alpha.reaches.beta = true, beta = confined & web } }",
    ),
    ("confined-without-killswitch", "{ services = { tunnel = wg, alpha = confined } }", "vpn"),
    (
        "capability-breaks-confinement",
        "vpn & { services.alpha.capabilities.NET_ADMIN = true }",
        "vpn & { services.tunnel.capabilities.NET_ADMIN = true }",
    ),
    (
        "capability-breaks-confinement",
        "vpn & { services.tunnel.capabilities.CAP_SYS_MODULE = true }",
        "vpn & { services.alpha.capabilities.NET_ADMIN = false }",
    ),
    (
        "unknown-capability",
        "{ services.alpha.capabilities.NET_ADMN = true }",
        "{ services.alpha.capabilities.NET_ADMIN = true }",
    ),
    (
        "shared-torrent-account",
        "vpn & { services = { alpha.account = \"media\", beta = container } }",
        "vpn & { services.beta = container }",
    ),
    (
        "tunnel-without-endpoint",
        "vpn & { services.tunnel.tunnel.endpoints | force = {} }",
        "{ services.tunnel = wg & { tunnel.endpoints | force = {} } }",
    ),
    (
        "tunnel-without-health",
        "vpn & { services.tunnel.builtin_health = false }",
        "vpn & { services.tunnel = { builtin_health = false, health.test = [\"CMD\", \"true\"] } }",
    ),
    ("tunnel-unused", "{ services.tunnel = wg }", "vpn"),
    ("tunnel-dns", "vpn & { services.tunnel.tunnel.dns = [] }", "vpn"),
    (
        "tunnel-dns",
        "vpn & { services.tunnel.tunnel.dns = [\"10.64.0.1\", \"192.168.1.1\"] }",
        "vpn & { services.tunnel.tunnel.dns = [\"10.64.0.1\"] }",
    ),
    ("tunnel-dns", "vpn & { services.tunnel.tunnel.dns = [\"127.0.0.11\"] }", "vpn"),
    ("endpoint-at-home", "vpn & { services.tunnel.tunnel.endpoints.oslo.ip = \"192.168.1.9\" }", "vpn"),
    ("endpoint-at-home", "vpn & { services.tunnel.tunnel.endpoints.oslo.ip = \"10.0.0.9\" }", "vpn"),
    ("endpoint-over-ipv6", "vpn & { services.tunnel.tunnel.endpoints.oslo.ip = \"2001:db8::1\" }", "vpn"),
    ("network-with-host-bits", "{ lan.ipv4 = [\"192.168.1.1/24\"] }", "{ lan.ipv4 = [\"192.168.0.0/24\"] }"),
    (
        "network-with-host-bits",
        "{ network.services = \"172.30.1.0/16\" }",
        "{ network.services = \"172.30.0.0/16\" }",
    ),
    (
        "network-not-private",
        "{ network.services = \"172.39.0.0/24\" }",
        "{ network.services = \"172.31.0.0/24\" }",
    ),
    ("network-not-private", "{ lan.ipv4 = [\"0.0.0.0/0\"] }", "{ lan.ipv4 = [\"10.0.0.0/8\"] }"),
    (
        "network-not-private",
        "{ lan.ipv6 = [\"2001::/16\"] }",
        "{ lan.ipv6 = [\"2001:db8::/56\", \"fd00:1::/64\"] }",
    ),
    (
        "network-too-small",
        "{ network.services = \"172.30.0.0/28\" }",
        "{ network.services = \"172.30.0.0/24\" }",
    ),
    (
        "network-too-small",
        "vpn & { services.other = wg, network.confined = \"172.29.0.0/24\" }",
        "vpn & { network.confined = \"172.29.0.0/24\" }",
    ),
    ("network-overlap", "{ lan.ipv4 = [\"172.16.0.0/12\"] }", "{ lan.ipv4 = [\"172.16.0.0/16\"] }"),
    (
        "network-overlap",
        "{ network.confined = \"172.30.5.0/24\" }",
        "{ network.confined = \"172.28.0.0/16\" }",
    ),
    (
        "network-overlap",
        "{ lan.ipv4 = [\"192.168.0.0/16\", \"192.168.1.0/24\"] }",
        "{ lan.ipv4 = [\"192.168.0.0/24\", \"192.168.1.0/24\"] }",
    ),
    ("lan-without-network", "{ lan.ipv4 = [], services.alpha = web }", "{ lan.ipv4 = [] }"),
    ("no-way-in", "{ firewall = {} }", "{ firewall = {}, services.beta = login }"),
    (
        "duplicate-site",
        "{ services = { alpha = web, beta = proxy { a = { host = \"a\", to = \"alpha\" }, b = { host = \"a.example.org\", to = \"alpha\" } } } }",
        "{ services = { alpha = web, beta = proxy { a = { host = \"a\", to = \"alpha\" }, b = { host = \"b\", to = \"alpha\" } } } }",
    ),
    (
        "site-outside-domain",
        "{ services = { alpha = web, beta = proxy { a = { host = \"a.example.com\", to = \"alpha\" } } } }",
        "{ services = { alpha = web, beta = proxy { a = { host = \"example.org\", to = \"alpha\" } } } }",
    ),
    (
        "site-outside-domain",
        "{ services = { alpha = web, beta = proxy { a = { host = \"an-example.org\", to = \"alpha\" } } } }",
        "{ services = { alpha = web, beta = proxy { a = { host = \"a.b.example.org\", to = \"alpha\" } } } }",
    ),
    (
        "route-without-endpoint",
        "{ services = { alpha = web, beta = proxy { a = { host = \"a\", to = \"alpha\", endpoint = \"htp\" } } } }",
        "{ services = { alpha = web, beta = proxy { a = { host = \"a\", to = \"alpha\" } } } }",
    ),
    (
        "route-not-http",
        "{ services = { alpha = web & { endpoints.http.scheme = 'none }, beta = proxy { a = { host = \"a\", to = \"alpha\" } } } }",
        "{ services = { alpha = web & { endpoints.http.scheme = 'https }, beta = proxy { a = { host = \"a\", to = \"alpha\" } } } }",
    ),
    (
        "route-to-itself",
        "{ services.beta = web & proxy { a = { host = \"a\", to = \"beta\" } } }",
        "{ services = { alpha = web, beta = proxy { a = { host = \"a\", to = \"alpha\" } } } }",
    ),
    ("two-proxies", "{ services = { beta = proxy {}, gamma = proxy {} } }", "{ services.beta = proxy {} }"),
    (
        "needs-cycle",
        "{ services = { alpha.needs.beta = 'started, beta = container & { needs.gamma = 'started }, gamma = container & { needs.alpha = 'started } } }",
        "{ services = { alpha.needs.beta = 'started, beta = container & { needs.gamma = 'started }, gamma = container } }",
    ),
    ("needs-cycle", "{ services.alpha.needs.alpha = 'started }", "{}"),
    (
        "needs-cycle",
        "vpn & { services.tunnel.needs.alpha = 'started }",
        "vpn & { services.alpha.needs.tunnel = 'healthy }",
    ),
    (
        "needs-native",
        "{ services = { alpha.needs.beta = 'started, beta = login } }",
        "{ services = { alpha.reaches.beta = true, beta = login } }",
    ),
    (
        "healthy-without-check",
        "{ services = { alpha.needs.beta = 'healthy, beta = container } }",
        "{ services = { alpha.needs.beta = 'healthy, beta = container & { builtin_health = true } } }",
    ),
    (
        "reach-without-endpoint",
        "{ services = { alpha.reaches.beta = true, beta = container } }",
        "{ services = { alpha.reaches.beta = true, beta = web } }",
    ),
    (
        "uid-clash",
        "{ accounts = { media = { uid = 1500, gid = 1500 }, torrent = { uid = 1500, gid = 1501 } } }",
        "{ accounts = { media = { uid = 1500, gid = 1500 }, torrent = { uid = 1501, gid = 1501 } } }",
    ),
    (
        "group-clash",
        "{ accounts = { media = { uid = 1500, gid = 1500 }, torrent = { uid = 1501, gid = 1500 } } }",
        "{ accounts = { media = { uid = 1500, gid = 1500 }, torrent = { uid = 1501, gid = 1500, group = \"media\" } } }",
    ),
    (
        "group-clash",
        "{ accounts = { media = { uid = 1500, gid = 1500 }, torrent = { uid = 1501, gid = 1501, group = \"media\" } } }",
        "{}",
    ),
    (
        "media-group-mismatch",
        "media & { accounts = { media = { uid = 1, gid = 1 }, other = { uid = 2, gid = 2 } }, services.beta = container & { account = \"other\", uses.downloads = 'write } }",
        "media & { services.beta = container & { account = \"torrent\", uses.downloads = 'write } }",
    ),
    (
        "umask-blocks-group",
        "media & { umask = \"022\", services.beta = container & { account = \"torrent\", uses.downloads = 'write } }",
        "media & { umask = \"022\", services.beta = container & { uses.downloads = 'write } }",
    ),
    (
        "disk-without-id",
        "{ storage.disks.hdd.mount = \"/srv\" }",
        "{ storage.disks.hdd = { mount = \"/srv\", managed = false } }",
    ),
    (
        "disk-with-two-ids",
        "{ storage.disks.hdd = disk & { mount = \"/srv\", label = \"media\" } }",
        "{ storage.disks.hdd = { mount = \"/srv\", label = \"media\" } }",
    ),
    (
        "disk-twice",
        "{ storage.disks = { a = disk & { mount = \"/srv\" }, b = disk & { mount = \"/srv/b\" } } }",
        "{ storage.disks = { a = disk & { mount = \"/srv\" }, b = { mount = \"/srv/b\", label = \"b\" } } }",
    ),
    (
        "disk-reserved",
        "{ storage.disks.hdd = disk & { mount = \"/var\" } }",
        "{ storage.disks.hdd = disk & { mount = \"/var\", managed = false } }",
    ),
    (
        "disk-reserved",
        "{ storage.disks.hdd = disk & { mount = \"/boot/efi\" } }",
        "{ storage.disks.hdd = disk & { mount = \"/home/anna\" } }",
    ),
    (
        "mount-clash",
        "{ storage.disks = { a = disk & { mount = \"/srv\" }, b = { mount = \"/srv\", label = \"b\" } } }",
        "{ storage.disks = { a = disk & { mount = \"/srv\" }, b = { mount = \"/srv/b\", label = \"b\" } } }",
    ),
    (
        "uses-without-storage",
        "{ services.alpha.uses.library = 'read }",
        "media & { services.beta = container & { uses.library = 'read } }",
    ),
    ("storage-reserved", "{ storage.config = \"/etc\" }", "{ storage.config = \"/etc/services\" }"),
    (
        "storage-reserved",
        "{ storage.transcode = \"/dev/shm\" }",
        "{ storage.transcode = \"/srv/transcode\" }",
    ),
    ("folder-clash", "media & { storage.library.folders = { movies = \"video\", tv = \"video\" } }", "media"),
    (
        "folder-clash",
        "media & { storage.downloads.incomplete = \"complete\" }",
        "media & { storage.downloads.incomplete = \"unfinished\" }",
    ),
    (
        "folder-clash",
        "media & { storage.library.root = \"/srv/data/downloads/media\" }",
        "media & { storage.library.root = \"/srv/data/downloads-media\" }",
    ),
    (
        "folder-clash",
        "media & { storage.config = \"/srv/data/media/config\" }",
        "media & { storage.config = \"/srv/data/config\" }",
    ),
    (
        "folder-clash",
        "{ storage = { config = \"/srv\", transcode = \"/srv/alpha\" }, services.alpha.state = \"/config\" }",
        "{ storage = { config = \"/srv\", transcode = \"/srv/transcode\" }, services.alpha.state = \"/config\" }",
    ),
    (
        "path-without-disk",
        "{ storage.disks.hdd = disk & { mount = \"/mnt\" } }",
        "{ storage.disks.hdd = disk & { mount = \"/srv\" } }",
    ),
    ("common-mount-exposes", "media & { storage.config = \"/srv/data/config\" }", "media"),
    (
        "common-mount-exposes",
        "media & { storage = { downloads.root = \"/downloads\", library.root = \"/media\" } }",
        "{ storage = { downloads.root = \"/downloads\", library.root = \"/media\" } }",
    ),
    (
        "common-mount-exposes",
        "media & { storage = { downloads.root = \"/home/a/downloads\", library.root = \"/home/a/media\" } }",
        "media & { storage = { downloads.root = \"/home/a/data/downloads\", library.root = \"/home/a/data/media\" } }",
    ),
    (
        "common-mount-exposes",
        "{ storage = { transcode = \"/srv/transcode\", library.root = \"/srv/media\" }, services.alpha.uses = { transcode = 'write, library = 'read } }",
        "{ storage = { transcode = \"/srv/transcode\", library.root = \"/srv/media\" }, services = { alpha.uses.transcode = 'write, beta = container & { uses.library = 'read } } }",
    ),
    (
        "imports-copy",
        "media & { storage.disks.hdd = disk & { mount = \"/srv/data/media\" } }",
        "media & { storage.disks.hdd = disk & { mount = \"/srv/data\" } }",
    ),
    (
        "forbidden-mount",
        "{ services.alpha.mounts.a = { source = \"/var/run/docker.sock\", target = \"/a\" } }",
        "{ services.alpha.mounts.a = { source = \"/srv/a\", target = \"/a\" } }",
    ),
    (
        "forbidden-mount",
        "{ services.alpha.mounts.a = { source = \"/\", target = \"/a\" } }",
        "{ services.alpha.mounts.a = { source = \"/etc/alpha\", target = \"/a\" } }",
    ),
    (
        "forbidden-mount",
        "{ services.alpha.mounts.a = { source = \"/var/lib/mediac/generations/1\", target = \"/a\" } }",
        "{ services.alpha.mounts.a = { source = \"/var/lib/alpha\", target = \"/a\" } }",
    ),
    (
        "forbidden-target",
        "{ services.alpha.mounts.a = { source = \"/srv/a\", target = \"/\" } }",
        "{ services.alpha.mounts.a = { source = \"/srv/a\", target = \"/srv\" } }",
    ),
    (
        "single-file-mount",
        "{ services.alpha.mounts.a = { source = \"/srv/a/app.conf\", target = \"/a\" } }",
        "{ services.alpha.mounts.a = { source = \"/srv/a/app.conf.d\", target = \"/a\" } }",
    ),
    (
        "mount-target-clash",
        "{ services.alpha.mounts = { a = { source = \"/srv/a\", target = \"/a\" }, b = { source = \"/srv/b\", target = \"/a\" } } }",
        "{ services.alpha.mounts = { a = { source = \"/srv/a\", target = \"/a\" }, b = { source = \"/srv/a\", target = \"/b\" } } }",
    ),
    (
        "mount-target-clash",
        "{ services.alpha = { state = \"/config\", mounts.a = { source = \"/srv/a\", target = \"/config\" } } }",
        "{ services.alpha = { state = \"/config\", mounts.a = { source = \"/srv/a\", target = \"/config/a\" } } }",
    ),
    (
        "shared-state",
        "{ services = { alpha.state = \"/config\", beta = container & { mounts.a = { source = \"/srv/config/alpha\", target = \"/a\" } } } }",
        "{ services = { alpha.state = \"/config\", beta = container & { mounts.a = { source = \"/srv/config/alpha\", target = \"/a\", access = 'read } } } }",
    ),
    (
        "shared-state",
        "{ services = { beta = login & { state = \"/srv/x\" }, gamma = { runtime = 'none, state = \"/srv/x\" } } }",
        "{ services = { alpha.state = \"/config\", beta = container & { state = \"/config\" } } }",
    ),
    (
        "shared-state",
        "{ services = { alpha.mounts.a = { source = \"/srv/a\", target = \"/a\" }, beta = container & { mounts.a = { source = \"/srv/a\", target = \"/a\" } } } }",
        "media & { services = { alpha.mounts.a = { source = \"/srv/data/media\", target = \"/a\" }, beta = container & { mounts.a = { source = \"/srv/data/media\", target = \"/a\" } } } }",
    ),
    (
        "file-clash",
        "{ services.alpha.files = { a = { path = \"/etc/a\", format = 'json, content = {} }, b = { path = \"/etc/a\", format = 'json, content = {} } } }",
        "{ services.alpha.files = { a = { path = \"/etc/a\", format = 'json, content = {} }, b = { path = \"/etc/b\", format = 'json, content = {} } } }",
    ),
    (
        "file-clash",
        "{ services.alpha = { state = \"/config\", seeds.a = { path = \"a/b\", format = 'json, content = {} }, files.b = { path = \"/srv/config/alpha/a\", format = 'json, content = {} } } }",
        "{ services.alpha = { state = \"/config\", seeds.a = { path = \"a/b\", format = 'json, content = {} }, files.b = { path = \"/srv/config/alpha/a/c\", format = 'json, content = {} } } }",
    ),
    (
        "file-outside",
        "{ services.alpha.files.a = { path = \"/run/a\", format = 'json, content = {} } }",
        "{ services.alpha.files.a = { path = \"/etc/a\", format = 'json, content = {} } }",
    ),
    (
        "seed-outside",
        "{ services.alpha = { state = \"/config\", seeds.a = { path = \"../a\", format = 'json, content = {} } } }",
        "{ services.alpha = { state = \"/config\", seeds.a = { path = \"b/a\", format = 'json, content = {} } } }",
    ),
    (
        "seed-without-state",
        "{ services.alpha.seeds.a = { path = \"a\", format = 'json, content = {} } }",
        "{ services.alpha = { state = \"/config\", seeds.a = { path = \"a\", format = 'json, content = {} } } }",
    ),
    (
        "directory-outside",
        "{ services.alpha.directories.a.path = \"/etc\" }",
        "{ services.alpha.directories.a.path = \"/srv/a\" }",
    ),
    (
        "literal-secret",
        "{ services.alpha.env.DB_PASSWORD = \"hunter2\" }",
        "{ services.alpha = { env.DB_PASSWORD = \"mediac-secret(alpha/db)\", secrets.db.source = 'given } }",
    ),
    (
        "literal-secret",
        "{ services.alpha.env.API_KEY = \"0123\" }",
        "{ services.alpha.env = { API_KEY_FILE = \"/run/key\", TOKEN_LIFETIME = \"60\", USE_TOKEN = \"true\" } }",
    ),
    (
        "literal-secret",
        "{ services.alpha.env.DATABASE = \"postgres://user:hunter2@db/x\" }",
        "{ services.alpha.env.DATABASE = \"postgres://user@db/x\" }",
    ),
    (
        "literal-secret",
        "{ services.alpha.command = [\"--token\", \"abc\"] }",
        "{ services.alpha.command = [\"--token-file\", \"abc\"] }",
    ),
    (
        "literal-secret",
        "{ services.alpha.files.a = { path = \"/etc/a\", format = 'json, content.main.apiKey = \"0123\" } }",
        "{ services.alpha.files.a = { path = \"/etc/a\", format = 'json, content.main.apiKeys = 3 } }",
    ),
    (
        "unknown-secret",
        "{ services.alpha.env.A = \"mediac-secret(alpha/key)\" }",
        "{ services.alpha = { env.A = \"mediac-secret(alpha/key)\", secrets.key.source = 'derived } }",
    ),
    (
        "unknown-secret",
        "{ services.alpha.env.A = \"mediac-secret(nobody/key)\" }",
        "{ services.alpha.env.A = \"mediac-secrets\" }",
    ),
    (
        "unknown-secret",
        "{ services.alpha = { env.A = \"mediac-secret(alpha/key:sha1)\", secrets.key = { source = 'derived, form = 'password } } }",
        "{ services.alpha = { env.A = \"mediac-secret(alpha/key:md5)\", secrets.key = { source = 'derived, form = 'password } } }",
    ),
    ("unknown-secret", "{ services.alpha.env.A = \"mediac-secret(alpha/key\" }", "{}"),
    (
        "secret-name",
        "{ services.alpha.secrets.\"API KEY\".source = 'given }",
        "{ services.alpha.secrets.api_key.source = 'given }",
    ),
    (
        "hash-of-no-password",
        "{ services.alpha = { env.A = \"mediac-secret(alpha/key:md5)\", secrets.key.source = 'given } }",
        "{ services.alpha = { env.A = \"mediac-secret(alpha/key:md5)\", secrets.key = { source = 'given, form = 'password } } }",
    ),
    ("control-character", "{ services.alpha.env.A = \"a\\nb\" }", "{ services.alpha.env.A = \"a\\tb\" }"),
    (
        "control-character",
        "{ services.alpha.title = \"a\\rb\" }",
        "{ services.alpha.health.test = [\"CMD-SHELL\", \"true\\ntrue\"] }",
    ),
    (
        "control-character",
        "{ services.alpha.files.a = { path = \"/etc/a\", format = 'keyword, content.Port = \"22\\nPermitRootLogin yes\" } }",
        "{ services.alpha.files.a = { path = \"/etc/a\", format = 'json, content.text = \"a\\nb\" } }",
    ),
    ("env-name", "{ services.alpha.env.\"A-B\" = \"\" }", "{ services.alpha.env.A_B = \"\" }"),
];

fn run(host: &str) -> (Vec<Diagnostic>, Sources) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::open(root).unwrap();
    let name = "hosts/test.ncl";
    let mut judged = judge::evaluate(&project, name, host);
    judge::name_options(&mut judged.sources, name, host);
    let Some(value) = judged.value else { panic!("{host}\n{:#?}", judged.report.findings().first()) };
    let host = ir::read(&value).unwrap();
    (check(&host).findings().to_vec(), judged.sources)
}

fn codes(findings: &[Diagnostic]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// What holds for every finding, whatever it is about.
fn is_well_formed(finding: &Diagnostic, sources: &Sources) {
    assert!(CHECKS.iter().any(|(code, _)| *code == finding.code), "{} is not in the table", finding.code);
    let first = finding.message.chars().next().unwrap();
    assert!(first.is_lowercase() || first == '`' || first.is_ascii_digit(), "{finding:#?}");
    for text in std::iter::once(&finding.message).chain(&finding.notes).chain([&finding.help]) {
        assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('\n'), "{finding:#?}");
        assert_eq!(text.matches('`').count() % 2, 0, "{finding:#?}");
    }
    let placed = finding.labels.iter().any(|label| match &label.place {
        Place::Option(path) => sources.user_span(path).is_some(),
        Place::Span(_) => true,
    });
    assert!(placed, "nothing in the host file stands for it: {finding:#?}");
}

#[test]
fn each_check_finds_what_it_is_for_and_nothing_beside_it() {
    let mut wrong = Vec::new();
    for (code, bad, good) in HOSTS {
        let (findings, sources) = run(&format!("{BASE}{bad}"));
        findings.iter().for_each(|finding| is_well_formed(finding, &sources));
        if !codes(&findings).contains(code) {
            wrong.push(format!("{code}: not found in {bad}, but {:?}", codes(&findings)));
        }
        let (findings, _) = run(&format!("{BASE}{good}"));
        if codes(&findings).contains(code) {
            wrong.push(format!("{code}: found in {good}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_check_is_tested_and_reports_under_its_own_code() {
    let tested: BTreeSet<&str> = HOSTS.iter().map(|(code, ..)| *code).collect();
    let known: BTreeSet<&str> = CHECKS.iter().map(|(code, _)| *code).collect();
    assert_eq!(tested, known);
    assert_eq!(known.len(), CHECKS.len());
    assert!(super::OF_THE_WHOLE.iter().all(|code| known.contains(code)));
}

#[test]
fn a_plain_host_has_no_findings() {
    let (findings, _) = run(&format!("{BASE}{{}}"));
    assert_eq!(codes(&findings), [""; 0]);
}

#[test]
fn the_host_in_the_project_is_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (findings, _) = run(&crate::project::read(&root.join("hosts/home.ncl")).unwrap());
    assert_eq!(codes(&findings), ["imports-copy"], "{findings:#?}");
}

#[test]
fn all_findings_of_a_host_are_reported_in_one_order() {
    let host =
        format!("{BASE}{{ services = {{ alpha = web, beta = web & {{ image = \"b\", gpu = true }} }} }}");
    let (findings, _) = run(&host);
    assert_eq!(codes(&findings), ["image-not-pinned", "gpu-missing", "port-clash"]);
    assert_eq!(findings, run(&host).0);
}

#[test]
fn a_clash_names_both_parties_and_a_way_out() {
    let (findings, _) = run(&format!("{BASE}{{ services = {{ alpha = web, beta = web }} }}"));
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    let labels: Vec<String> = finding
        .labels
        .iter()
        .map(|label| match &label.place {
            Place::Option(path) => format!("{path}: {}", label.message),
            Place::Span(_) => String::new(),
        })
        .collect();
    assert_eq!(
        labels,
        [
            "services.beta.endpoints.http.port: `beta` is published on all addresses",
            "services.alpha.endpoints.http.port: `alpha` is published on all addresses",
        ]
    );
    assert_eq!(finding.message, "port 80 is published twice");
    assert_eq!(finding.help, "set `services.beta.endpoints.http.publish = 8081`");
}
