//! The order in which PostgreSQL has the columns of a table once it is changed: what is made comes last, also where it takes
//! the place of something in the model.

use super::aside::Aside;
use super::delta::Kept;
use crate::ident::Ident;

/// The columns in that order; none if it is the model's.
pub(super) fn of(kept: &Kept, aside: &Aside) -> Option<Vec<Ident>> {
    let stays = kept.moved.columns.keys().filter(|name| !aside.swaps(name));
    let swapped = aside.swaps.iter().map(|swap| &swap.now.name);
    let (made, rest): (Vec<_>, Vec<_>) = kept
        .added
        .iter()
        .map(|c| &c.name)
        .filter(|name| !aside.swaps(name))
        .partition(|name| aside.makes(name));
    let order: Vec<_> = stays.chain(swapped).chain(made).chain(rest).cloned().collect();
    (!kept.after.columns.keys().eq(&order)).then_some(order)
}
