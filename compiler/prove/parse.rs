//! Reads a ruleset back as rules. What is proved is what is written, not what was meant.

use std::iter::Peekable;
use std::net::IpAddr;
use std::vec::IntoIter;

use super::lex::{Token, tokens};
use super::rules::{Chain, Hook, Key, Match, Point, Policy, Rule, Sense, Table, Value, Values, Verdict};
use crate::ir::Cidr;

/// Why a ruleset cannot be proved: something stands there that the proof does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub what: String,
}

/// The table of a ruleset.
pub fn parse(source: &str) -> Result<Table, Unread> {
    let mut reader = Reader { tokens: tokens(source).into_iter().peekable(), line: 1 };
    let mut table = Table::default();
    while let Some(token) = reader.next() {
        match token {
            Token::End => {}
            Token::Word("delete") => reader.rest_of_line(),
            Token::Word("table") => {
                reader.keyword("inet")?;
                let name = reader.word()?;
                if reader.mark("{") {
                    name.clone_into(&mut table.name);
                    reader.table(&mut table)?;
                }
            }
            other => return Err(reader.unread(&other)),
        }
    }
    Ok(table)
}

struct Reader<'a> {
    tokens: Peekable<IntoIter<(usize, Token<'a>)>>,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let (line, token) = self.tokens.next()?;
        self.line = line;
        Some(token)
    }

    fn unread(&self, token: &Token<'_>) -> Unread {
        let what = match token {
            Token::Word(word) | Token::Mark(word) | Token::Text(word) => (*word).to_owned(),
            Token::End => "the end of the line".to_owned(),
        };
        Unread { line: self.line, what }
    }

    fn word(&mut self) -> Result<&'a str, Unread> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(self.unread(&other.unwrap_or(Token::End))),
        }
    }

    fn keyword(&mut self, expected: &str) -> Result<(), Unread> {
        let word = self.word()?;
        if word == expected { Ok(()) } else { Err(self.unread(&Token::Word(word))) }
    }

    /// Takes the mark, if it comes next.
    fn mark(&mut self, mark: &str) -> bool {
        let there = matches!(self.tokens.peek(), Some((_, Token::Mark(next))) if *next == mark);
        if there {
            self.tokens.next();
        }
        there
    }

    fn ends(&mut self) {
        while matches!(self.tokens.peek(), Some((_, Token::End | Token::Mark(";")))) {
            self.tokens.next();
        }
    }

    fn rest_of_line(&mut self) {
        while !matches!(self.next(), None | Some(Token::End)) {}
    }

    fn table(&mut self, table: &mut Table) -> Result<(), Unread> {
        loop {
            self.ends();
            if self.mark("}") {
                return Ok(());
            }
            match self.word()? {
                "comment" | "counter" => self.rest_of_line(),
                "set" => {
                    let name = self.word()?.to_owned();
                    let elements = self.set()?;
                    table.sets.insert(name, elements);
                }
                "chain" => {
                    let name = self.word()?.to_owned();
                    let chain = self.chain()?;
                    table.chains.insert(name, chain);
                }
                other => return Err(self.unread(&Token::Word(other))),
            }
        }
    }

    fn set(&mut self) -> Result<Vec<Vec<Value>>, Unread> {
        let mut elements = Vec::new();
        if !self.mark("{") {
            return Err(self.unread(&Token::End));
        }
        loop {
            self.ends();
            if self.mark("}") {
                return Ok(elements);
            }
            match self.word()? {
                "type" | "flags" => self.rest_of_line(),
                "elements" => {
                    if !(self.mark("=") && self.mark("{")) {
                        return Err(self.unread(&Token::End));
                    }
                    elements = self.elements()?;
                }
                other => return Err(self.unread(&Token::Word(other))),
            }
        }
    }

    /// The elements up to the closing brace.
    fn elements(&mut self) -> Result<Vec<Vec<Value>>, Unread> {
        let mut elements = Vec::new();
        loop {
            self.ends();
            if self.mark("}") {
                return Ok(elements);
            }
            elements.push(self.element()?);
            self.ends();
            if !self.mark(",") {
                self.ends();
                return if self.mark("}") { Ok(elements) } else { Err(self.unread(&Token::End)) };
            }
        }
    }

    /// One element: a value, or several with dots between them.
    fn element(&mut self) -> Result<Vec<Value>, Unread> {
        let mut values = vec![self.value()?];
        while self.mark(".") {
            values.push(self.value()?);
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, Unread> {
        match self.next() {
            Some(Token::Text(name)) => Ok(Value::Name(name.to_owned())),
            Some(Token::Word(word)) => Ok(value(word)),
            other => Err(self.unread(&other.unwrap_or(Token::End))),
        }
    }

    fn chain(&mut self) -> Result<Chain, Unread> {
        let mut chain = Chain::default();
        if !self.mark("{") {
            return Err(self.unread(&Token::End));
        }
        loop {
            self.ends();
            if self.mark("}") {
                return Ok(chain);
            }
            if matches!(self.tokens.peek(), Some((_, Token::Word("type")))) {
                chain.hook = Some(self.hook()?);
            } else {
                chain.rules.push(self.rule()?);
            }
        }
    }

    /// `type filter hook forward priority filter - 10; policy accept;`
    fn hook(&mut self) -> Result<Hook, Unread> {
        self.keyword("type")?;
        let line = self.line;
        self.word()?;
        self.keyword("hook")?;
        let point = match self.word()? {
            "prerouting" => Point::Prerouting,
            "input" => Point::Input,
            "forward" => Point::Forward,
            "output" => Point::Output,
            "postrouting" => Point::Postrouting,
            other => return Err(self.unread(&Token::Word(other))),
        };
        self.keyword("priority")?;
        let base = match self.word()? {
            "raw" => -300,
            "mangle" => -150,
            "dstnat" => -100,
            "filter" => 0,
            "srcnat" => 100,
            other => return Err(self.unread(&Token::Word(other))),
        };
        let offset = match self.tokens.peek() {
            Some((_, Token::Word(sign @ ("-" | "+")))) => {
                let sign = if *sign == "-" { -1 } else { 1 };
                self.next();
                let word = self.word()?;
                sign * word.parse::<i32>().map_err(|_| self.unread(&Token::Word(word)))?
            }
            _ => 0,
        };
        self.ends();
        self.keyword("policy")?;
        let policy = match self.word()? {
            "accept" => Policy::Accept,
            "drop" => Policy::Drop,
            other => return Err(self.unread(&Token::Word(other))),
        };
        // There nothing is known yet of connections.
        if base + offset <= -200 {
            return Err(Unread { line, what: format!("priority {}", base + offset) });
        }
        Ok(Hook { point, priority: base + offset, policy, line })
    }

    fn rule(&mut self) -> Result<Rule, Unread> {
        let mut rule = Rule { matches: Vec::new(), verdict: None, line: 0 };
        let mut limited = false;
        loop {
            let token = self.next().unwrap_or(Token::End);
            if rule.line == 0 {
                rule.line = self.line;
            }
            let verdict = match token {
                Token::End => break,
                Token::Word("limit") => {
                    limited = true;
                    for _ in 0..5 {
                        self.word()?;
                    }
                    continue;
                }
                Token::Word("log") => {
                    self.keyword("prefix")?;
                    self.value()?;
                    self.keyword("level")?;
                    self.word()?;
                    continue;
                }
                Token::Word("counter") => {
                    self.keyword("name")?;
                    self.word()?;
                    continue;
                }
                Token::Word("accept") => Verdict::Accept,
                Token::Word("drop") => Verdict::Drop,
                Token::Word("return") => Verdict::Return,
                Token::Word("jump") => Verdict::Jump(self.word()?.to_owned()),
                Token::Word("goto") => Verdict::Goto(self.word()?.to_owned()),
                Token::Word("masquerade") => Verdict::Masquerade,
                Token::Word(word) => {
                    self.condition(word, &mut rule.matches)?;
                    continue;
                }
                other => return Err(self.unread(&other)),
            };
            rule.verdict = Some(verdict);
        }
        // A verdict on some packets of a kind and not on others is nothing that can be proved.
        if limited && rule.verdict.is_some() {
            return Err(Unread { line: rule.line, what: "limit".to_owned() });
        }
        Ok(rule)
    }

    /// A condition that begins with `word`.
    fn condition(&mut self, word: &'a str, matches: &mut Vec<Match>) -> Result<(), Unread> {
        let mut keys = vec![self.key(word, matches)?];
        while self.mark(".") {
            let word = self.word()?;
            keys.push(self.key(word, matches)?);
        }
        let sense = if self.mark("!=") { Sense::NotIn } else { Sense::In };
        let values = if self.mark("{") {
            Values::List(self.elements()?)
        } else if let Some((_, Token::Word(word))) = self.tokens.peek()
            && let Some(set) = word.strip_prefix('@')
        {
            let set = set.to_owned();
            self.next();
            Values::Set(set)
        } else {
            let mut list = vec![self.element()?];
            while self.mark(",") {
                list.push(self.element()?);
            }
            Values::List(list)
        };
        matches.push(Match { keys, sense, values });
        Ok(())
    }

    /// A key that begins with `word`; what it implies is added to the conditions.
    fn key(&mut self, word: &'a str, matches: &mut Vec<Match>) -> Result<Key, Unread> {
        let mut implies = |key: Key, words: &[&str]| {
            let list = words.iter().map(|word| vec![value(word)]).collect();
            matches.push(Match { keys: vec![key], sense: Sense::In, values: Values::List(list) });
        };
        let direct = match word {
            "iifname" => Some(Key::InInterface),
            "oifname" => Some(Key::OutInterface),
            "@th,64,32" => Some(Key::Payload),
            _ => None,
        };
        if let Some(key) = direct {
            return Ok(key);
        }
        let second = self.word()?;
        let key = match (word, second) {
            ("ip" | "ip6", "saddr") => Key::Source,
            ("ip" | "ip6", "daddr") => Key::Destination,
            ("tcp" | "udp" | "th", "sport") => Key::SourcePort,
            ("tcp" | "udp" | "th", "dport") => Key::DestinationPort,
            ("meta", "l4proto") => Key::Protocol,
            ("meta", "nfproto") => Key::Family,
            ("meta", "skuid") => Key::User,
            ("ct", "state") => Key::State,
            ("ct", "direction") => Key::Direction,
            ("ct", "status") => Key::Translated,
            ("ct", "original") => {
                self.keyword("ip")?;
                self.keyword("saddr")?;
                Key::OriginalSource
            }
            ("fib", "saddr") => Key::SourceKind,
            ("fib", "daddr") => Key::DestinationKind,
            ("icmp", "type") => Key::Icmp,
            ("icmpv6", "type") => Key::Icmpv6,
            _ => return Err(self.unread(&Token::Word(second))),
        };
        match (word, key) {
            ("tcp" | "udp", _) => implies(Key::Protocol, &[word]),
            ("th", _) => implies(Key::Protocol, &["tcp", "udp"]),
            ("icmp", _) => implies(Key::Protocol, &["icmp"]),
            ("icmpv6", _) => implies(Key::Protocol, &["icmpv6"]),
            ("ip", _) => implies(Key::Family, &["ipv4"]),
            ("ip6", _) => implies(Key::Family, &["ipv6"]),
            ("fib", _) => self.keyword("type")?,
            _ => {}
        }
        Ok(key)
    }
}

fn value(word: &str) -> Value {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Value::Net(Cidr::single(address));
    }
    if let Ok(net) = Cidr::try_from(word.to_owned()) {
        return Value::Net(net);
    }
    let number = match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => word.parse(),
    };
    number.map_or_else(|_| Value::Word(word.to_owned()), Value::Number)
}
