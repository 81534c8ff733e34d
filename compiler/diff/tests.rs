//! Two small builds, and what is said when one thing changes.

mod comment;

use serde_json::{Value, json};

use super::*;
use crate::manifest::{Entry, sha256};
use crate::report::Styling;

/// A build with the given inventory and files: path, class, option, text.
fn build(inventory: &Value, files: &[(&str, &str, &str, &str)]) -> Snapshot {
    let plain = |text: &str| Stored { bytes: text.into(), kind: Kind::Plain };
    let inventory = format!("{inventory:#}\n");
    let entries = files.iter().map(|(path, class, origin, text)| Entry {
        path: format!("/{path}"),
        mode: "0644".into(),
        owner: "root".into(),
        group: "root".into(),
        class: (*class).into(),
        sha256: Some(sha256(text.as_bytes())),
        origin: (*origin).into(),
        secrets: Vec::new(),
    });
    let mut manifest = Manifest {
        host: "box".into(),
        id: String::new(),
        files: entries.collect(),
        inventory: sha256(inventory.as_bytes()),
    };
    manifest.id = manifest.digest();
    let mut stored: BTreeMap<String, Stored> =
        files.iter().map(|(path, _, _, text)| ((*path).to_owned(), plain(text))).collect();
    stored.insert(INVENTORY.into(), plain(&inventory));
    stored.insert(MANIFEST.into(), plain(&manifest.to_json()));
    Snapshot::new("box", stored)
}

fn inventory() -> Value {
    json!({
        "host": "box",
        "services": {
            "alpha": {
                "title": "Alpha", "kind": "alpha", "image": "r/alpha:1@sha256:aa", "network": "open",
                "ports": {"http": {"port": "80/tcp", "expose": "lan"}},
            },
            "beta": {"title": "Beta", "kind": "beta", "image": "r/beta:1", "network": "that of gamma"},
            "gamma": {"title": "Gamma", "kind": "gamma", "image": "r/gamma:1", "network": "gamma"},
            "delta": {"title": "Delta", "kind": "delta", "unit": "delta.service"},
        },
        "routes": {"a.example": {"to": "alpha:80", "access": "lan"}},
        "networks": {
            "open": {"subnet": "10.0.0.0/24", "bridge": "br-open"},
            "gamma": {"subnet": "10.0.1.0/24", "bridge": "br-gamma", "confined_to": "gamma"},
        },
        "disks": {"/srv": "/dev/x (ext4)"},
        "policies": {"firewall": true, "killswitch": true},
        "secrets": {"alpha/key": "derived"},
        "packages": ["one"],
        "repositories": {"vendor": "https://v.example"},
    })
}

/// The statements after the value at `pointer` becomes `value`; null takes it away.
fn said(pointer: &str, value: &Value) -> Vec<String> {
    let mut changed = inventory();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    let parent = changed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(&key);
    } else {
        parent.insert(key, value.clone());
    }
    let difference = Difference::between(&build(&inventory(), &[]), &build(&changed, &[]));
    match difference.summary {
        Summary::Made(statements) => {
            statements.iter().map(|s| format!("{}: {}", s.weight.name(), s.text.plain())).collect()
        }
        Summary::Impossible(why) => vec![why.plain()],
    }
}

/// What happens when a file is another one on the machine although both builds want the same.
#[test]
fn whoever_read_a_file_reads_it_again_when_only_the_machine_differs() {
    let files = [
        ("etc/a/a.conf", "owned", "services.alpha.files", "a"),
        ("etc/d/d.conf", "owned", "services.delta.files", "d"),
        ("etc/x/x.conf", "owned", "host.files", "x"),
    ];
    let fresh = build(&inventory(), &files);
    for (path, expected) in [
        (
            "etc/a/a.conf",
            vec![
                "the container `alpha` restarts: `/etc/a/a.conf` changes, which it may read only at its start",
            ],
        ),
        (
            "etc/d/d.conf",
            vec!["`delta.service` restarts: `/etc/d/d.conf` changes, which it may read only at its start"],
        ),
        ("etc/x/x.conf", vec![]),
    ] {
        let mut base = fresh.clone();
        base.files.get_mut(path).unwrap().bytes = b"edited".to_vec();
        let found = Difference::between(&base, &fresh).consequences;
        let said: Vec<String> = found.iter().map(|consequence| consequence.phrase().plain()).collect();
        assert_eq!(said, expected, "{path}");
    }
}

