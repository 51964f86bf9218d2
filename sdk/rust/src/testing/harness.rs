//! The harness: plugins in order, a model, and one method for each change.
//!
//! Tests of plugins call it. Touches the thread's test host while a hook runs.
use super::backend::{self, LogLine, State};
use super::model;
use crate::bindings::hookwright::hooks::types as wit;
use crate::{Change, Context, EntitySpec, FieldSpec, Intent, Plugin, Rejection, Table};

type EntityHook<T> = fn(&Context, &Change<EntitySpec>) -> Result<T, Rejection>;
type FieldHook<T> = fn(&Context, &str, &Change<FieldSpec>) -> Result<T, Rejection>;

struct Bound {
    config: String,
    entity_before: EntityHook<Option<EntitySpec>>,
    entity_after: EntityHook<Vec<Intent>>,
    field_before: FieldHook<Option<FieldSpec>>,
    field_after: FieldHook<Vec<Intent>>,
}

/// Runs plugins' hooks as the host does: the before hooks, then the after hooks, each plugin in the order given,
/// each intent applied to the model before the next hook runs.
///
/// A change method returns all intents in order, or the first rejection. An intent that does not fit the model
/// is a rejection with the code `model`. The model is then left as it was.
pub struct Harness {
    plugins: Vec<Bound>,
    state: State,
    context: Context,
}

