//! The difference as a patch that `git apply` and `patch -p1` take: it makes the base into the fresh build.

use std::fmt::Write as _;

use super::files::{FileChange, Role};
use super::lines::unified;
use super::{Difference, Kind};

/// Writes a difference; `folder` is where the output of hosts lies, such as `out`.
pub fn write(difference: &Difference, folder: &str) -> Vec<u8> {
    let mut patch = Vec::new();
    for change in difference.files.iter().filter(|change| change.role != Role::Folder) {
        file(&mut patch, change, &format!("{folder}/{}/{}", difference.host, change.path));
    }
    patch
}

fn file(out: &mut Vec<u8>, change: &FileChange, path: &str) {
    let (old, new) = (name("a", path), name("b", path));
    let header = match change.kinds {
        (None, Some(kind)) => format!("new file mode {}\n", mode(kind)),
        (Some(kind), None) => format!("deleted file mode {}\n", mode(kind)),
        (Some(before), Some(after)) if before != after => {
            format!("old mode {}\nnew mode {}\n", mode(before), mode(after))
        }
        _ if change.hunks.is_empty() => return,
        _ => String::new(),
    };
    out.extend(format!("diff --git {old} {new}\n{header}").into_bytes());
    if change.hunks.is_empty() {
        return;
    }
    let side =
        |kind: Option<Kind>, name: &str| if kind.is_some() { ended(name) } else { "/dev/null".to_owned() };
    out.extend(
        format!("--- {}\n+++ {}\n", side(change.kinds.0, &old), side(change.kinds.1, &new)).into_bytes(),
    );
    out.extend(unified(&change.hunks));
}

const fn mode(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => "100644",
        Kind::Script => "100755",
    }
}

/// A name as git writes it: quoted when it holds what would end it.
fn name(side: &str, path: &str) -> String {
    let path = format!("{side}/{path}");
    if !path.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
        return path;
    }
    let mut quoted = String::from("\"");
    for byte in path.bytes() {
        match byte {
            b'"' => quoted.push_str("\\\""),
            b'\\' => quoted.push_str("\\\\"),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A name with spaces needs a tab behind it, or `patch` takes what follows the first space for a time.
fn ended(name: &str) -> String {
    if name.contains(' ') && !name.starts_with('"') { format!("{name}\t") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_git_does() {
        for (path, written) in [
            ("x y", "a/x y"),
            ("é", "a/é"),
            ("a\"b", "\"a/a\\\"b\""),
            ("a\\x2d", "\"a/a\\\\x2d\""),
            ("a\nb", "\"a/a\\012b\""),
        ] {
            assert_eq!(name("a", path), written);
        }
        assert_eq!(ended("a/x y"), "a/x y\t");
        assert_eq!(ended("a/x"), "a/x");
    }
}
