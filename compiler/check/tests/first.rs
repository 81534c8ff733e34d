//! Hosts for the first half of the checks: code, a host that has the fault, and one nearby that has not.

/// A code, a host that triggers it, and one beside it that does not.
pub(super) const HOSTS: &[(&str, &str, &str)] = &[
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
];
