//! Databases changed by hand, in every way that was thought of: found, told with who moved, and repaired with their rows
//! intact; or taken into the metadata.

#![allow(clippy::unwrap_used)]

mod adopt;
mod alike;
mod bench;
mod blamed;
mod collated;
mod consent;
mod deed;
mod deeds;
mod displaced;
mod empty;
mod events;
mod hands;
mod healed;
mod hidden;
mod histories;
mod identity;
mod ignored;
mod in_the_way;
mod kept;
mod known_again;
mod left_out;
mod lookalikes;
mod lost;
mod more_hands;
mod narrow;
mod pasted;
mod places;
mod planned;
mod plugins;
mod printed;
mod repair;
mod replaced;
mod room;
mod scopes;
mod sqlite_words;
mod switched_off;
mod twins;
mod unkeyed;
mod unread;
mod unrepaired;
mod watch;
