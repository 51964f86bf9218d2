//! Text to [`Expr`], by way of a real SQL parser and an allow-list.

use sqlparser::ast::{self, BinaryOperator as Bin, UnaryOperator as Un, Value};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::error::{ExprError, MAX_NESTED, MAX_PARTS};
use super::measure::{depth, makes_part, parts};
use super::{Expr, Function, MAX_BYTES, Operator};
use crate::ident::{Ident, quoted};

/// Nesting past which a text is not read.
const MAX_DEPTH: usize = 40;
/// Brackets, casts and operators within one another past which a tree is not looked into: its nodes are gone through by
/// recursion, and chains are as deep as they are long.
const MAX_TREE: usize = 4 * MAX_NESTED;
/// Nesting up to which what is printed can be read again, whatever it is: each level takes at most three of [`MAX_DEPTH`].
const PLAIN_NESTED: usize = 10;
/// The same of parts: printed, a few of them may be written with up to four times as many words.
const PLAIN_PARTS: usize = MAX_PARTS / 8;

/// Whether casts that a database adds when it prints an expression are looked through.
#[derive(Clone, Copy, PartialEq)]
enum Casts {
    Refuse,
    LookThrough,
}

/// How a tree is read, and how much deeper it may get.
#[derive(Clone, Copy)]
struct Reading {
    casts: Casts,
    room: usize,
}

/// Parses an expression that a person or plugin wrote.
///
/// # Errors
/// An [`ExprError`] that says what is not allowed.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    match text.len() {
        bytes if bytes > MAX_BYTES => Err(ExprError::TooLong(bytes)),
        _ => convert_text(text, Casts::Refuse),
    }
}

/// Parses an expression as Hookwright itself printed it: with quotes and brackets it may be longer than what was written.
///
/// # Errors
/// An [`ExprError`], if it is something else.
pub(super) fn parse_kept(text: &str) -> Result<Expr, ExprError> {
    convert_text(text, Casts::Refuse)
}

/// Parses an expression as a database prints it: with casts and its own spelling of `IN`.
///
/// # Errors
/// An [`ExprError`], if it is outside the subset.
pub fn parse_printed(text: &str) -> Result<Expr, ExprError> {
    // PostgreSQL's spelling of a plain trim, which the parser does not know.
    convert_text(&text.replace("TRIM(BOTH FROM ", "btrim("), Casts::LookThrough)
}

fn convert_text(text: &str, casts: Casts) -> Result<Expr, ExprError> {
    shallow(convert(tree_of(text)?, Reading { casts, room: MAX_TREE })?)
}

fn tree_of(text: &str) -> Result<ast::Expr, ExprError> {
    let syntax = |e: &dyn std::fmt::Display| ExprError::Syntax(quoted(&e.to_string()));
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize().map_err(|e| syntax(&e))?;
    if tokens.iter().filter(|token| makes_part(token)).count() > MAX_PARTS {
        return Err(ExprError::TooManyParts);
    }
    let parser = Parser::new(&PostgreSqlDialect {}).with_recursion_limit(MAX_DEPTH);
    let mut parser = parser.with_tokens(tokens);
    let tree = parser.parse_expr().map_err(|e| syntax(&e))?;
    match parser.next_token().token {
        Token::EOF => Ok(tree),
        rest => Err(ExprError::Syntax(format!("{} follows its end", quoted(&rest.to_string())))),
    }
}

/// What is kept is printed first: what could not be read again is refused here, not when it is needed.
fn shallow(expr: Expr) -> Result<Expr, ExprError> {
    let deep = depth(&expr);
    if deep > MAX_NESTED {
        return Err(ExprError::TooDeep(deep));
    }
    if deep > PLAIN_NESTED || parts(&expr) > PLAIN_PARTS {
        let reading = Reading { casts: Casts::Refuse, room: MAX_TREE };
        let again = tree_of(&crate::ddl::print_expr(&expr)).and_then(|tree| convert(tree, reading));
        again.map_err(|error| match error {
            ExprError::TooManyParts => error,
            _ => ExprError::TooManyBrackets(deep),
        })?;
    }
    Ok(expr)
}

