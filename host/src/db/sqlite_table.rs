//! A `CREATE TABLE` text, as SQLite keeps it, read back into the core's model. Pure; `sqlite_inspect` uses it.

use std::collections::BTreeSet;

use hookwright_core::ddl::TableOption;
use hookwright_core::expr::{Expr, parse_printed};
use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::schema::{
    Check, Column, ForeignKey, Index, IndexKey, IndexMethod, IndexShape, Table, Unread, names,
};
use hookwright_core::spec::OnDelete;
use hookwright_core::value::DefaultValue;

use super::inspect::{Foreign, ForeignKind};
use super::printed_default;
use super::sqlite_boolean::with_booleans;
use super::sqlite_type::recognise;
use super::sqlite_unread::{called, declared, is_constraint, nearest, whole};
use super::tokens::{Cursor, Kind, Token, split, tokenize};

/// A table with what the model cannot express of it.
pub(super) struct Read {
    pub(super) table: Table,
    pub(super) foreign: Vec<Foreign>,
}

/// Reads the text of a table, as if it had no columns of some names; none if it is no plain `CREATE TABLE`.
pub(super) fn read(name: &Ident, sql: &str, without: &BTreeSet<Ident>) -> Option<Read> {
    let tokens = tokenize(sql)?;
    let mut cursor = Cursor::new(&tokens);
    if !cursor.eat(&["create", "table"]) {
        return None;
    }
    cursor.take()?;
    let body = cursor.group()?;
    let mut reader = Reader { sql, read: Read { table: Table::new(name.clone()), foreign: Vec::new() } };
    let is_left_out = |item: &&[Token]| {
        let name = item.first().and_then(Token::name).filter(|_| !is_constraint(item));
        name.is_some_and(|name| without.iter().any(|column| column.as_str() == name))
    };
    for item in split(body).into_iter().filter(|item| !is_left_out(item)) {
        reader.item(item);
    }
    reader.options(cursor.rest());
    with_booleans(&mut reader.read.table);
    reader.read.table.sort();
    Some(reader.read)
}

/// What the host declares columns as.
const DECLARED: [&str; 4] = ["text", "integer", "real", "blob"];

struct Reader<'a> {
    sql: &'a str,
    read: Read,
}

