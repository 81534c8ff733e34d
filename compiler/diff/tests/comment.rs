//! Comments: nothing in them acts, and none is too long.

use serde_json::json;

use super::{build, inventory};
use crate::diff::*;
use crate::report::Styling;

/// Everything between fences is dropped, and so is what stands in code: what is left acts.
fn acting(markdown: &str) -> String {
    let mut out = String::new();
    let mut fence: Option<String> = None;
    for line in markdown.lines() {
        let run: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if run.len() >= open.len() && line.trim() == run => fence = None,
            Some(_) => {}
            None if run.len() >= 3 => fence = Some(run),
            None => out.extend([&without_code(line), "\n"]),
        }
    }
    assert_eq!(fence, None, "a fence is open at the end");
    out
}

fn without_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('`') {
        let run = rest[at..].chars().take_while(|c| *c == '`').count();
        let (before, inside) = (&rest[..at], &rest[at + run..]);
        out.push_str(before);
        let mut from = 0;
        rest = loop {
            let Some(next) = inside[from..].find('`').map(|next| from + next) else { break inside };
            let length = inside[next..].chars().take_while(|c| *c == '`').count();
            if length == run {
                break &inside[next + length..];
            }
            from = next + length;
        };
    }
    out + rest
}

#[test]
fn nothing_breaks_out_of_markdown() {
    let hostile =
        "</details> --> @everyone ```\n``` <script> \u{202e}rtl \u{1b}[31m ` `` ~~~~ [x](http://y) ]]>";
    let mut changed = inventory();
    let services = changed["services"].as_object_mut().unwrap();
    services.insert(hostile.into(), json!({"title": hostile, "kind": hostile, "image": hostile}));
    changed["services"]["alpha"]["image"] = json!(hostile);
    changed["secrets"][hostile] = json!("given");
    let path = format!("etc/{}", hostile.replace('/', "_"));
    let text = format!("{hostile}\n    ```\n```\n``````\n<!--\n</details>\n");
    let base = build(&inventory(), &[]);
    let mut fresh = build(&changed, &[(&path, "owned", "name", &text), ("etc/b", "seed", hostile, &text)]);
    fresh.host = hostile.into();
    let written = markdown(&Difference::between(&base, &fresh), LIMIT);
    let acting = acting(&written);
    assert_eq!(acting.matches("<details>").count(), 2, "{acting}");
    assert_eq!(acting.matches("</details>").count(), 2, "{acting}");
    assert_eq!(acting.matches("-->").count(), 1, "{acting}");
    for bad in ["@everyone", "<script>", "](http", "<!--\n"] {
        assert!(!acting.contains(bad), "{bad}: {acting}");
    }
    assert!(!written.contains(['\u{202e}', '\u{1b}']), "{written}");
    assert!(
        human(&Difference::between(&base, &fresh), "out", Styling::Plain)
            .find(['\u{202e}', '\u{1b}'])
            .is_none()
    );
}

#[test]
fn a_comment_is_never_too_long() {
    let many: Vec<(String, String)> = (0..400)
        .map(|n| (format!("etc/{n:03}-{}", "x".repeat(80)), format!("{}\n", "y".repeat(n)).repeat(40)))
        .collect();
    let files: Vec<_> =
        many.iter().map(|(path, text)| (path.as_str(), "owned", "name", text.as_str())).collect();
    let mut changed = inventory();
    for n in 0..2_000 {
        changed["secrets"][format!("alpha/{n}")] = json!("given");
    }
    let difference = Difference::between(&build(&inventory(), &[]), &build(&changed, &files));
    for budget in [1_000, 3_000, 20_000, 60_000, 65_536, 1_000_000] {
        let written = markdown(&difference, budget);
        assert!(written.len() <= budget.min(65_536), "{budget}: {}", written.len());
        assert!(written.starts_with("<!-- mediac:box -->\n"));
        assert!(written.contains("not shown for length"), "{written}");
        assert!(written.contains("more files with"), "{written}");
        let acting = acting(&written);
        assert_eq!(acting.matches("<details>").count(), acting.matches("</details>").count());
    }
}