fn convert(tree: ast::Expr, reading: Reading) -> Result<Expr, ExprError> {
    let room = reading.room.checked_sub(1).ok_or(ExprError::TooDeep(MAX_TREE))?;
    let reading = Reading { room, ..reading };
    let sub = |e: Box<ast::Expr>| convert(*e, reading).map(Box::new);
    Ok(match tree {
        ast::Expr::Identifier(name) => Expr::Column(Ident::parse(&name.value)?),
        ast::Expr::Nested(inner) => convert(*inner, reading)?,
        ast::Expr::Value(value) => literal(value.value)?,
        ast::Expr::IsNull(of) => Expr::IsNull { of: sub(of)?, negated: false },
        ast::Expr::IsNotNull(of) => Expr::IsNull { of: sub(of)?, negated: true },
        ast::Expr::UnaryOp { op, expr } => unary(op, convert(*expr, reading)?)?,
        ast::Expr::BinaryOp { left, op, right } => Expr::Binary(sub(left)?, operator(&op)?, sub(right)?),
        ast::Expr::InList { expr, list, negated } => member(sub(expr)?, list, negated, reading)?,
        ast::Expr::Between { expr, negated, low, high } => {
            between(convert(*expr, reading)?, convert(*low, reading)?, convert(*high, reading)?, negated)?
        }
        ast::Expr::Function(call) => function(call, reading)?,
        ast::Expr::Trim { trim_what: None, trim_characters: None, trim_where, expr }
            if !matches!(trim_where, Some(ast::TrimWhereField::Leading | ast::TrimWhereField::Trailing)) =>
        {
            Expr::Call(Function::Trim, vec![convert(*expr, reading)?])
        }
        ast::Expr::Cast { expr, data_type, .. } if reading.casts == Casts::LookThrough => {
            uncast(convert(*expr, reading)?, &data_type)
        }
        ast::Expr::AnyOp { left, compare_op: Bin::Eq, right, .. } if reading.casts == Casts::LookThrough => {
            member(sub(left)?, elements(*right)?, false, reading)?
        }
        ast::Expr::AllOp { left, compare_op: Bin::NotEq, right } if reading.casts == Casts::LookThrough => {
            member(sub(left)?, elements(*right)?, true, reading)?
        }
        other => return Err(not_allowed(&other)),
    })
}

fn not_allowed(what: &dyn std::fmt::Display) -> ExprError {
    let text: String = what.to_string().chars().take(80).collect();
    ExprError::NotAllowed { what: quoted(&text) }
}

fn literal(value: Value) -> Result<Expr, ExprError> {
    Ok(match value {
        Value::Number(digits, false) if plain_number(&digits) => Expr::Number(digits),
        Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) if !text.contains('\0') => {
            Expr::Text(text)
        }
        Value::Boolean(b) => Expr::Boolean(b),
        Value::Null => Expr::Null,
        other => return Err(not_allowed(&other)),
    })
}

fn plain_number(digits: &str) -> bool {
    digits.len() <= 100
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().any(|b| b.is_ascii_digit())
}

fn unary(op: Un, of: Expr) -> Result<Expr, ExprError> {
    match (op, of) {
        (Un::Not, of) => Ok(Expr::Not(Box::new(of))),
        (Un::Minus, Expr::Number(digits)) if !digits.starts_with('-') => {
            Ok(Expr::Number(format!("-{digits}")))
        }
        (op, _) => Err(not_allowed(&op)),
    }
}

fn operator(op: &Bin) -> Result<Operator, ExprError> {
    Ok(match op {
        Bin::And => Operator::And,
        Bin::Or => Operator::Or,
        Bin::Eq => Operator::Equal,
        Bin::NotEq => Operator::NotEqual,
        Bin::Lt => Operator::Less,
        Bin::LtEq => Operator::LessOrEqual,
        Bin::Gt => Operator::Greater,
        Bin::GtEq => Operator::GreaterOrEqual,
        Bin::Plus => Operator::Plus,
        Bin::Minus => Operator::Minus,
        Bin::Multiply => Operator::Times,
        Bin::Divide => Operator::Divide,
        Bin::StringConcat => Operator::Concat,
        other => return Err(not_allowed(other)),
    })
}

