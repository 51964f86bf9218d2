//! Renames in an order in which every new name is free, by way of a passing name where they run in a circle.

use std::collections::BTreeSet;

use crate::ident::Ident;

/// The passing names of a plan; no entity or field can have one.
const PASSING: &str = "hookwright_passing";

/// One rename after the other, given the names that are taken now.
pub(super) fn in_order(
    renames: Vec<(Ident, Ident)>,
    taken: impl Iterator<Item = Ident>,
) -> Vec<(Ident, Ident)> {
    in_order_by(PASSING, renames, taken)
}

/// The same, by way of passing names that begin as told.
pub(crate) fn in_order_by(
    passing_name: &str,
    mut renames: Vec<(Ident, Ident)>,
    taken: impl Iterator<Item = Ident>,
) -> Vec<(Ident, Ident)> {
    let mut taken: BTreeSet<String> = taken.map(|n| n.as_str().to_ascii_lowercase()).collect();
    let mut ordered = Vec::with_capacity(renames.len());
    let mut passing = 0;
    while !renames.is_empty() {
        let free = renames.iter().position(|(from, to)| from.collides(to) || !taken.contains(&key(to)));
        // One that has the name that another is to get.
        let held = || renames.iter().position(|(from, _)| renames.iter().any(|(_, to)| to.collides(from)));
        let (from, to) = match (free, free.is_none().then(held).flatten()) {
            (Some(index), _) => renames.remove(index),
            (None, Some(index)) => {
                let (from, to) = renames.remove(index);
                let way = loop {
                    passing += 1;
                    let way = Ident::from_parts(format!("{passing_name}_{passing}"));
                    if !taken.contains(&key(&way)) {
                        break way;
                    }
                };
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
        assert_eq!(ordered[0], ("a".into(), "hookwright_passing_1".into()));
        assert_eq!(ordered[2], ("hookwright_passing_1".into(), "b".into()));
    }
}