impl Harness {
    /// A harness for one plugin, with an empty model and no configuration.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<P: Plugin>() -> Self {
        let context =
            Context(wit::Context { org: "test-org".into(), event_id: "e-1".into(), actor: None, at: None });
        Self { plugins: Vec::new(), state: State::default(), context }.then::<P>()
    }

    /// Adds a plugin that runs after those before.
    pub fn then<P: Plugin>(mut self) -> Self {
        self.plugins.push(Bound {
            config: String::new(),
            entity_before: P::entity_before,
            entity_after: P::entity_after,
            field_before: P::field_before,
            field_after: P::field_after,
        });
        self
    }

    /// Configures the plugin added last.
    pub fn config(mut self, config: &serde_json::Value) -> Self {
        if let Some(plugin) = self.plugins.last_mut() {
            plugin.config = config.to_string();
        }
        self
    }

    /// Puts a table into the model.
    pub fn table(mut self, table: Table) -> Self {
        self.state.tables.push(table);
        self
    }

    /// Names an entity that exists.
    pub fn entity(mut self, name: impl Into<String>) -> Self {
        self.state.entities.push(name.into());
        self
    }

    /// Says who asks for the changes.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.context.0.actor = Some(actor.into());
        self
    }

    /// A table as the model has it now.
    pub fn model(&self, table: &str) -> Option<&Table> {
        self.state.tables.iter().find(|t| t.name == table)
    }

    /// What the plugins logged so far.
    pub fn log(&self) -> &[LogLine] {
        &self.state.log
    }

    /// Creates an entity: the entity's creation, then the creation of each of its fields.
    pub fn entity_create(&mut self, entity: EntitySpec) -> Result<Vec<Intent>, Rejection> {
        self.atomic(|host| {
            let change = host.amend_entity(Change::Create(entity))?;
            let mut intents = host.entity_after(&change)?;
            if let Change::Create(entity) = change {
                for field in entity.fields {
                    intents.extend(host.field(&entity.name, Change::Create(field))?);
                }
                host.state.entities.push(entity.name);
            }
            Ok(intents)
        })
    }

    /// Changes an entity.
    pub fn entity_update(&mut self, old: EntitySpec, new: EntitySpec) -> Result<Vec<Intent>, Rejection> {
        self.atomic(|host| {
            let change = host.amend_entity(Change::Update { old, new })?;
            host.entity_after(&change)
        })
    }

    /// Deletes an entity, and with `drop_table` its table.
    pub fn entity_delete(&mut self, old: EntitySpec, drop_table: bool) -> Result<Vec<Intent>, Rejection> {
        self.atomic(|host| {
            host.state.entities.retain(|name| *name != old.name);
            let drop = drop_table;
            let change = host.amend_entity(Change::Delete { old, drop })?;
            host.entity_after(&change)
        })
    }

    /// Creates a field.
    pub fn field_create(&mut self, entity: &str, field: FieldSpec) -> Result<Vec<Intent>, Rejection> {
        self.atomic(|host| host.field(entity, Change::Create(field)))
    }

    /// Changes a field.
    pub fn field_update(
        &mut self,
        entity: &str,
        old: FieldSpec,
        new: FieldSpec,
    ) -> Result<Vec<Intent>, Rejection> {
        self.atomic(|host| host.field(entity, Change::Update { old, new }))
    }

    /// Deletes a field, and with `drop_column` its column.
    pub fn field_delete(
        &mut self,
        entity: &str,
        old: FieldSpec,
        drop_column: bool,
    ) -> Result<Vec<Intent>, Rejection> {
        let drop = drop_column;
        self.atomic(|host| host.field(entity, Change::Delete { old, drop }))
    }

    /// What the before hooks make of an entity's change.
    pub fn amend_entity(&mut self, mut change: Change<EntitySpec>) -> Result<Change<EntitySpec>, Rejection> {
        for at in 0..self.plugins.len() {
            let hook = self.plugins[at].entity_before;
            let amended = self.call(at, |cx| hook(cx, &change))?;
            change = change.amended(amended);
        }
        Ok(change)
    }

    /// What the before hooks make of a field's change.
    pub fn amend_field(
        &mut self,
        entity: &str,
        mut change: Change<FieldSpec>,
    ) -> Result<Change<FieldSpec>, Rejection> {
        for at in 0..self.plugins.len() {
            let hook = self.plugins[at].field_before;
            let amended = self.call(at, |cx| hook(cx, entity, &change))?;
            change = change.amended(amended);
        }
        Ok(change)
    }

    fn entity_after(&mut self, change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        self.collect(|plugin| plugin.entity_after, |hook, cx| hook(cx, change))
    }

    fn field(&mut self, entity: &str, change: Change<FieldSpec>) -> Result<Vec<Intent>, Rejection> {
        let change = self.amend_field(entity, change)?;
        self.collect(|plugin| plugin.field_after, |hook, cx| hook(cx, entity, &change))
    }

    fn collect<H>(
        &mut self,
        pick: impl Fn(&Bound) -> H,
        run: impl Fn(H, &Context) -> Result<Vec<Intent>, Rejection>,
    ) -> Result<Vec<Intent>, Rejection> {
        let mut all = Vec::new();
        for at in 0..self.plugins.len() {
            let hook = pick(&self.plugins[at]);
            let intents = self.call(at, |cx| run(hook, cx))?;
            for intent in &intents {
                model::apply(&mut self.state.tables, intent)?;
            }
            all.extend(intents);
        }
        Ok(all)
    }

    fn call<T>(&mut self, at: usize, hook: impl FnOnce(&Context) -> T) -> T {
        let mut state = std::mem::take(&mut self.state);
        state.config.clone_from(&self.plugins[at].config);
        let (state, answer) = backend::during(state, || hook(&self.context));
        self.state = state;
        answer
    }

    fn atomic<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T, Rejection>) -> Result<T, Rejection> {
        let (tables, entities) = (self.state.tables.clone(), self.state.entities.clone());
        let outcome = change(self);
        if outcome.is_err() {
            (self.state.tables, self.state.entities) = (tables, entities);
        }
        outcome
    }
}

impl<S> Change<S> {
    fn amended(self, spec: Option<S>) -> Self {
        match (self, spec) {
            (Self::Create(_), Some(new)) => Self::Create(new),
            (Self::Update { old, .. }, Some(new)) => Self::Update { old, new },
            (change, _) => change,
        }
    }
}