/// `IN`; of a single value, `=`, as the databases print it.
fn member(of: Box<Expr>, list: Vec<ast::Expr>, negated: bool, reading: Reading) -> Result<Expr, ExprError> {
    let mut values = list.into_iter().map(|e| convert(e, reading)).collect::<Result<Vec<_>, _>>()?;
    let constant = |e: &Expr| matches!(e, Expr::Text(_) | Expr::Number(_) | Expr::Boolean(_));
    if values.is_empty() || !values.iter().all(constant) {
        return Err(ExprError::NotAllowed { what: "IN with something else than literals".into() });
    }
    if values.len() > 1 {
        return Ok(Expr::In { of, values, negated });
    }
    let op = if negated { Operator::NotEqual } else { Operator::Equal };
    Ok(Expr::Binary(of, op, Box::new(values.remove(0))))
}

fn elements(list: ast::Expr) -> Result<Vec<ast::Expr>, ExprError> {
    match list {
        ast::Expr::Array(array) => Ok(array.elem),
        ast::Expr::Nested(inner) | ast::Expr::Cast { expr: inner, .. } => elements(*inner),
        other => Err(not_allowed(&other)),
    }
}

fn between(of: Expr, low: Expr, high: Expr, negated: bool) -> Result<Expr, ExprError> {
    if 2 * parts(&of) + parts(&low) + parts(&high) > MAX_PARTS {
        return Err(ExprError::TooManyParts);
    }
    let side = |op, bound| Box::new(Expr::Binary(Box::new(of.clone()), op, Box::new(bound)));
    Ok(match negated {
        true => Expr::Binary(side(Operator::Less, low), Operator::Or, side(Operator::Greater, high)),
        false => Expr::Binary(
            side(Operator::GreaterOrEqual, low),
            Operator::And,
            side(Operator::LessOrEqual, high),
        ),
    })
}

fn function(call: ast::Function, reading: Reading) -> Result<Expr, ExprError> {
    let refused = not_allowed(&call);
    let name = match call.name.0.as_slice() {
        [part] => part.as_ident().map(|i| i.value.to_ascii_lowercase()).unwrap_or_default(),
        _ => return Err(refused),
    };
    let known = match name.as_str() {
        "abs" => Function::Abs,
        "coalesce" => Function::Coalesce,
        "length" => Function::Length,
        "lower" => Function::Lower,
        "trim" | "btrim" => Function::Trim,
        "upper" => Function::Upper,
        _ => return Err(refused),
    };
    let plain = call.over.is_none() && call.filter.is_none() && call.within_group.is_empty();
    let ast::FunctionArguments::List(list) = call.args else { return Err(refused) };
    if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(refused);
    }
    let mut arguments = Vec::with_capacity(list.args.len());
    for argument in list.args {
        let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e)) = argument else { return Err(refused) };
        arguments.push(convert(e, reading)?);
    }
    let enough = if known == Function::Coalesce { arguments.len() >= 2 } else { arguments.len() == 1 };
    if enough { Ok(Expr::Call(known, arguments)) } else { Err(refused) }
}

