//! Hosts for the second half of the checks: code, a host that has the fault, and one nearby that has not.

/// A code, a host that triggers it, and one beside it that does not.
pub(super) const HOSTS: &[(&str, &str, &str)] = &[
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
        "{ storage = { downloads.root = \"/srv/downloads\", library.root = \"/srv/media\" }, services.alpha.uses = { downloads = 'write, library = 'write } }",
        "{ storage = { transcode = \"/srv/transcode\", library.root = \"/srv/media\" }, services.alpha.uses = { transcode = 'write, library = 'read } }",
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
    (
        "api-format",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources.tags = { about = \"tag\", read.pth = \"/tag\" } } } }",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources.tags = { about = \"tag\", read.path = \"/tag\" } } } }",
    ),
    (
        "api-format",
        "{ services.alpha = web & { api.auth.kind = \"open\" } }",
        "{ services.alpha = web & { api = null } }",
    ),
    (
        "api-unreachable",
        "{ services.alpha = web & { api.ready.path = \"/\", endpoints.http.expose = 'none } }",
        "{ services.alpha = web & { api.ready.path = \"/\", endpoints.http.expose = 'host } }",
    ),
    (
        "api-unreachable",
        "{ services.alpha = web & { api = { ready.path = \"/\", endpoint = \"web\" } } }",
        "{ services.alpha = web & { api = { ready.path = \"/\", endpoint = \"http\" } } }",
    ),
    (
        "unknown-resource",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources.tags = { about = \"tag\", read.path = \"/tag\" } }, wiring.tgs.a = {} } }",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources.tags = { about = \"tag\", read.path = \"/tag\" } }, wiring.tags.a = {} } }",
    ),
    (
        "unknown-resource",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources.tags = { about = \"tag\", read.path = \"/tag\" } }, wiring.tags.a.of = \"mediac-made(beta/tags/x:id)\" } }",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources.tags = { about = \"tag\", read.path = \"/tag\" } }, wiring.tags.a.of = \"mediac-made(alpha/tags/x:id)\" } }",
    ),
    (
        "wiring-cycle",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources = { a = { about = \"a\", read.path = \"/a\" }, b = { about = \"b\", read.path = \"/b\" } } }, wiring = { a.x.of = \"mediac-made(alpha/b/x:id)\", b.x.of = \"mediac-made(alpha/a/x:id)\" } } }",
        "{ services.alpha = web & { api = { ready.path = \"/\", resources = { a = { about = \"a\", read.path = \"/a\" }, b = { about = \"b\", read.path = \"/b\" } } }, wiring = { a.x.of = \"mediac-made(alpha/b/x:id)\", b.x = {} } } }",
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
