//! The work by which guests of all languages are compared: a comment for each field whose own has changed.
//!
//! The host calls it through its hook; the benchmarks also call [`changed`] as a plain function. The same hook is
//! in `tests/guests/typescript`, `tests/guests/python` and `tests/benches/peers/extism`.
use hookwright_sdk::prelude::*;

/// Has the comments of columns follow those of their fields.
#[derive(Debug)]
pub struct Comments;

impl Plugin for Comments {
    fn entity_after(_: &Context, change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        Ok(match change {
            Change::Update { old, new } => changed(old, new),
            Change::Create(_) | Change::Delete { .. } => vec![],
        })
    }
}

/// The comment of every field of `new` that differs from that of the field of the same name in `old`, in order.
#[must_use]
pub fn changed(old: &EntitySpec, new: &EntitySpec) -> Vec<Intent> {
    let differs = |field: &&FieldSpec| {
        old.fields.iter().any(|was| was.name == field.name && was.comment != field.comment)
    };
    let fields = new.fields.iter().filter(differs);
    fields.map(|field| intent::comment_column(&new.name, &field.name, field.comment.as_deref())).collect()
}

export_plugin!(Comments);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_another_comment_are_told_in_order() {
        let field = |name: &str, comment: &str| FieldSpec::new(name, FieldType::Text).comment(comment);
        let entity = |b: &str, c: &str| {
            EntitySpec::new("invoice").field(field("a", "same")).field(field("b", b)).field(field("c", c))
        };
        let (old, mut new) = (entity("was", "was"), entity("is", "is"));
        new.fields[2].comment = None;
        let told = changed(&old, &new);
        let (b, c) = (Some("is"), None);
        let wanted = [intent::comment_column("invoice", "b", b), intent::comment_column("invoice", "c", c)];
        assert_eq!(told, wanted);
    }
}
