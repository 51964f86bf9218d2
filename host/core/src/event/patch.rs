//! The `changes` of an update: what is given is set, `null` takes an attribute away.

use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use crate::ident::Ident;
use crate::spec::{FieldSpec, FieldWire, ReferenceWire, SpecError, TypeName};
use crate::spec_bounds::text;

/// `None`: not mentioned. `Some(None)`: taken away.
type Given<T> = Option<Option<T>>;

/// Changes of an entity.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntityPatch {
    /// Its new name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its new label.
    #[serde(default, deserialize_with = "given")]
    pub label: Given<String>,
    /// Its new comment.
    #[serde(default, deserialize_with = "given")]
    pub comment: Given<String>,
}

/// Changes of a field.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FieldPatch {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default, rename = "type")]
    pub ty: Option<TypeName>,
    #[serde(default, deserialize_with = "given")]
    pub nullable: Given<bool>,
    #[serde(default, deserialize_with = "given")]
    pub unique: Given<bool>,
    #[serde(default, deserialize_with = "given")]
    pub indexed: Given<bool>,
    #[serde(default, deserialize_with = "given")]
    pub primary_key: Given<bool>,
    #[serde(default, deserialize_with = "given")]
    pub default: Given<Json>,
    #[serde(default, deserialize_with = "given")]
    pub references: Given<ReferenceWire>,
    #[serde(default, deserialize_with = "given")]
    pub length: Given<u32>,
    #[serde(default, deserialize_with = "given")]
    pub precision: Given<u32>,
    #[serde(default, deserialize_with = "given")]
    pub scale: Given<u32>,
    #[serde(default, deserialize_with = "given")]
    pub values: Given<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    pub comment: Given<String>,
}

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Given<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl EntityPatch {
    /// The new name, parsed.
    ///
    /// # Errors
    /// A [`SpecError`] if the name or a text is not possible.
    pub fn check(&self) -> Result<Option<Ident>, SpecError> {
        text("label", self.label.as_ref().and_then(Option::as_deref))?;
        text("comment", self.comment.as_ref().and_then(Option::as_deref))?;
        Ok(self.name.as_deref().map(Ident::table).transpose()?)
    }
}

impl FieldPatch {
    /// The field after the changes.
    ///
    /// Type parameters and a default that belong to the old type go with it,
    /// unless the patch gives them anew.
    ///
    /// # Errors
    /// A [`SpecError`] if the result makes no sense.
    pub fn apply(&self, spec: &FieldSpec) -> Result<FieldSpec, SpecError> {
        let mut wire = FieldWire::from(spec.clone());
        if self.ty.is_some_and(|ty| ty != wire.ty) {
            (wire.length, wire.precision, wire.scale, wire.values) = (None, None, None, None);
        }
        set(&mut wire.name, self.name.clone());
        set(&mut wire.ty, self.ty);
        set(&mut wire.nullable, self.nullable.map(|b| b.unwrap_or(true)));
        set(&mut wire.unique, self.unique.map(Option::unwrap_or_default));
        set(&mut wire.indexed, self.indexed.map(Option::unwrap_or_default));
        set(&mut wire.primary_key, self.primary_key.map(Option::unwrap_or_default));
        set(&mut wire.default, self.default.clone());
        set(&mut wire.references, self.references.clone());
        set(&mut wire.length, self.length);
        set(&mut wire.precision, self.precision);
        set(&mut wire.scale, self.scale);
        set(&mut wire.values, self.values.clone());
        set(&mut wire.comment, self.comment.clone());
        self.keep_sense(spec, &mut wire);
        FieldSpec::try_from(wire)
    }

    /// Carries over what the old type had and the new one can take in another form.
    fn keep_sense(&self, old: &FieldSpec, wire: &mut FieldWire) {
        if self.default.is_none() && self.ty.is_some() {
            let bare = FieldWire { default: None, ..wire.clone() };
            let retyped = FieldSpec::try_from(bare).ok().zip(old.default.as_ref());
            if let Some(default) = retyped.and_then(|(new, default)| default.retyped(&new.ty)) {
                wire.default = Some(default.to_json());
            }
        }
    }
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}
