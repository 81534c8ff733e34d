//! Where the fields of a user's file are written.

use std::ops::Range;

use nickel_lang_parser::ast::AstAlloc;
use nickel_lang_parser::files::Files;

use super::source::{on_large_stack, parse};
use super::walk::places;

/// Where one field is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPlace {
    /// Its path, one name each; an element of a list is `[2]`, a computed name its source text.
    pub path: Vec<String>,
    /// Whether the path is counted from the root of the file. It is not inside a `let` binding, an argument,
    /// a contract or a computed name: there it begins at the nearest field or at the expression.
    pub rooted: bool,
    /// The whole definition, `a.b | T = value`, without a comma.
    pub definition: Range<usize>,
    /// The last name of the path.
    pub key: Range<usize>,
    /// The value, if the definition has one.
    pub value: Option<Range<usize>>,
    /// The definition with the comma behind it, if there is one, and the blanks behind that.
    pub with_comma: Range<usize>,
}

/// The innermost definition that `offset` lies in. `None` if there is none, or `source` does not parse.
pub fn field_at(source: &str, offset: usize) -> Option<FieldPlace> {
    let around = definitions(source).into_iter().filter(|place| place.definition.contains(&offset));
    around.min_by_key(|place| place.definition.len())
}

/// All fields that are defined in a file, in the order of the text, outer ones first. Empty if it does
/// not parse.
pub fn definitions(source: &str) -> Vec<FieldPlace> {
    let read = || {
        let alloc = AstAlloc::new();
        parse(&alloc, Files::empty().add("", ""), source).map(|ast| places(source, ast))
    };
    let mut places = on_large_stack(read).flatten().unwrap_or_default();
    places.sort_by(|a, b| {
        let order = |place: &FieldPlace| (place.definition.start, usize::MAX - place.definition.end);
        order(a).cmp(&order(b))
    });
    places
}

/// `source` with everything in `range` replaced by spaces, line ends kept: what follows keeps its offset and
/// line. Blanking a [`FieldPlace::with_comma`] leaves a file that parses, except where it takes the value of
/// a field whose static type is said in another definition: `{ a : T, b | C, a = 1 }`.
pub fn blank(source: &str, range: &Range<usize>) -> String {
    let mut out = String::with_capacity(source.len());
    for (at, c) in source.char_indices() {
        if range.contains(&at) && !matches!(c, '\n' | '\r') {
            out.extend(std::iter::repeat_n(' ', c.len_utf8()));
        } else {
            out.push(c);
        }
    }
    out
}

/// The end of the definition that ends at `end`, with the comma behind it and the blanks behind that.
pub fn end_with_comma(source: &str, end: usize) -> usize {
    let is_blank = |c: char| matches!(c, ' ' | '\t');
    let length = |text: &str| text.len() - text.trim_start_matches(is_blank).len();
    let mut rest = source.get(end..).unwrap_or_default();
    loop {
        rest = rest.trim_start();
        let Some((comment, after)) = rest.split_once('\n') else { break };
        if !comment.starts_with('#') {
            break;
        }
        rest = after;
    }
    match rest.strip_prefix(',') {
        Some(after) => source.len() - after.len() + length(after),
        None => end + length(source.get(end..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
# a host, in three parts
let base = { zone = "x", tags = ["a"] } in
let rec f = fun { a ? { inner = 1 }, .. } => { out = a } in
{
  name = "größe", # with a comment, and a comma
  services.alpha.port = 1,
  services.alpha = {
    port | default = 2
    , # the comma is down here
    env."A B" = "%{ { x = 1 }.x }" ,  level = 'info
  },
  "services".beta = f { a = 1, },
  disks | { _ | { mount | String } } = {
    one = m%"
      several
      lines: %{ base.zone }
    "%,
  },
  list = [{ first = 1 }, { second = 2, }],
  "%{base.zone}".dynamic = 1,
  typed : Number = 3,
  chosen = if true then { yes = 1 } else { no = 2 },
  bare,
  include base,
  last = (1)
} & base & { more = { } }
"#;

    fn check(needle: &str, path: &str, definition: &str, key: &str, value: Option<&str>) {
        let offset = FILE.find(needle).unwrap();
        let place = field_at(FILE, offset).unwrap();
        assert_eq!(place.path.join("."), path, "{needle}");
        assert_eq!(&FILE[place.definition.clone()], definition, "{needle}");
        assert_eq!(&FILE[place.key], key, "{needle}");
        assert_eq!(place.value.map(|range| &FILE[range]), value, "{needle}");
        let tail = FILE[place.definition.end..place.with_comma.end].trim();
        assert!(tail.is_empty() || tail.ends_with(','), "{tail}");
    }

    #[test]
    fn fields_by_offset() {
        check("name =", "name", "name = \"größe\"", "name", Some("\"größe\""));
        check("1,\n", "services.alpha.port", "services.alpha.port = 1", "port", Some("1"));
        check("port | default", "services.alpha.port", "port | default = 2", "port", Some("2"));
        let env = "env.\"A B\" = \"%{ { x = 1 }.x }\"";
        check("A B", "services.alpha.env.A B", env, "\"A B\"", Some("\"%{ { x = 1 }.x }\""));
        check("x = 1", "services.alpha.env.A B.x", "x = 1", "x", Some("1"));
        check("a = 1", "services.beta.a", "a = 1", "a", Some("1"));
        check("mount", "disks.mount", "mount | String", "mount", None);
        check("second", "list.[1].second", "second = 2", "second", Some("2"));
        check("dynamic", "\"%{base.zone}\".dynamic", "\"%{base.zone}\".dynamic = 1", "dynamic", Some("1"));
        check("inner", "inner", "inner = 1", "inner", Some("1"));
        check("no = 2", "chosen.no", "no = 2", "no", Some("2"));
        check("(1)", "last", "last = (1)", "last", Some("(1)"));
        check("more", "more", "more = { }", "more", Some("{ }"));
        assert_eq!(field_at(FILE, 0), None);
        assert_eq!(field_at(FILE, FILE.len() + 5), None);
        assert_eq!(field_at("{ a = ", 2), None);
    }

    #[test]
    fn paths_are_rooted_only_in_the_file_itself() {
        let loose: Vec<_> = definitions(FILE)
            .into_iter()
            .filter(|place| !place.rooted)
            .map(|place| place.path.join("."))
            .collect();
        let expected = [
            "zone",
            "tags",
            "inner",
            "out",
            "services.alpha.env.A B.x",
            "services.beta.a",
            "disks.mount",
            "\"%{base.zone}\".dynamic",
        ];
        assert_eq!(loose, expected);
    }

    #[test]
    fn any_definition_can_be_blanked() {
        let places = definitions(FILE);
        assert_eq!(places.len(), 27);
        for place in &places {
            let blanked = blank(FILE, &place.with_comma);
            assert_eq!(blanked.len(), FILE.len());
            assert_eq!(blanked.lines().count(), FILE.lines().count());
            let outside = |other: &&FieldPlace| {
                other.definition.end <= place.with_comma.start
                    || other.definition.start >= place.with_comma.end
            };
            let left = definitions(&blanked);
            let around = |other: &FieldPlace| {
                other.definition.start < place.with_comma.start && other.definition.end > place.definition.end
            };
            let expected: Vec<_> = places.iter().filter(outside).map(|place| &place.definition).collect();
            let found: Vec<_> =
                left.iter().filter(|place| !around(place)).map(|place| &place.definition).collect();
            assert_eq!(found, expected, "without {:?}:\n{blanked}", place.path);
            assert!(!left.is_empty());
        }
    }
}
