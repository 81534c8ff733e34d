//! The words of a ruleset, line by line.

/// A word and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'a> {
    /// A bare word: a keyword, a name, a number, an address.
    Word(&'a str),
    /// A text in quotes, without them.
    Text(&'a str),
    /// One of `{ } ; , . =` and `!=`.
    Mark(&'a str),
    /// The end of a line.
    End,
}

/// The tokens of a ruleset with their lines. Comments are left out.
pub fn tokens(source: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let mut rest = line.trim_start();
        while !rest.is_empty() && !rest.starts_with('#') {
            let (token, after) = next(rest);
            tokens.push((index + 1, token));
            rest = after.trim_start();
        }
        tokens.push((index + 1, Token::End));
    }
    tokens
}

fn next(rest: &str) -> (Token<'_>, &str) {
    if let Some(text) = rest.strip_prefix('"') {
        let (text, after) = text.split_once('"').unwrap_or((text, ""));
        return (Token::Text(text), after);
    }
    let mark = ["!=", "{", "}", ";", ",", "="].into_iter().find(|mark| rest.starts_with(mark));
    if let Some((mark, after)) = mark.and_then(|mark| Some((mark, rest.strip_prefix(mark)?))) {
        return (Token::Mark(mark), after);
    }
    let end = rest.find([' ', '\t', '{', '}', ';', '"']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    // In `@th,64,32` commas belong to the word, at the end of an element they do not.
    if let Some(word) = word.strip_suffix(',').filter(|word| !word.is_empty()) {
        return (Token::Word(word), rest.get(word.len()..).unwrap_or_default());
    }
    let list = !word.starts_with('@') && word.contains(',');
    if let Some((word, _)) = word.split_once(',').filter(|(word, _)| list && !word.is_empty()) {
        return (Token::Word(word), rest.get(word.len()..).unwrap_or_default());
    }
    if word == "." {
        return (Token::Mark("."), after);
    }
    (Token::Word(word), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_marks_and_texts() {
        let read: Vec<Token<'_>> =
            tokens("a . @v { \"x,y\", 1 } # c\nct state a,b @th,64,32 { 0x1 } != lo;\n")
                .into_iter()
                .map(|(_, token)| token)
                .collect();
        let expected = [
            Token::Word("a"),
            Token::Mark("."),
            Token::Word("@v"),
            Token::Mark("{"),
            Token::Text("x,y"),
            Token::Mark(","),
            Token::Word("1"),
            Token::Mark("}"),
            Token::End,
            Token::Word("ct"),
            Token::Word("state"),
            Token::Word("a"),
            Token::Mark(","),
            Token::Word("b"),
            Token::Word("@th,64,32"),
            Token::Mark("{"),
            Token::Word("0x1"),
            Token::Mark("}"),
            Token::Mark("!="),
            Token::Word("lo"),
            Token::Mark(";"),
            Token::End,
        ];
        assert_eq!(read, expected);
    }
}
