//! Maps by name of which a copy costs nothing: copies share what neither of them changed.
//!
//! [`Schema`](crate::schema::Schema) and [`Metadata`](crate::metadata::Metadata) are made of them, since a change copies
//! both with each intent, and compares what came of it with what was there.

use std::sync::Arc;

use crate::ident::Ident;

/// Values by their names, in order.
pub type Shared<T> = imbl::OrdMap<Ident, Arc<T>>;

/// Changes the values that `which` picks; the others stay shared.
pub(crate) fn edit<T: Clone>(
    map: &mut Shared<T>,
    which: impl Fn(&T) -> bool,
    mut change: impl FnMut(&mut T),
) {
    let picked: Vec<_> = map.iter().filter(|(_, value)| which(value)).map(|(name, _)| name.clone()).collect();
    for name in picked {
        if let Some(value) = map.get_mut(&name) {
            change(Arc::make_mut(value));
        }
    }
}

/// Whether two maps have one and the same value under a name.
pub(crate) fn is_shared<T>(one: &Shared<T>, other: &Shared<T>, name: &Ident) -> bool {
    matches!((one.get(name), other.get(name)), (Some(a), Some(b)) if Arc::ptr_eq(a, b))
}

/// The values of one map that the other does not have under the same name, as one and the same value, in order. Both are
/// gone through side by side, which costs less than looking each up.
pub fn unshared<'s, T>(one: &'s Shared<T>, other: &'s Shared<T>) -> impl Iterator<Item = &'s Arc<T>> {
    let mut others = other.iter().peekable();
    one.iter()
        .filter(move |(name, value)| {
            while others.next_if(|(before, _)| before < name).is_some() {}
            !others.peek().is_some_and(|(same, known)| same == name && Arc::ptr_eq(known, value))
        })
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    fn map(of: std::collections::BTreeMap<u8, u8>) -> Shared<u8> {
        let name = |n: u8| Ident::parse(&format!("t{n}")).expect("a name");
        of.into_iter().map(|(n, value)| (name(n), Arc::new(value))).collect()
    }

    proptest! {
        #[test]
        fn what_is_not_shared_is_what_was_put_or_taken(
            all in btree_map(0_u8..40, 0_u8..3, 0..40),
            put in btree_map(0_u8..40, 0_u8..3, 0..5),
            gone in btree_map(0_u8..40, 0_u8..3, 0..5),
        ) {
            let (before, put, gone) = (map(all), map(put), map(gone));
            let mut after = before.clone();
            gone.keys().for_each(|name| drop(after.remove(name)));
            after.extend(put.clone());
            let of = |one: &Shared<u8>, other: &Shared<u8>| -> Vec<u8> { unshared(one, other).map(|v| **v).collect() };
            let looked = |one: &Shared<u8>, other: &Shared<u8>| -> Vec<u8> {
                one.iter().filter(|(name, _)| !is_shared(one, other, name)).map(|(_, v)| **v).collect()
            };
            prop_assert_eq!(of(&before, &after), looked(&before, &after));
            prop_assert_eq!(of(&after, &before), looked(&after, &before));
            prop_assert_eq!(of(&after, &before), put.values().map(|v| **v).collect::<Vec<_>>());
            prop_assert!(of(&before, &before.clone()).is_empty());
        }
    }

    #[test]
    fn an_edit_copies_only_what_it_picks() {
        let before = map([(1, 1), (2, 2)].into());
        let mut after = before.clone();
        edit(&mut after, |value| *value == 2, |value| *value = 7);
        assert_eq!(unshared(&after, &before).map(|v| **v).collect::<Vec<_>>(), [7]);
        assert_eq!(unshared(&before, &after).map(|v| **v).collect::<Vec<_>>(), [2]);
    }
}