#[test]
fn each_change_is_said_in_words() {
    let wan = json!({"port": "80/tcp", "expose": "wan"});
    for (pointer, value, expected) in [
        ("/services/alpha/image", json!("r/alpha:2"), "plain: `alpha`: `r/alpha:1@sha256:aa` → `r/alpha:2`"),
        (
            "/services/alpha/image",
            json!("r/alpha:1@sha256:bb"),
            "plain: `alpha`: `r/alpha:1` stays, only its digest changes: `sha256:aa` → `sha256:bb`",
        ),
        ("/services/delta", json!(null), "plain: `delta` is removed: it was the unit `delta.service`"),
        (
            "/services/delta",
            json!({"title": "Delta", "kind": "delta", "image": "d:1"}),
            "plain: `delta` becomes a container of `d:1`; it was the unit `delta.service`",
        ),
        ("/services/alpha/ports/http", wan.clone(), "alarm: opens `80/tcp` to everyone (`alpha/http`)"),
        (
            "/services/alpha/ports/http",
            json!(null),
            "plain: `80/tcp` of `alpha/http` closes: it was for the home network",
        ),
        (
            "/services/alpha/ports/http",
            json!({"port": "81/tcp", "expose": "lan"}),
            "plain: `alpha/http` moves from `80/tcp` to `81/tcp`",
        ),
        (
            "/services/alpha/ports/http",
            json!({"port": "80/tcp", "expose": "host", "peers": ["x"]}),
            "plain: `80/tcp` of `alpha/http` is now for this host and `x`; it was for the home network",
        ),
        (
            "/services/beta/network",
            json!("open"),
            "alarm: `beta` is no longer confined to `gamma`: it speaks from the home's own address",
        ),
        ("/services/alpha/network", json!("that of gamma"), "plain: `alpha` is confined to `gamma`"),
        (
            "/routes/a.example/access",
            json!("wan"),
            "alarm: opens the site `a.example` to everyone; it leads to `alpha:80`",
        ),
        ("/routes/a.example/to", json!("b:1"), "plain: `a.example` leads to `b:1` instead of `alpha:80`"),
        (
            "/networks/open/subnet",
            json!("10.9.0.0/24"),
            "plain: `open` has `10.9.0.0/24` instead of `10.0.0.0/24`",
        ),
        (
            "/policies/killswitch",
            json!(false),
            "alarm: the kill-switch is switched off: nothing holds back what leaves its tunnel",
        ),
        (
            "/policies/firewall",
            json!(false),
            "alarm: the firewall is switched off: mediac no longer filters any port",
        ),
        ("/disks/~1srv", json!(null), "plain: `/dev/x (ext4)` is no longer mounted at `/srv`"),
        ("/secrets/alpha~1token", json!("given"), "todo: `alpha/token` is needed, and you must provide it"),
        ("/secrets/alpha~1key", json!(null), "plain: `alpha/key` is no longer needed"),
        ("/packages", json!(["one", "two"]), "plain: `two` is needed"),
        ("/repositories/vendor", json!(null), "plain: `vendor` goes: `https://v.example`"),
        ("/unknown", json!(1), "no summary: the fresh build has no inventory"),
    ] {
        assert_eq!(said(pointer, &value), [expected], "{pointer}");
    }
}

/// What is said to follow from the change of one file.
fn follows(path: &str, class: &str, origin: &str, old: &str, new: &str) -> Vec<String> {
    let base = build(&inventory(), &[(path, class, origin, old)]);
    let fresh = build(&inventory(), &[(path, class, origin, new)]);
    Difference::between(&base, &fresh).consequences.iter().map(|c| c.phrase().plain()).collect()
}

#[test]
fn each_file_has_its_consequence() {
    for (path, class, origin, expected) in [
        ("etc/x/sshd_config.d/a.conf", "owned", "services.delta.files.a", "`delta.service` reloads: "),
        (
            "etc/x/Caddyfile",
            "owned",
            "services.alpha.proxy",
            "the container `alpha` reloads its configuration: ",
        ),
        ("etc/unheard-of", "owned", "services.delta.files.b", "`delta.service` restarts: "),
        (
            "srv/a.xml",
            "seed",
            "services.alpha.seeds.a",
            "nothing happens for `/srv/a.xml`: it is used at the first",
        ),
        (
            "etc/systemd/networkd.conf.d/a.conf",
            "owned",
            "killswitch",
            "`systemd-networkd.service` restarts: ",
        ),
        (
            "etc/systemd/system/x.service.d/a.conf",
            "owned",
            "services",
            "`x.service` restarts: its settings in ",
        ),
        ("etc/systemd/system/x.service", "owned", "services", "`x.service` restarts: its unit changes"),
        ("etc/sysusers.d/a.conf", "owned", "accounts", "`systemd-sysusers` runs: "),
        ("etc/apt/sources.list.d/a.sources", "owned", "services", "`apt-get update` runs: "),
    ] {
        let found = follows(path, class, origin, "[Service]\nA=1\n", "[Service]\nA=2\n");
        assert_eq!(found.len(), 1, "{path}: {found:?}");
        assert!(found[0].starts_with(expected), "{path}: {found:?}");
    }
}

