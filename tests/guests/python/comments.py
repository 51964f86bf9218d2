"""The hook "comments" in Python: what `tests/guests/comments` does in Rust, to compare them. Built by `./build`."""
from wit_world import exports
from wit_world.imports.intents import Intent, Intent_SetComment, SetComment
from wit_world.imports.types import Context, EntityChange, EntitySpec, FieldChange


def changed(old: EntitySpec, new: EntitySpec) -> list[Intent]:
    """The comment of every field of `new` that differs from that of the field of the same name in `old`, in order."""
    before = {field.name: field.comment for field in old.fields}
    return [
        Intent_SetComment(SetComment(new.name, field.name, field.comment))
        for field in new.fields
        if field.name in before and before[field.name] != field.comment
    ]


class EntityHooks(exports.EntityHooks):
    """Called for entities."""

    def before(self, cx: Context, change: EntityChange) -> None:
        return None

    def after(self, cx: Context, change: EntityChange) -> list[Intent]:
        return changed(change.old, change.new) if change.old and change.new else []


class FieldHooks(exports.FieldHooks):
    """Called for fields: nothing to do."""

    def before(self, cx: Context, change: FieldChange) -> None:
        return None

    def after(self, cx: Context, change: FieldChange) -> list[Intent]:
        return []
