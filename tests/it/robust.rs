//! Whatever a file holds, mediac ends by itself, with a diagnostic and its own exit code.
//!
//! No panic, no signal, no abort, no endless run, and never the exit code of an internal error.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Instant;

use crate::support::{Folder, Mediac, Run, copy_program, each, hosts, is_root, say, set_mode, skip, works};

/// How long one call may take, in seconds, on a machine that is busy.
const LIMIT: &str = "240";

/// A host file, and what is found: where it begins and ends, and in between one line repeated.
fn plain(services: &str) -> String {
    format!(
        "{{ name = \"one\", lan.ipv4 = [\"192.168.1.0/24\"], storage.config = \"/srv/config\", {services} }}\n"
    )
}

/// Runs `check` on a host file that is wrong, and expects to be told so.
#[track_caller]
fn refused(folder: &Folder, what: &str) -> Run {
    let run = Mediac::new(folder.path()).through(["timeout", "-k", "5", LIMIT]).args(["check"]).run();
    well_ended(&run, what);
    assert_eq!(run.code, Some(1), "{what}: {}", start(&run.stderr));
    assert!(run.stderr.contains("error"), "{what}: {}", start(&run.stderr));
    assert!(run.stderr.contains("help: "), "{what}: {}", start(&run.stderr));
    run
}

/// Neither killed, nor out of time, nor at fault itself.
#[track_caller]
fn well_ended(run: &Run, what: &str) {
    let Run { code, signal, stderr, .. } = run;
    assert!(
        !matches!(code, None | Some(70 | 101 | 124 | 134 | 137 | 139)),
        "{what}: {code:?} {signal:?} {}",
        start(stderr)
    );
    for word in ["panic", "internal error", "stack overflow", "please report"] {
        assert!(!stderr.contains(word), "{what}: {}", start(stderr));
    }
}

fn start(text: &str) -> String {
    text.chars().take(1500).collect()
}

const DEEP: usize = 20_000;

#[test]
fn definitions_that_are_nested_too_deep_are_refused() {
    let cases: &[(&str, fn(usize) -> String)] = &[
        ("records", |n| format!("{}1{}", "{a=".repeat(n), "}".repeat(n))),
        ("records with paths", |n| format!("{}1{}", "{ a.b = ".repeat(n), "}".repeat(n))),
        ("lists", |n| format!("{}{}", "[".repeat(n), "]".repeat(n))),
        ("parentheses", |n| format!("{}1{}", "(".repeat(n), ")".repeat(n))),
        ("lets in the body", |n| format!("{}x", "let x = 1 in ".repeat(n))),
        ("lets in the value", |n| format!("{}1{}", "let x = ".repeat(n), " in x".repeat(n))),
        ("functions", |n| format!("{}1", "fun x => ".repeat(n))),
        ("conditions", |n| format!("{}1{}", "if true then ".repeat(n), " else 2".repeat(n))),
        ("texts within texts", |n| format!("{}x{}", "\"%{".repeat(n), "}\"".repeat(n))),
        ("a long path", |n| format!("{{ {}a = 1 }}", "a.".repeat(n))),
        ("a long sum", |n| format!("1{}", " + 1".repeat(n))),
        ("a long merge", |n| format!("{{}}{}", " & {}".repeat(n))),
        ("contracts", |n| format!("1{}", " | Number".repeat(n))),
        ("types", |n| format!("1 | {}Number{}", "Array (".repeat(n), ")".repeat(n))),
        ("negations", |n| format!("{}true", "!".repeat(n))),
        ("only opened", |n| "{a=".repeat(n)),
        ("only closed", |n| "}".repeat(n)),
    ];
    each(cases, |(what, make)| {
        let folder = Folder::new();
        folder.write("hosts/one.ncl", plain(&format!("services.x.y = {}", make(DEEP))));
        refused(&folder, &format!("{what}, in a value"));
        folder.write("hosts/one.ncl", make(DEEP));
        refused(&folder, &format!("{what}, as the host"));
    });
}

#[test]
fn definitions_that_never_end_are_refused() {
    let cases = [
        ("a function that calls itself", "let rec f = fun x => f x in { name = f 1 }"),
        ("one that grows", "let rec f = fun x => 1 + f x in { name = f 1 }"),
        ("a value that is itself", "{ name = name }"),
        ("a list that holds itself", "{ name = [name] }"),
        ("a record that holds itself", "{ name = { name = name } }"),
        ("two values that are each other", "{ name = timezone, timezone = name }"),
    ];
    each(&cases, |(what, text)| {
        let folder = Folder::with(&[("hosts/one.ncl", text)]);
        refused(&folder, what);
    });
}

