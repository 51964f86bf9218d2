//! Conveniences on the contract's types: builders for specs, questions to them, rejections.
//!
//! Plugins and tests call it. Pure: makes values, touches nothing.
use crate::bindings::hookwright::hooks::types as wit;
use crate::{
    Column, DefaultValue, EntitySpec, FieldSpec, FieldType, ForeignKey, OnDelete, Reference, Rejection,
};

impl FieldType {
    /// An exact number of `precision` digits, `scale` of them after the point.
    pub fn decimal(precision: u32, scale: u32) -> Self {
        Self::Decimal(wit::DecimalSize { precision, scale })
    }

    /// One of these texts.
    pub fn values<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Self {
        Self::Enum(values.into_iter().map(Into::into).collect())
    }
}

impl FieldSpec {
    /// An optional field without anything else.
    pub fn new(name: impl Into<String>, type_: FieldType) -> Self {
        Self {
            name: name.into(),
            type_,
            nullable: true,
            unique: false,
            indexed: false,
            primary_key: false,
            default: None,
            references: None,
            comment: None,
        }
    }

    /// Makes it required.
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Makes its values unique.
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Asks for an index.
    pub fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }

    /// Makes it (part of) the primary key, and so required.
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self.nullable = false;
        self
    }

    /// Gives it a default.
    pub fn default(mut self, value: impl Into<DefaultValue>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Makes it refer to a column; a referenced row cannot be deleted, see [`FieldSpec::on_delete`].
    pub fn references(mut self, table: impl Into<String>, column: impl Into<String>) -> Self {
        self.references =
            Some(Reference { table: table.into(), column: column.into(), on_delete: OnDelete::Restrict });
        self
    }

    /// What happens when the row it refers to is deleted. Nothing without [`FieldSpec::references`].
    pub fn on_delete(mut self, on_delete: OnDelete) -> Self {
        if let Some(reference) = &mut self.references {
            reference.on_delete = on_delete;
        }
        self
    }

    /// Comments it.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Gives it another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The column that holds it.
    pub fn column(&self) -> Column {
        Column {
            name: self.name.clone(),
            type_: self.type_.clone(),
            nullable: self.nullable,
            default: self.default.clone(),
            comment: self.comment.clone(),
            generated: None,
        }
    }

    /// The foreign key that its reference asks for.
    pub fn foreign_key(&self) -> Option<ForeignKey> {
        self.references
            .as_ref()
            .map(|to| ForeignKey::new([&self.name], &to.table, [&to.column]).on_delete(to.on_delete))
    }
}

impl EntitySpec {
    /// An entity without fields.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), label: None, comment: None, fields: Vec::new() }
    }

    /// Adds a field.
    pub fn field(mut self, field: FieldSpec) -> Self {
        self.fields.push(field);
        self
    }

    /// Comments it.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Gives it another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl Rejection {
    /// A "no": a short word for programs, and what is wrong, for people.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), help: None }
    }

    /// Says what to do instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<bool> for DefaultValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for DefaultValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for DefaultValue {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for DefaultValue {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}
