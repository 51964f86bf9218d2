//! Renames in an order in which every new name is free, by way of a passing name where they run in a circle.

use std::collections::BTreeSet;

use crate::ident::Ident;
use crate::schema::names;

/// One rename after the other, given the names that are taken now.
pub(crate) fn in_order(
    mut renames: Vec<(Ident, Ident)>,
    taken: impl Iterator<Item = Ident>,
) -> Vec<(Ident, Ident)> {
    let mut taken: BTreeSet<String> = taken.map(|n| n.as_str().to_ascii_lowercase()).collect();
    let mut ordered = Vec::with_capacity(renames.len());
    while !renames.is_empty() {
        let free = renames.iter().position(|(from, to)| from.collides(to) || !taken.contains(&key(to)));
        // One that has the name that another is to get.
        let held = || renames.iter().position(|(from, _)| renames.iter().any(|(_, to)| to.collides(from)));
        let (from, to) = match (free, free.is_none().then(held).flatten()) {
            (Some(index), _) => renames.remove(index),
            (None, Some(index)) => {
                let (from, to) = renames.remove(index);
                let way = names::moving(&from, |way| taken.contains(&key(way)));
                renames.push((way.clone(), to));
                (from, way)
            }
            // The name is that of something which stays: whoever carries them out finds out.
            (None, None) => renames.remove(0),
        };
        taken.remove(&key(&from));
        taken.insert(key(&to));
        ordered.push((from, to));
    }
    ordered
}

fn key(name: &Ident) -> String {
    name.as_str().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(renames: &[(&str, &str)], taken: &[&str]) -> Vec<(String, String)> {
        let ident = |s: &&str| Ident::parse(s).expect("a name");
        let renames = renames.iter().map(|(a, b)| (ident(a), ident(b))).collect();
        let ordered = in_order(renames, taken.iter().map(ident));
        ordered.into_iter().map(|(a, b)| (a.as_str().to_owned(), b.as_str().to_owned())).collect()
    }

    #[test]
    fn a_chain_starts_at_its_free_end() {
        let ordered = run(&[("a", "b"), ("b", "c")], &["a", "b"]);
        assert_eq!(ordered, [("b".into(), "c".into()), ("a".into(), "b".into())]);
    }

    #[test]
    fn a_name_that_stays_taken_ends_all_the_same() {
        let ordered = run(&[("a", "b"), ("b", "c")], &["a", "b", "C"]);
        assert_eq!(ordered.len(), 3, "{ordered:?}");
        assert_eq!(run(&[("a", "b")], &["a", "B"]), [("a".into(), "b".into())]);
    }

    #[test]
    fn a_circle_goes_by_a_passing_name() {
        let ordered = run(&[("a", "b"), ("b", "a")], &["a", "b"]);
        assert_eq!(ordered.len(), 3);
        assert_eq!(ordered[0], ("a".into(), "a__hookwright_moving".into()));
        assert_eq!(ordered[2], ("a__hookwright_moving".into(), "b".into()));
    }

    #[test]
    fn a_passing_name_is_free_and_no_longer_than_a_name_may_be() {
        let ordered = run(&[("a", "b"), ("b", "a")], &["a", "b", "A__hookwright_moving"]);
        assert_eq!(ordered[0].1, "a__hookwright_moving2");
        let (long, other) = ("l".repeat(63), "o".repeat(63));
        let ordered = run(&[(&long, &other), (&other, &long)], &[&long, &other]);
        let way = &ordered[0].1;
        assert!(way.len() == 63 && way.ends_with("_hookwright_moving"), "{way}");
    }
}