#[test]
fn files_that_are_no_host_are_refused_where_they_are() {
    let cases: &[(&str, &[u8])] = &[
        ("empty", b""),
        ("blank", b" \n\t\n"),
        ("only a comment", b"# nothing\n"),
        ("a function", b"fun host => { name = \"one\" }"),
        ("a number", b"1"),
        ("a list", b"[1, 2]"),
        ("a text", b"\"one\""),
        ("null", b"null"),
        ("YAML", b"name: one\nservices:\n  - plex\n"),
        ("an ELF program", b"\x7fELF\x02\x01\x01\x00\x00\x00"),
        ("NUL bytes", b"{ name = \"o\0ne\" }"),
        ("a byte order mark", b"\xef\xbb\xbf{ name = \"one\" }"),
        ("UTF-16", b"\xff\xfe{\0 \0}\0"),
        ("Latin-1 in a text", b"{ name = \"\xe9\" }"),
        ("Latin-1 in a comment", b"# \xe9\n{ name = \"one\" }"),
        ("Latin-1 in a key", b"{ \xe9 = 1 }"),
        ("half a character at the end", b"{ name = \"one\" } # \xe2\x82"),
        ("a surrogate", b"{ name = \"\xed\xa0\x80\" }"),
        ("carriage returns only", b"{ name = 1,\r foo = 2 }"),
        ("an unknown character", "{ name = \u{202e}\"one\" }".as_bytes()),
        ("unclosed", b"{ name = \"one\""),
        ("text unclosed", b"{ name = \"one"),
        ("multiline text unclosed", b"{ name = m%\"one"),
        ("a large number", b"{ name = 1e4000 }"),
        ("a division by zero", b"{ name = 1 / 0 }"),
        ("an unknown name", b"{ name = nobody }"),
        ("a blame of its own", b"{ name = std.fail_with \"no\" }"),
        ("an import of nothing", b"import \"nothing.ncl\""),
        ("an import of itself", b"import \"one.ncl\""),
        ("an import of itself, deeper", b"{ name = (import \"one.ncl\").name }"),
        ("an import of a folder", b"import \"../hosts\""),
        ("an import of a device", b"import \"/dev/null\""),
        ("an import of what is no Nickel", b"import \"notes.txt\""),
    ];
    each(cases, |(what, bytes)| {
        let folder = Folder::with(&[("hosts/notes.txt", "\u{1}notes")]);
        folder.write("hosts/one.ncl", bytes);
        let run = refused(&folder, what);
        // What is imported may be what is wrong.
        let file = if run.stderr.contains("hosts/notes.txt") { "hosts/notes.txt:" } else { "hosts/one.ncl" };
        assert!(run.stderr.contains(file), "{what}: {}", run.stderr);
        // Where the project is does not matter, so it is not said.
        assert!(!run.stderr.contains(folder.path().to_str().unwrap()), "{what}: {}", run.stderr);
    });
}

#[test]
fn imports_in_a_circle_are_refused() {
    let folder = Folder::with(&[
        ("hosts/one.ncl", "import \"lib/a.ncl\""),
        ("hosts/lib/a.ncl", "(import \"b.ncl\") & {}"),
        ("hosts/lib/b.ncl", "(import \"a.ncl\") & {}"),
    ]);
    refused(&folder, "a circle");
}

#[test]
fn huge_files_end_in_time() {
    const BYTES: usize = 50 << 20;
    let fill = |line: &str| line.repeat(BYTES / line.len());
    let cases: Vec<(&str, String)> = vec![
        ("50 MB, a text", plain(&format!("timezone = \"{}\"", fill("x")))),
        ("50 MB, a comment", format!("# {}\n{}", fill("y"), plain(""))),
        ("50 MB, a list", plain(&format!("services.x.command = [{}]", fill("\"a\",")))),
        ("50 MB, many lines", plain(&fill("timezone = \"Europe/Oslo\",\n"))),
        ("50 MB, one line of blanks", format!("{}{}", fill(" "), plain(""))),
    ];
    // What is just small enough to be looked at.
    let fill = |line: &str| line.repeat((4 << 20) / line.len() - 100);
    let cases = cases.into_iter().chain([
        ("4 MB, a text", plain(&format!("timezone = \"{}\"", fill("x")))),
        ("4 MB, a list", plain(&format!("services.x.command = [{}]", fill("\"aaaaaaaaaaaaaaaaaaaa\", ")))),
        ("4 MB, only opened", fill("{ a = ")),
    ]);
    for (what, text) in cases {
        let folder = Folder::with(&[("hosts/one.ncl", &text)]);
        let begin = Instant::now();
        let run = refused(&folder, what);
        say(&format!(
            "robust: {what}: {:.1} s, {}",
            begin.elapsed().as_secs_f64(),
            run.stderr.lines().next().unwrap_or_default().chars().take(100).collect::<String>()
        ));
        assert!(run.stderr.len() < 100_000, "{what}: {} bytes of explanation", run.stderr.len());
    }
}

