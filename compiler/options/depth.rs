//! Definitions that go deeper than anything a person writes.

use std::ops::Range;

use nickel_lang_parser::lexer::{Lexer, MultiStringToken, NormalToken, StringToken, Token};

use super::source::has_lone_return;

/// How deep brackets may be nested, and how many annotations one definition may have. What is read after
/// this takes time and memory by the square of either.
pub const DEEPEST: usize = 500;

/// Where `source` gets deeper than [`DEEPEST`].
pub fn too_deep(source: &str) -> Option<Range<usize>> {
    if has_lone_return(source) {
        return None;
    }
    // For each bracket that is open, the annotations of the definition that stands in it.
    let mut open = vec![0_usize];
    for token in Lexer::new(source) {
        let Ok((start, token, end)) = token else { return None };
        match token {
            Token::Normal(NormalToken::LBrace | NormalToken::LBracket | NormalToken::LParen)
            | Token::Str(StringToken::Interpolation)
            | Token::MultiStr(MultiStringToken::Interpolation) => open.push(0),
            Token::Normal(NormalToken::RBrace | NormalToken::RBracket | NormalToken::RParen) => {
                open.pop();
            }
            Token::Normal(NormalToken::Comma | NormalToken::Equals) => {
                open.last_mut().map(std::mem::take);
            }
            Token::Normal(NormalToken::Pipe) => {
                if let Some(annotations) = open.last_mut() {
                    *annotations += 1;
                }
            }
            _ => {}
        }
        if open.len() > DEEPEST || open.last().is_some_and(|annotations| *annotations > DEEPEST) {
            return Some(start..end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_measured_where_it_is_reached() {
        let deep = |open: &str, count: usize| too_deep(&open.repeat(count)).map(|range| range.start);
        for open in ["{", "[", "(", "{ a = ", "\"%{", "m%\"%{"] {
            assert_eq!(deep(open, DEEPEST - 1), None, "{open}");
        }
        assert_eq!(deep("{", DEEPEST + 1), Some(DEEPEST - 1));
        assert_eq!(deep(" | A", DEEPEST), None);
        assert_eq!(deep(" | A", DEEPEST + 1), Some(4 * DEEPEST + 1));
        assert_eq!(deep("a | A = 1,", 2 * DEEPEST), None);
        assert_eq!(deep("{}[]()\"%{a}\"", 2 * DEEPEST), None);
        assert_eq!(deep("\"{[(|\"", 2 * DEEPEST), None);
    }
}