impl Reader<'_> {
    fn foreign(&mut self, kind: ForeignKind, name: &str, reason: &str) {
        let table = self.read.table.name.as_str().to_owned();
        self.read.foreign.push(Foreign::new(&table, kind, name, reason));
    }

    fn text(&self, tokens: &[Token]) -> &str {
        match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => &self.sql[first.start..last.end],
            _ => "",
        }
    }

    /// What follows the columns.
    fn options(&mut self, tokens: &[Token]) {
        for option in split(tokens).into_iter().filter(|option| !option.is_empty()) {
            let words: Vec<_> = option.iter().map(|token| self.text(std::slice::from_ref(token))).collect();
            let words = words.join(" ").to_ascii_uppercase();
            self.foreign(ForeignKind::Option, &words, "an option of the table that the model lacks");
            // What has either has no key that is NULL.
            for key in self.read.table.primary_key.clone() {
                self.read.table.columns.entry(key).and_modify(|column| column.nullable = false);
            }
        }
    }

    fn item(&mut self, tokens: &[Token]) {
        let is_constraint = is_constraint(tokens);
        let read = match is_constraint {
            true => self.constraint(tokens),
            false => self.column(tokens).or_else(|| self.unread(tokens)),
        };
        if read.is_none() {
            let text = self.text(tokens).to_owned();
            let (kind, name) = if is_constraint {
                (ForeignKind::Constraint, text.clone())
            } else {
                (ForeignKind::Column, tokens.first().and_then(Token::name).unwrap_or_default().to_owned())
            };
            self.foreign(kind, &name, &format!("the model cannot express: {text}"));
        }
    }

    /// A constraint of the table; none if the model cannot express it.
    fn constraint(&mut self, tokens: &[Token]) -> Option<()> {
        let mut cursor = Cursor::new(tokens);
        let name =
            if cursor.eat(&["constraint"]) { Some(Ident::parse(cursor.take()?.name()?).ok()?) } else { None };
        if cursor.eat(&["primary", "key"]) {
            let columns = idents(cursor.group()?)?;
            cursor.rest().is_empty().then(|| self.read.table.primary_key = columns)
        } else if cursor.eat(&["check"]) {
            let check = self.check(name?, cursor.group()?)?;
            cursor.rest().is_empty().then(|| self.read.table.checks.push(check))
        } else if cursor.eat(&["foreign", "key"]) {
            let columns = idents(cursor.group()?)?;
            self.references(&mut cursor, name, columns)?;
            cursor.rest().is_empty().then_some(())
        } else {
            None
        }
    }

    fn check(&self, name: Ident, inside: &[Token]) -> Option<Check> {
        Some(Check::new(name, parse_printed(self.text(inside)).ok()?))
    }

    fn references(
        &mut self,
        cursor: &mut Cursor<'_>,
        name: Option<Ident>,
        columns: Vec<Ident>,
    ) -> Option<()> {
        if !cursor.eat(&["references"]) {
            return None;
        }
        let table = Ident::parse(cursor.take()?.name()?).ok()?;
        let target = idents(cursor.group()?)?;
        let (on_delete, besides) = actions(cursor)?;
        let name = name.unwrap_or_else(|| names::foreign_key(&self.read.table, &columns));
        self.read.table.foreign_keys.push(ForeignKey { name, columns, table, target, on_delete, besides });
        Some(())
    }

    /// A column that the model cannot express; none if not even its name.
    fn unread(&mut self, tokens: &[Token]) -> Option<()> {
        let column = whole(self.sql, tokens)?;
        self.read.table.columns.insert(column.name.clone(), column);
        Some(())
    }

    /// A column; none if the model cannot express all that follows its type.
    fn column(&mut self, tokens: &[Token]) -> Option<()> {
        let mut cursor = Cursor::new(tokens);
        let name = Ident::parse(cursor.take()?.name()?).ok()?;
        let declared = declared(&mut cursor);
        let mut parts = Parts::default();
        let mut named = None;
        while cursor.peek().is_some() {
            if cursor.eat(&["constraint"]) {
                named = Some(Ident::parse(cursor.take()?.name()?).ok()?);
                continue;
            }
            self.part(&mut cursor, &name, named.take(), &mut parts)?;
        }
        self.finish(name, declared, parts);
        Some(())
    }

    fn part<'t>(
        &mut self,
        cursor: &mut Cursor<'t>,
        column: &Ident,
        named: Option<Ident>,
        parts: &mut Parts<'t>,
    ) -> Option<()> {
        if cursor.eat(&["not", "null"]) {
            parts.not_null = true;
        } else if cursor.eat(&["null"]) {
        } else if cursor.eat(&["primary", "key"]) {
            parts.key = true;
            parts.counted = cursor.eat(&["autoincrement"]);
            self.read.table.primary_key = vec![column.clone()];
        } else if cursor.eat(&["default"]) {
            parts.default = Some(default(cursor)?);
        } else if cursor.eat(&["generated", "always", "as"]) {
            let inside = cursor.group()?;
            parts.generated = Some(parse_printed(self.text(inside)).ok()?);
            cursor.eat(&["stored"]).then_some(())?;
        } else if cursor.eat(&["check"]) {
            parts.checks.push((named, cursor.group()?));
        } else if cursor.peek()?.is_word("references") {
            self.references(cursor, named, vec![column.clone()])?;
        } else {
            return None;
        }
        Some(())
    }

    fn finish(&mut self, name: Ident, declared: &[Token], parts: Parts<'_>) {
        let word = match declared {
            [Token { kind: Kind::Word(word), .. }] => word.as_str(),
            _ => "",
        };
        let with_check = |word: &str| {
            parts.checks.iter().enumerate().find_map(|(index, (named, check))| {
                let plain = named.is_none() || parts.checks.len() == 1;
                plain.then(|| recognise(&name, word, Some(check)))?.map(|ty| (Some(index), ty))
            })
        };
        let in_words = self.text(declared).to_owned();
        // The check of a type stays when hands declare another.
        let left = || DECLARED.iter().find_map(|word| with_check(word)?.0);
        let near = || match left() {
            Some(index) => {
                let called = format!("{} CHECK ({})", called(&in_words), self.text(parts.checks[index].1));
                (Some(index), nearest(&in_words), Some(called))
            }
            None => match recognise(&name, word, None) {
                Some(ty) => (None, ty, None),
                None => (None, nearest(&in_words), Some(called(&in_words))),
            },
        };
        let (own, ty, unread_type) = with_check(word).map_or_else(near, |(own, ty)| (own, ty, None));
        for (index, (named, check)) in parts.checks.iter().enumerate() {
            if own == Some(index) {
                continue;
            }
            match named.clone().and_then(|named| self.check(named, check)) {
                Some(check) => self.read.table.checks.push(check),
                None => {
                    let text = self.text(check).to_owned();
                    self.foreign(
                        ForeignKind::Constraint,
                        &text,
                        "a check of a column that the model cannot express",
                    );
                }
            }
        }
        if parts.counted {
            let option = TableOption::Autoincrement.as_str();
            self.foreign(ForeignKind::Option, option, "the key is counted up");
        }
        let (default, unread_default) = self.default_of(&ty, parts.default);
        // An integer key is the row's number, and so never NULL.
        let is_rowid = parts.key && word.eq_ignore_ascii_case("integer");
        let (nullable, generated) = (!parts.not_null && !is_rowid, parts.generated);
        let unread = Unread { ty: unread_type, far: false, default: unread_default };
        let unread = (unread != Unread::default()).then(|| Box::new(unread));
        let column = Column { nullable, default, generated, unread, ..Column::new(name.clone(), ty) };
        self.read.table.columns.insert(name, column);
    }

    /// What a default is; else what it says, if the model cannot express it.
    fn default_of(&self, ty: &FieldType, tokens: Option<&[Token]>) -> (Option<DefaultValue>, Option<String>) {
        let Some(printed) = tokens.map(|tokens| self.text(tokens)) else { return (None, None) };
        match printed_default::parse(printed, ty) {
            Ok(default) => (default, None),
            Err(()) => (None, Some(printed.to_owned())),
        }
    }
}

