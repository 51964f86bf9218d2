//! Whether a value still means the same as another type: reckoned here, from the texts that a database shows, so that
//! neither the database's casts nor our own decide.

use hookwright_core::field_type::FieldType;
use serde_json::Value as Json;

/// Whether `new`, of the type `to`, says all that `old`, of the type `from`, said.
pub fn is_same(old: &str, from: &FieldType, new: &str, to: &FieldType) -> bool {
    match (is_text(from), is_text(to)) {
        (true, true) => old == new,
        (true, false) => same(of(old, to), of(new, to)),
        // What is in the column though its type has no such value is kept as it is.
        (false, true) => same(of(old, from), of(new, from)) || old == new,
        // Whole numbers are seconds since 1970, where somebody asked for that.
        (false, false) if seconds(from, to) => {
            number(old.trim()).zip(moment(new.trim())).is_some_and(|(n, m)| n == since(&m))
        }
        (false, false) if seconds(to, from) => {
            number(new.trim()).zip(moment(old.trim())).is_some_and(|(n, m)| n == since(&m))
        }
        (false, false) => same(of(old, from), of(new, to)) || old == new,
    }
}

fn seconds(number: &FieldType, moment: &FieldType) -> bool {
    matches!(number, FieldType::Int | FieldType::BigInt) && *moment == FieldType::DateTime
}

/// A moment in seconds since 1970.
fn since(moment: &Meaning) -> Meaning {
    let (days, nanos) =
        if let Meaning::Moment(days, nanos) = moment { (days.unwrap_or(0), *nanos) } else { (0, 0) };
    let seconds = format!("{}", i128::from(days) * 86_400 + i128::from(nanos / 1_000_000_000));
    number(&seconds).unwrap_or(Meaning::Word(seconds))
}

pub fn is_text(ty: &FieldType) -> bool {
    matches!(ty, FieldType::String { .. } | FieldType::Text | FieldType::Enum { .. })
}

#[derive(Debug, PartialEq)]
enum Meaning {
    /// Sign, digits without zeros at either end, and the power of ten of the last one.
    Number(bool, String, i64),
    /// Days since 1970, if it has a day; nanoseconds of the day.
    Moment(Option<i64>, i64),
    Document(Json),
    Id(String),
    Word(String),
}

/// Whether a text says something that no event can say: not a number, or infinity.
pub fn is_beyond_events(text: &str, ty: &FieldType) -> bool {
    !is_text(ty) && matches!(of(text, ty), Some(Meaning::Word(_)))
}

/// What cannot be read means nothing that could be kept.
fn same(old: Option<Meaning>, new: Option<Meaning>) -> bool {
    old.is_some() && old == new
}

fn of(text: &str, ty: &FieldType) -> Option<Meaning> {
    use FieldType as T;
    let text = text.trim();
    match ty {
        T::Int | T::BigInt | T::Float | T::Decimal { .. } => number(text),
        T::Boolean => match text.to_ascii_lowercase().as_str() {
            "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => number("1"),
            "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => number("0"),
            _ => None,
        },
        T::Date | T::DateTime => moment(text),
        T::Time => Some(Meaning::Moment(None, clock(text)?.0)),
        // A number is a number, however large, and however it is written.
        T::Json => number(text).or_else(|| serde_json::from_str(text).ok().map(Meaning::Document)),
        T::Uuid => id(text),
        T::Bytes | T::String { .. } | T::Text | T::Enum { .. } => Some(Meaning::Word(text.to_owned())),
    }
}

fn id(text: &str) -> Option<Meaning> {
    let text = text.trim_matches(['{', '}']);
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    let digits: String = text.split('-').collect::<String>().to_lowercase();
    let usual = matches!(groups.as_slice(), [32] | [8, 4, 4, 4, 12]);
    (usual && digits.chars().all(|c| c.is_ascii_hexdigit())).then_some(Meaning::Id(digits))
}

fn number(text: &str) -> Option<Meaning> {
    let word = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if matches!(word.as_str(), "nan" | "infinity" | "inf") {
        return Some(Meaning::Word(format!("{}{}", text.starts_with('-'), &word[..3])));
    }
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let negative = whole.starts_with('-');
    let whole = whole.trim_start_matches(['-', '+']);
    let all = format!("{whole}{rest}");
    if all.is_empty() || !all.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let digits = all.trim_end_matches('0');
    let shifted = i64::try_from(all.len() - digits.len()).ok()? - i64::try_from(rest.len()).ok()?;
    let digits = digits.trim_start_matches('0').to_owned();
    match digits.is_empty() {
        true => Some(Meaning::Number(false, digits, 0)),
        false => Some(Meaning::Number(negative, digits, shifted + power.parse::<i64>().ok()?)),
    }
}

fn moment(text: &str) -> Option<Meaning> {
    if text.trim_start_matches('-') == "infinity" {
        return Some(Meaning::Word(text.to_owned()));
    }
    let (text, before_christ) = match text.strip_suffix(" BC") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (day, time) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let mut parts = day.split('-').map(|p| p.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if before_christ { 1 - year } else { year };
    let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
    if !(1..=12).contains(&month) || day < 1 || days(year, month, day) >= next {
        return None;
    }
    let (nanos, offset) = if time.is_empty() { (0, 0) } else { clock(time)? };
    const DAY: i64 = 86_400_000_000_000;
    let nanos = nanos - offset * 60_000_000_000;
    Some(Meaning::Moment(Some(days(year, month, day) + nanos.div_euclid(DAY)), nanos.rem_euclid(DAY)))
}

/// Nanoseconds of the day, and minutes east of Greenwich.
fn clock(text: &str) -> Option<(i64, i64)> {
    let at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (time, zone) = text.split_at(at);
    let mut parts = time.trim().split(':');
    let (hour, minute): (i64, i64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (second, fraction) = parts.next().map_or(("0", ""), |s| s.split_once('.').unwrap_or((s, "")));
    let fraction: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let second: i64 = second.parse().ok()?;
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let offset = match digits.len() {
        2 => digits.parse::<i64>().ok()? * 60,
        4 => digits[..2].parse::<i64>().ok()? * 60 + digits[2..].parse::<i64>().ok()?,
        _ => 0,
    };
    let offset = if zone.starts_with('-') { -offset } else { offset };
    Some((((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction, offset))
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[test]
fn values_of_two_types_are_compared_by_what_they_say() {
    use FieldType as T;
    let decimal = T::Decimal { precision: 10, scale: 2 };
    for (old, from, new, to, expected) in [
        ("1.50", &decimal, "1.5", &T::Float, true),
        ("100", &T::Int, "1e2", &T::Float, true),
        ("1.7", &T::Float, "2", &T::Int, false),
        ("9007199254740993", &T::BigInt, "9007199254740992", &T::Float, false),
        ("2024-01-31 01:00:00+02", &T::DateTime, "2024-01-30T23:00:00Z", &T::Text, true),
        ("2024-01-31", &T::Date, "2024-01-31 00:00:00+00", &T::DateTime, true),
        ("2024-01-31 10:00:00+00", &T::DateTime, "2024-01-31", &T::Date, false),
        ("t", &T::Boolean, "1", &T::Int, true),
        ("2", &T::Int, "t", &T::Boolean, false),
        ("{\"a\": 1}", &T::Text, "{\"a\":1}", &T::Json, true),
        ("-0.5", &T::Float, "-.5", &decimal, true),
    ] {
        assert_eq!(is_same(old, from, new, to), expected, "{old} -> {new}");
    }
}
