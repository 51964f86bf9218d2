//! What one deed of hands is: how it is done, and what is to be found then.

/// One deed.
pub struct Deed {
    pub name: &'static str,
    /// Nothing if it cannot be done there.
    pub postgres: &'static str,
    pub sqlite: Sqlite,
    /// Code and place of each finding, the same on both databases.
    pub found: &'static [&'static str],
    /// Whether values of rows go with it.
    pub loses: bool,
}

/// How it is done on SQLite.
pub enum Sqlite {
    Not,
    Sql(&'static str),
    /// The table is made anew, with other words in its definition.
    Remake(&'static str, &'static [(&'static str, &'static str)]),
}

pub const fn deed(
    name: &'static str,
    postgres: &'static str,
    sqlite: Sqlite,
    found: &'static [&'static str],
) -> Deed {
    Deed { name, postgres, sqlite, found, loses: false }
}

pub const fn losing(
    name: &'static str,
    postgres: &'static str,
    sqlite: Sqlite,
    found: &'static [&'static str],
) -> Deed {
    Deed { name, postgres, sqlite, found, loses: true }
}