#[derive(Default)]
struct Parts<'t> {
    key: bool,
    counted: bool,
    not_null: bool,
    default: Option<&'t [Token]>,
    generated: Option<Expr>,
    checks: Vec<(Option<Ident>, &'t [Token])>,
}

/// A default's tokens: a group, or a literal with its sign.
fn default<'t>(cursor: &mut Cursor<'t>) -> Option<&'t [Token]> {
    let rest = cursor.rest();
    if let Some(inside) = cursor.group() {
        return Some(inside);
    }
    let signed = cursor.eat_sign("-") || cursor.eat_sign("+");
    cursor.take()?;
    Some(&rest[..1 + usize::from(signed)])
}

/// What a deletion does, and what the key does besides that no intent asks for.
fn actions(cursor: &mut Cursor<'_>) -> Option<(OnDelete, Option<String>)> {
    let (mut action, mut besides) = (OnDelete::Restrict, Vec::new());
    while cursor.eat(&["on"]) {
        let delete = cursor.eat(&["delete"]);
        if !delete && !cursor.eat(&["update"]) {
            return None;
        }
        if cursor.eat(&["set", "default"]) {
            besides.push(format!("ON {} SET DEFAULT", if delete { "DELETE" } else { "UPDATE" }));
            continue;
        }
        // What is there unless somebody says otherwise.
        if !delete && cursor.eat(&["no", "action"]) {
            continue;
        }
        let found = match () {
            () if cursor.eat(&["cascade"]) => OnDelete::Cascade,
            () if cursor.eat(&["set", "null"]) => OnDelete::SetNull,
            () if cursor.eat(&["restrict"]) || cursor.eat(&["no", "action"]) => OnDelete::Restrict,
            () => return None,
        };
        match (delete, found) {
            (true, found) => action = found,
            (false, found) => besides.push(format!("ON UPDATE {}", found.as_str())),
        }
    }
    if !cursor.eat(&["not", "deferrable"]) && cursor.eat(&["deferrable"]) {
        besides.push("DEFERRABLE".to_owned());
    }
    if cursor.eat(&["initially"]) && !cursor.eat(&["deferred"]) && !cursor.eat(&["immediate"]) {
        return None;
    }
    Some((action, (!besides.is_empty()).then(|| besides.join(", "))))
}

/// Names between commas; none if something else is there.
fn idents(tokens: &[Token]) -> Option<Vec<Ident>> {
    let one = |part: &[Token]| match part {
        [token] => Ident::parse(token.name()?).ok(),
        _ => None,
    };
    split(tokens).into_iter().map(one).collect()
}

/// Reads the text of an index; none if the model cannot express it.
pub(super) fn read_index(sql: &str) -> Option<Index> {
    let tokens = tokenize(sql)?;
    let mut cursor = Cursor::new(&tokens);
    if !cursor.eat(&["create"]) {
        return None;
    }
    let unique = cursor.eat(&["unique"]);
    if !cursor.eat(&["index"]) {
        return None;
    }
    let name = Ident::parse(cursor.take()?.name()?).ok()?;
    if !cursor.eat(&["on"]) {
        return None;
    }
    cursor.take()?;
    let keys = split(cursor.group()?).into_iter().map(|part| key(sql, part)).collect::<Option<_>>()?;
    let predicate = if cursor.eat(&["where"]) {
        let rest = cursor.rest();
        Some(parse_printed(&sql[rest.first()?.start..rest.last()?.end]).ok()?)
    } else {
        cursor.rest().is_empty().then_some(())?;
        None
    };
    let shape = IndexShape { keys, unique, include: Vec::new(), predicate, method: IndexMethod::Btree };
    Some(Index::new(name, shape))
}

fn key(sql: &str, part: &[Token]) -> Option<IndexKey> {
    if let [token] = part
        && let Some(column) = token.name()
    {
        return Ident::parse(column).ok().map(IndexKey::Column);
    }
    let text = &sql[part.first()?.start..part.last()?.end];
    parse_printed(text).ok().map(IndexKey::Expression)
}
