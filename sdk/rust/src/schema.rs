//! Conveniences on the contract's schema types: builders for columns, keys, indexes and tables, questions to them.
//!
//! Plugins and tests call it. Pure: makes values, touches nothing.
use crate::{Column, DefaultValue, FieldType, ForeignKey, Index, IndexKey, IndexMethod, OnDelete, Table};

impl Column {
    /// An optional column without default.
    pub fn new(name: impl Into<String>, type_: FieldType) -> Self {
        Self { name: name.into(), type_, nullable: true, default: None, comment: None, generated: None }
    }

    /// Makes it required.
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Gives it a default.
    pub fn default(mut self, value: impl Into<DefaultValue>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Comments it.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Has it computed from other columns, and stored. Rows then do not give it.
    pub fn generated(mut self, expression: impl Into<String>) -> Self {
        self.generated = Some(expression.into());
        self
    }
}

impl ForeignKey {
    /// Makes `columns` refer to the `target` columns of `table`; a referenced row cannot be deleted.
    pub fn new<S: Into<String>, T: Into<String>>(
        columns: impl IntoIterator<Item = S>,
        table: impl Into<String>,
        target: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            table: table.into(),
            target: target.into_iter().map(Into::into).collect(),
            on_delete: OnDelete::Restrict,
        }
    }

    /// What happens when the row referred to is deleted.
    pub fn on_delete(mut self, on_delete: OnDelete) -> Self {
        self.on_delete = on_delete;
        self
    }
}

impl Index {
    /// An index over these columns, in this order.
    pub fn on<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self::keys(columns.into_iter().map(|column| IndexKey::Column(column.into())))
    }

    /// An index over what an expression gives, such as `lower(email)`.
    pub fn on_expression(expression: impl Into<String>) -> Self {
        Self::keys([IndexKey::Expression(expression.into())])
    }

    /// An index over columns and expressions, in this order.
    pub fn keys(keys: impl IntoIterator<Item = IndexKey>) -> Self {
        let keys = keys.into_iter().collect();
        Self { keys, unique: false, include: Vec::new(), predicate: None, method: IndexMethod::Btree }
    }

    /// Makes it refuse duplicates.
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Keeps columns along with the keys (PostgreSQL only).
    pub fn include<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.include = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Has only the rows in it that meet a condition.
    pub fn only_where(mut self, predicate: impl Into<String>) -> Self {
        self.predicate = Some(predicate.into());
        self
    }

    /// How it is built; all but `Btree` are PostgreSQL's alone.
    pub fn method(mut self, method: IndexMethod) -> Self {
        self.method = method;
        self
    }

    /// Whether its keys are exactly these columns.
    pub fn is_on(&self, columns: &[&str]) -> bool {
        let key = |key: &IndexKey, column: &str| matches!(key, IndexKey::Column(own) if own == column);
        self.keys.len() == columns.len() && self.keys.iter().zip(columns).all(|(k, c)| key(k, c))
    }
}

impl Table {
    /// A table without columns.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            uniques: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            comment: None,
        }
    }

    /// Adds a column.
    pub fn with(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Names the primary key's columns.
    pub fn key<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.primary_key = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The foreign key on exactly these columns.
    pub fn foreign_key(&self, columns: &[&str]) -> Option<&ForeignKey> {
        self.foreign_keys.iter().find(|key| key.columns == columns)
    }

    /// The index on exactly these columns.
    pub fn index(&self, columns: &[&str]) -> Option<&Index> {
        self.indexes.iter().find(|index| index.is_on(columns))
    }

    /// Whether a unique constraint is on exactly these columns.
    pub fn is_unique(&self, columns: &[&str]) -> bool {
        self.uniques.iter().any(|unique| unique == columns)
    }
}
