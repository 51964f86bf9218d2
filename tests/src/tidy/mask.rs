//! Rust text with comments, and if wanted the insides of literals, replaced by spaces.
//!
//! Lines and columns (in characters) stay, so that what is found in the mask is found in the file.

/// What is left to see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Code alone.
    Code,
    /// Code and string literals.
    CodeAndStrings,
}

/// Masks `text`.
pub(super) fn mask(text: &str, keep: Keep) -> String {
    let mut mask =
        Mask { chars: text.chars().collect(), at: 0, out: String::with_capacity(text.len()), keep };
    while mask.at < mask.chars.len() {
        mask.step();
    }
    mask.out
}

struct Mask {
    chars: Vec<char>,
    at: usize,
    out: String,
    keep: Keep,
}

impl Mask {
    fn step(&mut self) {
        if self.sees("//") {
            let end = self.find("\n");
            self.hide(end);
        } else if self.sees("/*") {
            let end = self.block_end();
            self.hide(end);
        } else if let Some((open, close)) = self.raw_string() {
            let end = self.find_from(self.at + open, &close);
            self.literal(open, end, close.len());
        } else if self.sees("\"") {
            let end = self.quoted_end('"');
            self.literal(1, end, 1);
        } else if self.sees("'") && self.is_char() {
            let end = self.quoted_end('\'');
            self.literal(1, end, 1);
        } else {
            self.show(self.at + 1);
        }
    }

    fn sees(&self, text: &str) -> bool {
        self.sees_at(self.at, text)
    }

    fn sees_at(&self, at: usize, text: &str) -> bool {
        let mut chars = text.chars().zip(at..);
        chars.all(|(wanted, at)| self.chars.get(at) == Some(&wanted))
    }

    fn find(&self, text: &str) -> usize {
        self.find_from(self.at, text)
    }

    fn find_from(&self, from: usize, text: &str) -> usize {
        let mut places = from..self.chars.len();
        places.find(|&at| self.sees_at(at, text)).unwrap_or(self.chars.len())
    }

    /// Block comments nest.
    fn block_end(&self) -> usize {
        let (mut at, mut depth) = (self.at + 2, 1);
        while at < self.chars.len() && depth > 0 {
            if self.sees_at(at, "/*") {
                depth += 1;
                at += 2;
            } else if self.sees_at(at, "*/") {
                depth -= 1;
                at += 2;
            } else {
                at += 1;
            }
        }
        at
    }

    /// The length of what opens a raw string here, and what closes it.
    fn raw_string(&self) -> Option<(usize, String)> {
        if !self.sees("r") && !self.sees("br") && !self.sees("cr") || self.in_word() {
            return None;
        }
        let prefix = if self.sees("r") { 1 } else { 2 };
        let from = self.at + prefix;
        let hashes = self.chars[from..].iter().take_while(|&&c| c == '#').count();
        self.sees_at(from + hashes, "\"").then(|| (prefix + hashes + 1, format!("\"{}", "#".repeat(hashes))))
    }

    fn in_word(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.chars[at]);
        before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    }

    /// A character, and not a lifetime or label.
    fn is_char(&self) -> bool {
        self.sees_at(self.at + 1, "\\") || self.sees_at(self.at + 2, "'")
    }

    /// The place of the quote that ends the literal here.
    fn quoted_end(&self, quote: char) -> usize {
        let mut at = self.at + 1;
        while at < self.chars.len() && self.chars[at] != quote {
            at += if self.chars[at] == '\\' { 2 } else { 1 };
        }
        at.min(self.chars.len())
    }

    /// The quotes are always shown, what is between them if it is wanted.
    fn literal(&mut self, open: usize, end: usize, close: usize) {
        self.show(self.at + open);
        match self.keep {
            Keep::Code => self.hide(end),
            Keep::CodeAndStrings => self.show(end),
        }
        self.show((end + close).min(self.chars.len()));
    }

    fn show(&mut self, end: usize) {
        self.out.extend(&self.chars[self.at..end]);
        self.at = end;
    }

    fn hide(&mut self, end: usize) {
        let hidden = self.chars[self.at..end].iter();
        self.out.extend(hidden.map(|&c| if c == '\n' { '\n' } else { ' ' }));
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        mask(text, Keep::Code)
    }

    #[test]
    fn comments_vanish() {
        assert_eq!(code("a // b\nc"), "a     \nc");
        assert_eq!(code("a /* b /* c */\nd */ e"), "a             \n     e");
    }

    #[test]
    fn literals_are_emptied() {
        assert_eq!(code(r#"f("a\"b", 'c', '\'', "//")"#), r#"f("    ", ' ', '  ', "  ")"#);
        assert_eq!(code("r#\"a\"b\"# c"), "r#\"   \"# c");
        assert_eq!(code("br\"a\\\" c"), "br\"  \" c");
    }

    #[test]
    fn literals_can_be_kept() {
        let kept = mask("\"BEGIN\" // x", Keep::CodeAndStrings);
        assert_eq!(kept, "\"BEGIN\"     ");
    }

    #[test]
    fn lifetimes_are_code() {
        let text = "fn f<'a>(a: &'a str) { 'l: loop {} }";
        assert_eq!(code(text), text);
    }

    #[test]
    fn what_is_never_closed_ends_with_the_file() {
        assert_eq!(code("\"ab"), "\"  ");
        assert_eq!(code("\"a\\"), "\"  ");
        assert_eq!(code("/* a"), "    ");
    }
}
