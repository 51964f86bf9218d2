//! Expressions of check constraints: a small tree, parsed from text with a
//! real SQL parser and printed anew, so that no text from outside is ever SQL.
//!
//! The subset: columns of the table; text, number, `TRUE`, `FALSE` and `NULL`
//! literals; `= <> < <= > >=`, `AND OR NOT`, `IS [NOT] NULL`, `[NOT] IN (literals)`,
//! `BETWEEN`; `+ - * / ||`; the functions `abs coalesce length lower trim upper`.

mod error;
mod measure;
mod parse;

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::ExprError;
pub use parse::{parse, parse_printed};

use crate::ident::Ident;

/// Longest expression that is parsed, in bytes.
pub const MAX_BYTES: usize = 4096;

/// An expression. The order has no meaning; it makes lists of expressions comparable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expr {
    /// A column of the table.
    Column(Ident),
    /// A text.
    Text(String),
    /// A number, as its decimal digits.
    Number(String),
    /// `TRUE` or `FALSE`.
    Boolean(bool),
    /// `NULL`.
    Null,
    /// The contrary.
    Not(Box<Expr>),
    /// `IS NULL`, or `IS NOT NULL` if `negated`.
    IsNull {
        /// What is tested.
        of: Box<Expr>,
        /// Whether the test is for the contrary.
        negated: bool,
    },
    /// `IN`, or `NOT IN` if `negated`; at least two values.
    In {
        /// What is looked for.
        of: Box<Expr>,
        /// Literals.
        values: Vec<Expr>,
        /// Whether the test is for the contrary.
        negated: bool,
    },
    /// Two operands.
    Binary(Box<Expr>, Operator, Box<Expr>),
    /// A call of a pure function.
    Call(Function, Vec<Expr>),
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Concat,
}

/// A function that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Function {
    Abs,
    Coalesce,
    Length,
    Lower,
    Trim,
    Upper,
}

impl Operator {
    /// The operator in SQL.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
            Self::Concat => "||",
        }
    }
}

impl Function {
    /// The function's name in SQL.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Abs => "abs",
            Self::Coalesce => "coalesce",
            Self::Length => "length",
            Self::Lower => "lower",
            Self::Trim => "trim",
            Self::Upper => "upper",
        }
    }
}

impl Expr {
    /// That a column has a value.
    #[must_use]
    pub fn is_given(column: Ident) -> Self {
        Self::IsNull { of: Box::new(Self::Column(column)), negated: true }
    }

    /// That this holds and the other one too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::Binary(Box::new(self), Operator::And, Box::new(other))
    }

    /// The columns that occur.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<Ident> {
        let mut found = BTreeSet::new();
        self.visit(&mut |expr| {
            if let Self::Column(name) = expr {
                found.insert(name.clone());
            }
        });
        found
    }

    /// The same expression after a column was renamed.
    #[must_use]
    pub fn renamed(self, from: &Ident, to: &Ident) -> Self {
        self.mapped(&|name| if name == from { to.clone() } else { name.clone() })
    }

    /// The same expression over columns with other names.
    #[must_use]
    pub fn mapped(mut self, name: &dyn Fn(&Ident) -> Ident) -> Self {
        self.map(name);
        self
    }

    /// The same expression with others in the place of its columns; none if one of them has none.
    #[must_use]
    pub fn replaced(&self, by: &dyn Fn(&Ident) -> Option<Self>) -> Option<Self> {
        let boxed = |of: &Self| of.replaced(by).map(Box::new);
        let all = |list: &[Self]| list.iter().map(|e| e.replaced(by)).collect::<Option<Vec<_>>>();
        Some(match self {
            Self::Column(name) => by(name)?,
            Self::Text(_) | Self::Number(_) | Self::Boolean(_) | Self::Null => self.clone(),
            Self::Not(of) => Self::Not(boxed(of)?),
            Self::IsNull { of, negated } => Self::IsNull { of: boxed(of)?, negated: *negated },
            Self::In { of, values, negated } => {
                Self::In { of: boxed(of)?, values: all(values)?, negated: *negated }
            }
            Self::Binary(left, operator, right) => Self::Binary(boxed(left)?, *operator, boxed(right)?),
            Self::Call(function, arguments) => Self::Call(*function, all(arguments)?),
        })
    }

    /// Whether it calls functions, which the database finds by the types of what they get.
    #[must_use]
    pub fn calls(&self) -> bool {
        let mut calls = false;
        self.visit(&mut |expr| calls |= matches!(expr, Self::Call(..)));
        calls
    }

    fn visit(&self, see: &mut impl FnMut(&Self)) {
        see(self);
        self.children().into_iter().for_each(|child| child.visit(see));
    }

    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Column(_) | Self::Text(_) | Self::Number(_) | Self::Boolean(_) | Self::Null => vec![],
            Self::Not(of) | Self::IsNull { of, .. } => vec![of],
            Self::In { of, values, .. } => std::iter::once(&**of).chain(values).collect(),
            Self::Binary(left, _, right) => vec![left, right],
            Self::Call(_, arguments) => arguments.iter().collect(),
        }
    }

    fn map(&mut self, to: &dyn Fn(&Ident) -> Ident) {
        match self {
            Self::Column(name) => *name = to(name),
            Self::Text(_) | Self::Number(_) | Self::Boolean(_) | Self::Null => {}
            Self::Not(of) | Self::IsNull { of, .. } => of.map(to),
            Self::In { of, values, .. } => {
                of.map(to);
                values.iter_mut().for_each(|v| v.map(to));
            }
            Self::Binary(left, _, right) => {
                left.map(to);
                right.map(to);
            }
            Self::Call(_, arguments) => arguments.iter_mut().for_each(|a| a.map(to)),
        }
    }
}

impl Expr {
    /// How many columns, values, operators and calls it has.
    #[must_use]
    pub fn parts(&self) -> usize {
        measure::parts(self)
    }

    /// Bytes of the values in it.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        measure::text_bytes(self)
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::ddl::print_expr(self))
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse::parse_kept(&text).map_err(serde::de::Error::custom)
    }
}
