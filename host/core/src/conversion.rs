//! What a change of a column's type does to its data.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::field_type::FieldType;

/// How values become another type's, where the usual way would refuse some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Using {
    /// A conversion by its name.
    Named(Named),
    /// Computed from the row; the column itself stands for its old value.
    Expression(Expr),
}

/// A named conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// Text longer than the new length is cut off. To `String`.
    Truncate,
    /// Decimals that the new type does not keep are rounded. From text, `Float` or `Decimal` to a number.
    Round,
    /// Seconds since 1970. Between `Int`, `BigInt` and `DateTime`.
    EpochSeconds,
    /// Values that do not fit become NULL.
    UnfitToNull,
}

impl Named {
    /// Every named conversion.
    pub const ALL: &'static [Self] = &[Self::Truncate, Self::Round, Self::EpochSeconds, Self::UnfitToNull];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncate => "truncate",
            Self::Round => "round",
            Self::EpochSeconds => "epoch-seconds",
            Self::UnfitToNull => "unfit-to-null",
        }
    }

    /// Whether it has a meaning between two types.
    #[must_use]
    pub fn converts(self, from: &FieldType, to: &FieldType) -> bool {
        use FieldType as T;
        let whole = |t: &T| matches!(t, T::Int | T::BigInt);
        let number = |t: &T| whole(t) || matches!(t, T::Float | T::Decimal { .. });
        let text = |t: &T| matches!(t, T::String { .. } | T::Text | T::Enum { .. });
        match self {
            Self::Truncate => text(from) && matches!(to, T::String { .. }),
            Self::Round => matches!(from, T::Float | T::Decimal { .. }) && number(to) && *to != T::Float,
            Self::EpochSeconds => (whole(from) && *to == T::DateTime) || (*from == T::DateTime && whole(to)),
            Self::UnfitToNull => conversion(from, to) == Conversion::Probed,
        }
    }
}

/// What a conversion does to values and to the table. Sources: the
/// no-rewrite and rewrite lists were measured on PostgreSQL 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// Nothing changes.
    Same,
    /// Every value stays as it is stored.
    Widening,
    /// Every value has an exact counterpart, but is stored anew.
    Rewriting,
    /// It depends on the values; a probe tells.
    Probed,
    /// Values lose something, whatever they are.
    Lossy,
    /// The types have nothing to do with each other.
    Impossible,
}

impl Conversion {
    /// Whether the database writes every row anew.
    #[must_use]
    pub fn rewrites(self) -> bool {
        !matches!(self, Self::Same | Self::Widening)
    }
}

/// Whether PostgreSQL stores every value anew when a column of one type gets another. Values of an `Enum` are text.
#[must_use]
pub fn stored_anew(from: &FieldType, to: &FieldType) -> bool {
    use FieldType as T;
    let text = matches!(from, T::String { .. } | T::Text | T::Enum { .. });
    !(text && matches!(to, T::Text | T::Enum { .. })) && conversion(from, to).rewrites()
}

/// Classifies the conversion between two types.
#[must_use]
pub fn conversion(from: &FieldType, to: &FieldType) -> Conversion {
    use Conversion as C;
    use FieldType as T;
    if from == to {
        return C::Same;
    }
    match (from, to) {
        (T::String { .. } | T::Text | T::Enum { .. }, T::Text) => C::Widening,
        (T::String { length: a }, T::String { length: b }) if b > a => C::Widening,
        (T::Enum { values: a }, T::Enum { values: b }) => {
            if a.iter().all(|v| b.contains(v)) {
                C::Widening
            } else {
                C::Probed
            }
        }
        (_, T::String { length }) => match longest_text(from) {
            Some(longest) if longest <= *length => C::Rewriting,
            Some(_) => C::Probed,
            None => C::Impossible,
        },
        (_, T::Text) => {
            if longest_text(from).is_some() {
                C::Rewriting
            } else {
                C::Impossible
            }
        }
        (T::String { .. } | T::Text | T::Enum { .. }, T::Bytes) => C::Impossible,
        (T::String { .. } | T::Text | T::Enum { .. }, _) => C::Probed,
        _ => between_values(from, to),
    }
}

fn between_values(from: &FieldType, to: &FieldType) -> Conversion {
    use Conversion as C;
    use FieldType as T;
    match (from, to) {
        (T::Int, T::BigInt | T::Float) | (T::Boolean, T::Int | T::BigInt) | (T::Date, T::DateTime) => {
            C::Rewriting
        }
        (T::BigInt, T::Int) | (T::Int | T::BigInt, T::Boolean) => C::Probed,
        (T::Int | T::BigInt, T::Decimal { precision, scale }) => {
            let digits = if *from == T::Int { 10 } else { 19 };
            if precision - scale >= digits { C::Rewriting } else { C::Probed }
        }
        (T::Decimal { precision: p, scale: s }, T::Decimal { precision: q, scale: t }) => {
            if s == t && q >= p {
                C::Widening
            } else if t >= s && q - t >= p - s {
                C::Rewriting
            } else {
                C::Probed
            }
        }
        (T::BigInt, T::Float)
        | (T::Decimal { .. }, T::Int | T::BigInt | T::Float)
        | (T::Float, T::Int | T::BigInt | T::Decimal { .. })
        | (T::DateTime, T::Date | T::Time) => C::Lossy,
        _ => C::Impossible,
    }
}

/// The most characters a value of the type has as text; none where text makes no sense.
fn longest_text(ty: &FieldType) -> Option<u32> {
    use FieldType as T;
    Some(match ty {
        T::String { length } => *length,
        T::Text | T::Json => u32::MAX,
        T::Int => 11,
        T::BigInt => 20,
        T::Float => 24,
        T::Decimal { precision, .. } => precision + 3,
        T::Boolean => 5,
        // The farthest that PostgreSQL has: 5874897-12-31, and 4713-01-01 00:00:00.123456+15:59:59 BC.
        T::Date => 13,
        T::Time => 15,
        T::DateTime => 38,
        T::Uuid => 36,
        T::Enum { values } => {
            values.iter().map(|v| u32::try_from(v.chars().count()).unwrap_or(u32::MAX)).max()?
        }
        T::Bytes => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Conversion as C;
    use FieldType as T;

    #[test]
    fn the_measured_list_holds() {
        let string = |length| T::String { length };
        let decimal = |precision, scale| T::Decimal { precision, scale };
        let cases = [
            (string(10), string(20), C::Widening),
            (string(20), string(10), C::Probed),
            (string(20), T::Text, C::Widening),
            (T::Text, string(20), C::Probed),
            (decimal(10, 2), decimal(12, 2), C::Widening),
            (decimal(10, 2), decimal(12, 4), C::Rewriting),
            (decimal(10, 2), decimal(10, 4), C::Probed),
            (T::Int, T::BigInt, C::Rewriting),
            (T::BigInt, T::Int, C::Probed),
            (T::Int, T::Text, C::Rewriting),
            (T::Float, decimal(21, 9), C::Lossy),
            (T::DateTime, T::Date, C::Lossy),
            (T::Date, T::DateTime, C::Rewriting),
            (T::Text, T::Json, C::Probed),
            (T::Bytes, T::Text, C::Impossible),
            (T::Date, T::Boolean, C::Impossible),
            (T::Uuid, string(36), C::Rewriting),
        ];
        for (from, to, expected) in cases {
            assert_eq!(conversion(&from, &to), expected, "{} -> {}", from.describe(), to.describe());
        }
    }
}
