//! Names that a person may have meant. Pure; whoever refuses a name offers them.

/// The names that are near to a wrong one, nearest first: a few edits away, or a part of the other.
#[must_use]
pub fn near<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wrong = wrong.to_lowercase();
    let close = |name: &str| match distance(&wrong, &name.to_lowercase()) {
        edits if edits <= (name.len() / 3).clamp(1, 3) => Some(edits),
        _ if wrong.len().min(name.len()) > 3 && (name.contains(&wrong) || wrong.contains(name)) => {
            Some(usize::MAX)
        }
        _ => None,
    };
    let mut found: Vec<_> = names.into_iter().filter_map(|n| Some((close(n)?, n))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

/// Edits (insert, delete, replace, swap two neighbours) from one text to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(x != y);
            let edits = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            let swaps = i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x;
            row.push(if swaps { edits.min(rows[i - 1][j - 1] + 1) } else { edits });
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(distance("listen", "lisen"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("htpt", "http"), 1);
    }

    #[test]
    fn the_nearest_come_first() {
        let names = ["drop-column", "drop-table", "set-not-null", "drop-not-null"];
        assert_eq!(near("drop-colum", names), ["drop-column"]);
        assert_eq!(near("not-null", names), ["drop-not-null", "set-not-null"]);
        assert_eq!(near("SET-NOT-NUL", names), ["set-not-null"]);
        assert!(near("xyz", names).is_empty());
        assert!(near("paid", ["id"]).is_empty());
    }
}
