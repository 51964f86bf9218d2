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
