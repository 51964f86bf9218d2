//! A small reader of SQL words, for what databases keep or print as text: `CREATE TABLE` of SQLite, defaults of PostgreSQL.
//!
//! The inspectors use it. It never makes SQL.

/// A word of SQL with where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a word of SQL is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word, in lower case.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A text, without its quotes.
    Text(String),
    /// The hex digits of a blob.
    Blob(String),
    /// A number as written.
    Number(String),
    /// An operator or other sign.
    Sign(String),
}

const LONG_SIGNS: &[&str] = &["::", "<=", ">=", "<>", "!=", "==", "||"];

/// The words of a text; none if a quote is left open.
pub(super) fn tokenize(sql: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = sql[at..].chars().next() {
        let rest = &sql[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |i| i + 2);
        } else {
            let (kind, length) = token(rest, c)?;
            tokens.push(Token { kind, start: at, end: at + length });
            at += length;
        }
    }
    Some(tokens)
}

fn token(rest: &str, c: char) -> Option<(Kind, usize)> {
    let mut ahead = rest.chars().skip(1);
    match c {
        '\'' => quoted(rest, '\'', false).map(|(text, n)| (Kind::Text(text), n)),
        '"' | '`' => quoted(rest, c, false).map(|(text, n)| (Kind::Name(text), n)),
        '[' if ahead.next().is_some_and(|c| c.is_alphabetic() || c == '_') => {
            let end = rest.find(']')?;
            Some((Kind::Name(rest[1..end].to_owned()), end + 1))
        }
        'x' | 'X' if rest[1..].starts_with('\'') => {
            quoted(&rest[1..], '\'', false).map(|(text, n)| (Kind::Blob(text.to_ascii_lowercase()), n + 1))
        }
        'e' | 'E' if rest[1..].starts_with('\'') => {
            quoted(&rest[1..], '\'', true).map(|(text, n)| (Kind::Text(text), n + 1))
        }
        _ if c.is_ascii_digit() || (c == '.' && ahead.next().is_some_and(|c| c.is_ascii_digit())) => {
            let length = number(rest);
            Some((Kind::Number(rest[..length].to_owned()), length))
        }
        _ if c.is_alphabetic() || c == '_' => {
            let length =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            Some((Kind::Word(rest[..length].to_ascii_lowercase()), length))
        }
        _ => Some(match LONG_SIGNS.iter().find(|s| rest.starts_with(**s)) {
            Some(sign) => (Kind::Sign((*sign).to_owned()), sign.len()),
            None => (Kind::Sign(c.to_string()), c.len_utf8()),
        }),
    }
}

/// What stands between two quotes, of which a doubled one is itself; and its length with them.
fn quoted(rest: &str, quote: char, escapes: bool) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if escapes && c == '\\' {
            text.push(chars.next()?.1);
        } else if c != quote {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Some((text, at + 1));
        }
    }
    None
}

fn number(rest: &str) -> usize {
    let mut before = ' ';
    let part = |c: char| {
        let signed = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        let fits = c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || signed;
        before = c;
        !fits
    };
    rest.find(part).unwrap_or(rest.len())
}

impl Token {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(w) if w == word)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.kind, Kind::Sign(s) if s == sign)
    }

    /// The name this token can be: quoted, or bare.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) | Kind::Word(name) => Some(name),
            _ => None,
        }
    }
}

/// Whether two texts say the same, word by word. A name may be quoted or not; SQLite does not count its case.
pub(super) fn same(one: &[Token], other: &[Token]) -> bool {
    let alike = |(a, b): (&Token, &Token)| match (a.name(), b.name()) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => a.kind == b.kind,
    };
    one.len() == other.len() && one.iter().zip(other).all(alike)
}

/// A place in a list of tokens.
pub(super) struct Cursor<'a> {
    tokens: &'a [Token],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Self {
        Self { tokens }
    }

    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.tokens.first()
    }

    pub(super) fn rest(&self) -> &'a [Token] {
        self.tokens
    }

    pub(super) fn take(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes these words if they come next.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let here =
            self.tokens.len() >= words.len() && self.tokens.iter().zip(words).all(|(t, w)| t.is_word(w));
        if here {
            self.tokens = &self.tokens[words.len()..];
        }
        here
    }

    pub(super) fn eat_sign(&mut self, sign: &str) -> bool {
        let here = self.peek().is_some_and(|t| t.is_sign(sign));
        if here {
            self.tokens = &self.tokens[1..];
        }
        here
    }

    /// Takes a group in parentheses, if one comes next; gives what is inside.
    pub(super) fn group(&mut self) -> Option<&'a [Token]> {
        if !self.peek()?.is_sign("(") {
            return None;
        }
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate() {
            depth += usize::from(token.is_sign("("));
            depth -= usize::from(token.is_sign(")"));
            if depth == 0 {
                let inside = &self.tokens[1..index];
                self.tokens = &self.tokens[index + 1..];
                return Some(inside);
            }
        }
        None
    }
}

/// The parts between commas that are in no parentheses.
pub(super) fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    let outer = |token: &Token| {
        depth += i32::from(token.is_sign("(")) - i32::from(token.is_sign(")"));
        depth == 0 && token.is_sign(",")
    };
    tokens.split(outer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> Vec<Kind> {
        tokenize(sql).unwrap_or_default().into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn reads_quotes_and_comments() {
        let text = |t: &str| Kind::Text(t.into());
        assert_eq!(kinds("'it''s' -- x\n /* y */ E'\\\\a'"), [text("it's"), text("\\a")]);
        assert_eq!(
            kinds("\"a\"\"b\" [c d] X'0F'"),
            [Kind::Name("a\"b".into()), Kind::Name("c d".into()), Kind::Blob("0f".into())]
        );
        assert_eq!(tokenize("'open"), None);
    }

    #[test]
    fn numbers_end_where_they_end() {
        assert_eq!(
            kinds("1.5e+3-2"),
            [Kind::Number("1.5e+3".into()), Kind::Sign("-".into()), Kind::Number("2".into())]
        );
    }

    #[test]
    fn splits_at_outer_commas() {
        let tokens = tokenize("a (b, c), d").unwrap_or_default();
        assert_eq!(split(&tokens).len(), 2);
    }
}
