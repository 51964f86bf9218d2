//! How deep and how large expressions are: what is gone through by recursion is bounded first.

use sqlparser::tokenizer::Token;

use super::Expr;

/// Whether a tree may get deeper by a token. Lists make it wide, and brackets are bounded by themselves.
pub(super) fn makes_part(token: &Token) -> bool {
    let is_value =
        matches!(token, Token::Number(..) | Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_));
    !is_value && !matches!(token, Token::Whitespace(_) | Token::Comma | Token::LParen | Token::RParen)
}

/// How many operators and calls are within one another.
pub(super) fn depth(expr: &Expr) -> usize {
    let below = match expr {
        Expr::Column(_) | Expr::Text(_) | Expr::Number(_) | Expr::Boolean(_) | Expr::Null => return 0,
        Expr::Not(of) | Expr::IsNull { of, .. } => depth(of),
        Expr::In { of, values, .. } => values.iter().map(depth).fold(depth(of), usize::max),
        Expr::Binary(left, _, right) => depth(left).max(depth(right)),
        Expr::Call(_, arguments) => arguments.iter().map(depth).max().unwrap_or_default(),
    };
    below + 1
}

/// How many columns, values and operators it has.
pub(super) fn parts(expr: &Expr) -> usize {
    let below = match expr {
        Expr::Column(_) | Expr::Text(_) | Expr::Number(_) | Expr::Boolean(_) | Expr::Null => 0,
        Expr::Not(of) | Expr::IsNull { of, .. } => parts(of),
        Expr::In { of, values, .. } => parts(of) + values.iter().map(parts).sum::<usize>(),
        Expr::Binary(left, _, right) => parts(left) + parts(right),
        Expr::Call(_, arguments) => arguments.iter().map(parts).sum(),
    };
    below + 1
}

/// Bytes of the values in it, as they were written.
pub(super) fn text_bytes(expr: &Expr) -> usize {
    match expr {
        Expr::Text(text) | Expr::Number(text) => text.len(),
        Expr::Column(_) | Expr::Boolean(_) | Expr::Null => 0,
        Expr::Not(of) | Expr::IsNull { of, .. } => text_bytes(of),
        Expr::In { of, values, .. } => text_bytes(of) + values.iter().map(text_bytes).sum::<usize>(),
        Expr::Binary(left, _, right) => text_bytes(left) + text_bytes(right),
        Expr::Call(_, arguments) => arguments.iter().map(text_bytes).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ExprError, parse};

    #[test]
    fn values_count_by_their_length() {
        let bytes = |text: &str| parse(text).expect("an expression").text_bytes();
        assert_eq!(bytes("lower(a) = 'four' OR NOT b IN (1, 22)"), 7);
        assert_eq!(bytes("a IS NULL"), 0);
    }

    #[test]
    fn chains_of_between_do_not_double_without_end() {
        let chain = |links: usize| format!("a{}", " BETWEEN 1 AND 2".repeat(links));
        assert!(parse(&chain(3)).is_ok());
        assert_eq!(parse(&chain(60)), Err(ExprError::TooManyParts));
        let list = vec!["1"; 1_000].join(",");
        assert_eq!(
            parse(&format!("a IN ({list}){}", " BETWEEN 1 AND 2".repeat(2))),
            Err(ExprError::TooManyParts)
        );
    }
}
