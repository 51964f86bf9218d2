//! A host as a tutorial makes it: an engine with wasmtime's defaults, a fresh instance for each call, the whole system
//! interface. It has none of the limits that ours keeps.

use std::time::{Duration, Instant};

use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::bindings::hookwright::hooks::{host, intents, types};
use crate::bindings::{Plugin, PluginPre};
use crate::scene;

/// A guest on such a host.
pub struct Defaults {
    engine: Engine,
    plugin: PluginPre<State>,
    change: types::EntityChange,
}

struct State {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

impl types::Host for State {}
impl intents::Host for State {}
impl host::Host for State {
    fn log(&mut self, _: host::Level, _: String) {}
    fn config(&mut self) -> String {
        "{}".to_owned()
    }
    fn table(&mut self, _: String) -> Option<types::Table> {
        None
    }
    fn entities(&mut self) -> Vec<String> {
        Vec::new()
    }
}

impl Defaults {
    pub fn load(component: &[u8]) -> wasmtime::Result<Self> {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        let plugin = PluginPre::new(linker.instantiate_pre(&Component::new(&engine, component)?)?)?;
        let (old, new) = (Some(spec("first")), Some(spec("second")));
        let change = types::EntityChange { action: types::Action::Update, old, new, drop_table: false };
        Ok(Self { engine, plugin, change })
    }

    /// How long so many calls take, one after the other.
    pub fn take(&self, calls: usize) -> wasmtime::Result<Duration> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..calls {
                let given = self.call().await?;
                wasmtime::ensure!(given == scene::INTENTS, "the guest gives {given} intents");
            }
            Ok(started.elapsed())
        })
    }

    async fn call(&self) -> wasmtime::Result<usize> {
        let (ctx, table) = (WasiCtx::builder().build(), ResourceTable::new());
        let mut store = Store::new(&self.engine, State { ctx, table });
        let plugin = self.plugin.instantiate_async(&mut store).await?;
        let ours = scene::context();
        let cx = types::Context { org: ours.org, event_id: ours.event_id, actor: ours.actor, at: ours.at };
        let reply = plugin.hookwright_hooks_entity_hooks().call_after(&mut store, &cx, &self.change).await?;
        Ok(reply.map_err(|rejection| wasmtime::format_err!(rejection.message))?.len())
    }
}

/// The entity of the scene in the contract's own types.
fn spec(version: &str) -> types::EntitySpec {
    let field = |field: scene::Field| types::FieldSpec {
        name: field.name,
        type_: field_type(field.ty),
        nullable: field.nullable,
        unique: false,
        indexed: false,
        primary_key: false,
        default: None,
        references: None,
        comment: Some(field.comment),
    };
    let (label, comment) = (Some(scene::LABEL.to_owned()), Some(scene::COMMENT.to_owned()));
    let fields = scene::fields(version).map(field).collect();
    types::EntitySpec { name: scene::NAME.to_owned(), label, comment, fields }
}

fn field_type(name: &str) -> types::FieldType {
    match name {
        "BigInt" => types::FieldType::BigInt,
        "String" => types::FieldType::String(100),
        "Int" => types::FieldType::Int,
        "Float" => types::FieldType::Float,
        "Boolean" => types::FieldType::Boolean,
        "Date" => types::FieldType::Date,
        "DateTime" => types::FieldType::DateTime,
        "Json" => types::FieldType::Json,
        "Uuid" => types::FieldType::Uuid,
        _ => types::FieldType::Text,
    }
}