/// PostgreSQL prints a negative number as `'-1'::integer`.
fn uncast(of: Expr, to: &ast::DataType) -> Expr {
    use ast::DataType as T;
    let numeric = matches!(
        to,
        T::Int(_) | T::Integer(_) | T::BigInt(_) | T::SmallInt(_) | T::Numeric(_) | T::DoublePrecision
    );
    match of {
        Expr::Text(text) if numeric && plain_number(text.trim_start_matches('-')) => Expr::Number(text),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for text in [
            "price > 0 AND NOT (kind IN ('a', 'b'))",
            "length(trim(x)) BETWEEN 1 AND 5",
            "a IS NOT NULL OR b = -1",
        ] {
            let tree = parse(text).expect(text);
            let printed = crate::ddl::print_expr(&tree);
            assert_eq!(parse(&printed), Ok(tree), "{printed}");
        }
    }

    #[test]
    fn chains_are_read_back_as_far_as_they_are_read() {
        let chain = |terms: usize| vec!["a"; terms].join(" + ") + " > 0";
        let tree = parse(&chain(MAX_NESTED)).expect("read");
        let printed = crate::ddl::print_expr(&tree);
        assert_eq!(parse(&printed), Ok(tree.clone()), "{printed}");
        let cast = printed.replace("\"a\"", "(\"a\")::numeric").replace('0', "(0)::numeric");
        assert_eq!(parse_printed(&cast), Ok(tree), "{cast}");
        let error = parse(&chain(MAX_NESTED + 1)).expect_err("refused");
        assert_eq!(error, ExprError::TooDeep(MAX_NESTED + 1));
        assert!(parse_printed(&chain(MAX_NESTED + 1)).is_err());
    }

    #[test]
    fn what_is_kept_is_read_again_or_refused_at_once() {
        let within = |inner: &str, depth: usize, close: &str| {
            (0..depth).fold("b".to_owned(), |text, _| format!("{inner}{text}{close}"))
        };
        for (inner, close) in
            [("a = NOT (", ")"), ("lower(a + (", "))"), ("(", ") IN (1, 2)"), ("a BETWEEN b AND (", ")")]
        {
            for depth in 1..MAX_NESTED {
                let Ok(read) = parse(&within(inner, depth, close)) else { continue };
                let kept = serde_json::to_string(&read).expect("JSON");
                assert_eq!(serde_json::from_str::<Expr>(&kept).expect("read again"), read, "{kept}");
            }
            assert!(parse(&within(inner, 4, close)).is_ok(), "{inner}");
        }
    }

    #[test]
    fn what_is_wide_is_read_again_or_refused_at_once() {
        for part in ["a+a", "a NOTNULL", "a BETWEEN 1 AND 2", "NOT a", "a NOT IN (1)", "-a", "1"] {
            for wide in [2, 50, 100, 200, 400, 600, 900] {
                let text = format!("coalesce({})", vec![part; wide].join(","));
                let Ok(read) = parse(&text) else { continue };
                let kept = serde_json::to_string(&read).expect("JSON");
                assert_eq!(
                    serde_json::from_str::<Expr>(&kept).expect("read again"),
                    read,
                    "{wide} of {part}"
                );
            }
        }
    }

    #[test]
    fn what_is_long_once_it_has_quotes_is_read_again() {
        let list = vec!["aaa"; 1_000].join(",");
        let read = parse(&format!("coalesce({list}) > 0")).expect("read");
        let kept = serde_json::to_string(&read).expect("JSON");
        assert!(kept.len() > MAX_BYTES + 2_000);
        assert_eq!(serde_json::from_str::<Expr>(&kept).expect("read again"), read);
        assert!(matches!(parse(&format!("coalesce({list}, {list}) > 0")), Err(ExprError::TooLong(_))));
    }

    #[test]
    fn chains_need_no_more_stack_than_a_worker_has() {
        let long = |link: &str, bytes: usize| format!("a{}", link.repeat(bytes / link.len()));
        let deep = move || {
            for link in
                ["+a", " IS NULL", "::text", "~a", " BETWEEN 1 AND 2", " IN (1)", "[1]", ".a", " COLLATE c"]
            {
                for bytes in [1_000, 2_000, 4_000, 1_000_000] {
                    assert!(parse(&long(link, bytes)).is_err(), "{link}");
                    assert!(parse_printed(&long(link, bytes)).is_err(), "{link}");
                    assert!(parse_kept(&long(link, bytes)).is_err(), "{link}");
                }
            }
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(deep).expect("a thread");
        thread.join().expect("no panic");
    }

    #[test]
    fn refuses_what_is_not_listed() {
        for text in [
            "pg_sleep(10)",
            "(SELECT 1) = 1",
            "a; DROP TABLE x",
            "a::text = 'x'",
            "x.y = 1",
            "a = $1",
            "random() > 0",
            "a ~ 'x'",
            "count(*) > 1",
            "1 = 1 -- ",
            "a IN (b)",
            "a = 'x' ) OR (1=1",
        ] {
            // A trailing comment is no token; what is left must still be the subset.
            let parsed = parse(text);
            assert!(parsed.is_err() || text.ends_with("-- "), "{text}: {parsed:?}");
        }
        let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn looks_through_what_postgresql_adds() {
        let printed =
            "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))";
        assert_eq!(parse_printed(printed), parse("status IN ('a', 'b')"));
        assert_eq!(parse_printed("(price > ('-1'::integer)::double precision)"), parse("price > -1"));
        assert_eq!(parse_printed("(length(TRIM(BOTH FROM x)) > 0)"), parse("length(trim(x)) > 0"));
    }
}
