// The hook "comments" in TypeScript: what `tests/guests/comments` does in Rust, to compare them. Built by `./build`.

// Of the contract's types (`wit/`), what is used here.
type Field = { name: string; comment?: string };
type Entity = { name: string; fields: Field[] };
type Change<Spec> = { old?: Spec; new?: Spec };
type Intent = { tag: "set-comment"; val: { table: string; column?: string; comment?: string } };

/** The comment of every field of `now` that differs from that of the field of the same name in `old`, in order. */
function changed(old: Entity, now: Entity): Intent[] {
  const before = new Map(old.fields.map((field) => [field.name, field]));
  return now.fields
    .filter((field) => before.has(field.name) && before.get(field.name)!.comment !== field.comment)
    .map(({ name, comment }) => ({ tag: "set-comment", val: { table: now.name, column: name, comment } }));
}

export const entityHooks = {
  before: () => undefined,
  after: (_: unknown, { old, new: now }: Change<Entity>) => (old && now ? changed(old, now) : []),
};

export const fieldHooks = {
  before: () => undefined,
  after: (): Intent[] => [],
};