#[test]
fn restarts_take_others_along() {
    let files = |what: &str| {
        let unit = "etc/systemd/system/";
        [
            (format!("{unit}srv.mount"), format!("[Mount]\nWhere=/srv\nWhat={what}\n")),
            (format!("{unit}docker.service.d/a.conf"), "[Unit]\nRequiresMountsFor=/srv/x\n".to_owned()),
            (format!("{unit}z.service"), "[Unit]\nPartOf=docker.service\n".to_owned()),
            (format!("{unit}y.service"), "[Unit]\nAfter=docker.service\n".to_owned()),
        ]
    };
    let snapshot = |what: &str| {
        let files = files(what);
        let files: Vec<_> =
            files.iter().map(|(path, text)| (path.as_str(), "owned", "storage", text.as_str())).collect();
        build(&inventory(), &files)
    };
    let difference = Difference::between(&snapshot("a"), &snapshot("b"));
    let found: Vec<String> = difference.consequences.iter().map(|c| c.phrase().plain()).collect();
    assert_eq!(
        found,
        [
            "`docker.service` restarts: it depends on `srv.mount`, which restarts; every container stops and \
             starts with it",
            "`srv.mount` restarts: its unit changes",
            "`z.service` restarts: it depends on `docker.service`, which restarts",
        ]
    );
}

#[test]
fn an_edited_base_is_called_one() {
    let mut base =
        build(&inventory(), &[("etc/a", "owned", "name", "a\n"), ("etc/b", "owned", "name", "b\n")]);
    let fresh = base.clone();
    assert_eq!(Difference::between(&base, &fresh).edits, Edits::None);
    base.files.get_mut("etc/a").unwrap().bytes = b"by hand\xff\x1b[31m\n".to_vec();
    base.files.remove("etc/b");
    base.files.insert("note".into(), Stored { bytes: b"mine".to_vec(), kind: Kind::Plain });
    let difference = Difference::between(&base, &fresh);
    let Edits::Found(edits) = &difference.edits else { panic!("{:?}", difference.edits) };
    let edits: Vec<String> = edits.iter().map(Phrase::plain).collect();
    assert_eq!(edits, ["`etc/a` is not what was built", "`etc/b` is missing"]);
    assert_eq!(difference.unlisted, ["note"]);
    let text = human(&difference, "out", Styling::Plain);
    assert!(text.contains("the base was edited by hand"), "{text}");
    assert!(text.contains("-by hand⟨0xFF⟩⟨U+001B⟩[31m\n+a\n"), "{text}");
    assert!(String::from_utf8(patch(&difference, "out")).is_err(), "a patch has the bytes as they are");
}

#[test]
fn records_of_other_versions_are_no_crash() {
    let fresh = build(&inventory(), &[("etc/a", "owned", "name", "a\n")]);
    for text in ["", "null", "[]", "{\"host\": 1}", "{\"host\": \"box\", \"future\": []}"] {
        let mut base = fresh.clone();
        for name in [MANIFEST, INVENTORY] {
            base.files.insert(name.into(), Stored { bytes: text.into(), kind: Kind::Plain });
        }
        let difference = Difference::between(&Snapshot::new("box", base.files), &fresh);
        assert!(matches!(difference.summary, Summary::Impossible(_)), "{text}");
        assert!(matches!(difference.edits, Edits::Unknown(_)), "{text}");
        for all in [human(&difference, "out", Styling::Plain), markdown(&difference, LIMIT)] {
            assert!(all.contains("no summary: the inventory of the base"), "{all}");
        }
        assert!(json(&[difference]).contains("summary_error"));
    }
}

#[test]
fn the_same_is_no_difference() {
    let same = build(&inventory(), &[("etc/a", "owned", "name", "a\n")]);
    let difference = Difference::between(&same, &same);
    assert!(difference.is_empty() && difference.consequences.is_empty());
    assert_eq!(human(&difference, "out", Styling::Plain), "box: no differences\n");
    assert_eq!(markdown(&difference, LIMIT), "<!-- mediac:box -->\n### `box`: no differences\n");
    assert!(patch(&difference, "out").is_empty());
}