#[test]
fn folders_and_links_in_the_place_of_files() {
    let folder = Folder::with_hosts();
    fs::create_dir(folder.at("hosts/folder.ncl")).unwrap();
    // Among the hosts it is none; asked for, it cannot be read.
    folder.mediac(["check"]).expect(0);
    let run = folder.mediac(["check", "hosts/folder.ncl"]).expect(1);
    assert!(run.stderr.contains("hosts/folder.ncl"), "{}", run.stderr);
    symlink("nowhere.ncl", folder.at("hosts/dangling.ncl")).unwrap();
    let run = folder.mediac(["check"]).expect(1);
    assert!(run.stderr.contains("dangling.ncl") && run.stderr.contains("help: "), "{}", run.stderr);
    fs::remove_file(folder.at("hosts/dangling.ncl")).unwrap();
    symlink("loop.ncl", folder.at("hosts/loop.ncl")).unwrap();
    let run = folder.mediac(["check"]).expect(1);
    assert!(run.stderr.contains("loop.ncl"), "{}", run.stderr);
}

#[test]
fn a_pipe_in_the_place_of_a_host_is_not_waited_for() {
    let folder = Folder::with_hosts();
    assert!(works(&["mkfifo", folder.at("hosts/pipe.ncl").to_str().unwrap()]));
    let run = Mediac::new(folder.path()).through(["timeout", "-k", "5", "60"]).args(["check"]).run();
    well_ended(&run, "a pipe in hosts/");
}

#[test]
fn a_module_of_ones_own_that_is_broken_is_named() {
    let cases: &[(&str, &[u8])] = &[
        ("syntax", b"{ title = }"),
        ("unclosed", b"{ title = \"x\""),
        ("no UTF-8", b"{ title = \"\xff\" }"),
        ("a function", b"fun x => x"),
        ("a wrong type", b"{ host | not_exported, name | String, title | default = 1, image = \"a:1\" }"),
        ("an import of nothing", b"import \"nothing.ncl\""),
    ];
    each(cases, |(what, bytes)| {
        let folder = Folder::with(&[("hosts/one.ncl", &plain("services.pigeon = {}"))]);
        folder.write("modules/pigeon.ncl", bytes);
        let run = refused(&folder, what);
        assert!(run.stderr.contains("modules/pigeon.ncl"), "{what}: {}", run.stderr);
    });
}

#[test]
fn two_hosts_of_one_name_are_refused_and_nothing_is_written() {
    let folder = Folder::with(&[
        ("hosts/a.ncl", &plain("services.prowlarr = {}")),
        ("hosts/b.ncl", &plain("services.prowlarr = {}")),
    ]);
    for verb in [&["check"][..], &["build"], &["build"], &["build", "--check"]] {
        let run = folder.mediac(verb).expect(1);
        assert!(run.stderr.contains("two hosts are called `one`"), "{verb:?}: {}", run.stderr);
        assert!(!folder.at("out").exists(), "{verb:?}");
    }
}

#[test]
fn what_may_not_be_read_is_named() {
    const BECOME: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    if is_root() && !works(&[&BECOME[..], &["true"]].concat()) {
        return skip("files that may not be read", "needs setpriv");
    }
    for path in ["hosts/home.ncl", "hosts", "modules", "modules/own.ncl", "out/home/manifest.json"] {
        let folder = Folder::with_hosts();
        folder.write(
            "modules/own.ncl",
            "{ host | not_exported, title | default = \"x\", image | default = \"a:1\" }",
        );
        folder.mediac(["build"]).expect(0);
        fs::remove_dir_all(folder.at("out/.cache")).unwrap();
        let own = folder.path().parent().unwrap().join("mediac");
        copy_program(&own);
        set_mode(&folder.at(path), 0o000);
        let mut call = Mediac::new(folder.path()).program(&own).args(["build", "--check"]);
        if is_root() {
            call = call.through(BECOME);
        }
        let run = call.run();
        well_ended(&run, path);
        assert_eq!(run.code, Some(1), "{path}: {}", run.stderr);
        assert!(run.stderr.contains(path) && run.stderr.contains("help: "), "{path}: {}", run.stderr);
    }
    assert!(hosts().contains(&"home".to_owned()));
}
