//! Numbers with their nouns, as people read them: `1 row`, `2 rows`.

use std::fmt::Display;

/// A number with a noun whose plural ends in `s`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!(
            [counted(0_u32, "row"), counted(1_i64, "row"), counted(2_usize, "row")],
            ["0 rows", "1 row", "2 rows"]
        );
    }
}
