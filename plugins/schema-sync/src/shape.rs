//! The shape of a column, from a field or from the model, and the way from one shape to another.
//!
//! Only `field.rs` calls it. Pure.
use hookwright_sdk::prelude::*;

/// All that a field says about its column, except its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    type_: FieldType,
    default: Option<DefaultValue>,
    nullable: bool,
    unique: bool,
    references: Option<Reference>,
    comment: Option<String>,
}

impl Shape {
    /// What the field asks for. `sole_key`: it alone is the primary key, and so unique without a constraint.
    pub fn of_field(field: &FieldSpec, sole_key: bool) -> Self {
        Self {
            type_: field.type_.clone(),
            default: field.default.clone(),
            nullable: field.nullable && !field.primary_key,
            unique: field.unique && !sole_key,
            references: field.references.clone(),
            comment: field.comment.clone(),
        }
    }

    /// What the model has.
    pub fn of_column(table: &Table, column: &Column) -> Self {
        let name = column.name.as_str();
        let references = table.foreign_key(&[name]).and_then(|key| {
            Some(Reference {
                table: key.table.clone(),
                column: key.target.first()?.clone(),
                on_delete: key.on_delete,
            })
        });
        Self {
            type_: column.type_.clone(),
            default: column.default.clone(),
            nullable: column.nullable && !table.primary_key.contains(&column.name),
            unique: table.is_unique(&[name]),
            references,
            comment: column.comment.clone(),
        }
    }

    /// A column of that name as it is first added: without what has intents of its own.
    pub fn column(&self, name: &str) -> Column {
        Column {
            name: name.into(),
            type_: self.type_.clone(),
            nullable: self.nullable,
            default: self.default.clone(),
            comment: self.comment.clone(),
            generated: None,
        }
    }

    /// The same, as `column` leaves it.
    pub fn without_constraints(&self) -> Self {
        Self { unique: false, references: None, ..self.clone() }
    }
}

/// A column on its way from one shape and name to another.
#[derive(Debug)]
pub struct Course<'a> {
    pub table: &'a str,
    pub from: (&'a str, &'a Shape),
    pub to: (&'a str, &'a Shape),
}

impl Course<'_> {
    /// Constraints go first and come last, so that nothing in between meets one that no longer holds.
    pub fn intents(&self) -> Vec<Intent> {
        let mut intents = Vec::new();
        self.drop_constraints(&mut intents);
        self.rename(&mut intents);
        self.change_type_and_default(&mut intents);
        self.change_nullability(&mut intents);
        self.add_constraints(&mut intents);
        self.change_comment(&mut intents);
        intents
    }

    fn drop_constraints(&self, intents: &mut Vec<Intent>) {
        let (name, old) = self.from;
        let new = self.to.1;
        if old.references.is_some() && old.references != new.references {
            intents.push(intent::drop_foreign_key(self.table, [name]));
        }
        if old.unique && !new.unique {
            intents.push(intent::drop_unique(self.table, [name]));
        }
    }

    fn rename(&self, intents: &mut Vec<Intent>) {
        let (from, to) = (self.from.0, self.to.0);
        if from != to {
            intents.push(intent::rename_column(self.table, from, to));
        }
    }

    fn change_type_and_default(&self, intents: &mut Vec<Intent>) {
        let ((_, old), (name, new)) = (self.from, self.to);
        let is_default_stale = old.default != new.default;
        let is_type_stale = old.type_ != new.type_;
        // A default of the old type may not fit the new one, and the other way round.
        if is_default_stale && old.default.is_some() && (is_type_stale || new.default.is_none()) {
            intents.push(intent::drop_default(self.table, name));
        }
        if is_type_stale {
            intents.push(self.retype(&old.type_, &new.type_));
        }
        if let (true, Some(default)) = (is_default_stale, &new.default) {
            intents.push(intent::set_default(self.table, name, default.clone()));
        }
    }

    fn retype(&self, old: &FieldType, new: &FieldType) -> Intent {
        let name = self.to.0;
        match (old, new) {
            (FieldType::Enum(_), FieldType::Enum(values)) => intent::set_values(self.table, name, values),
            _ => intent::change_type(self.table, name, new.clone()),
        }
    }

    fn change_nullability(&self, intents: &mut Vec<Intent>) {
        let name = self.to.0;
        match (self.from.1.nullable, self.to.1.nullable) {
            (true, false) => intents.push(intent::set_not_null(self.table, name)),
            (false, true) => intents.push(intent::drop_not_null(self.table, name)),
            (true, true) | (false, false) => {}
        }
    }

    fn add_constraints(&self, intents: &mut Vec<Intent>) {
        let old = self.from.1;
        let (name, new) = self.to;
        if new.unique && !old.unique {
            intents.push(intent::add_unique(self.table, [name]));
        }
        if let (Some(to), true) = (&new.references, old.references != new.references) {
            let key = ForeignKey::new([name], &to.table, [&to.column]).on_delete(to.on_delete);
            intents.push(intent::add_foreign_key(self.table, key));
        }
    }

    fn change_comment(&self, intents: &mut Vec<Intent>) {
        let (name, new) = self.to;
        if self.from.1.comment != new.comment {
            let comment = new.comment.as_deref();
            intents.push(intent::comment_column(self.table, name, comment));
        }
    }
}
