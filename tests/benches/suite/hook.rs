//! A hook call in a fresh instance, beside the same function called natively, and by Extism.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwright::sandbox::{GuestWorld, Limits, Loaded, Sandbox};
use hookwright_core::hook::{Context, HookCall, HookReply};
use hookwright_sdk::{EntitySpec, FieldSpec, FieldType};

use crate::extism::Extism;
use crate::rounds::Rounds;
use crate::table::{Goal, Table, Unit};
use crate::{guests, scene};

const ROUNDS: usize = 15;
/// Calls in one turn.
const CALLS: usize = 5_000;
const EXTISM_CALLS: usize = 200;

/// A guest on our host, and what it is called with.
pub struct Ours {
    sandbox: Sandbox,
    loaded: Loaded,
    cx: Context,
    call: HookCall,
    world: GuestWorld,
}

pub fn run(table: &mut Table) -> anyhow::Result<()> {
    let ours = Ours::load(&std::fs::read(scene::guest())?)?;
    let mut extism = guests().map(|directory| Extism::start(&directory)).transpose()?;
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let one = ours.take(CALLS)?;
        rounds.note("fresh", micros(one, CALLS));
        rounds.note("native", micros(natively(CALLS), CALLS));
        rounds.note("one thread", CALLS as f64 / one.as_secs_f64());
        rounds.note("two threads", 2.0 * CALLS as f64 / side_by_side(&ours)?.as_secs_f64());
        if let Some(extism) = &mut extism {
            rounds.note("extism fresh", micros(extism.take("fresh", EXTISM_CALLS)?, EXTISM_CALLS));
            rounds.note("extism reused", micros(extism.take("reused", EXTISM_CALLS)?, EXTISM_CALLS));
        }
    }
    let call = |id| (id, "hook call, Rust, fresh instance", Unit::Micros);
    table.row(
        call("hook.native"),
        "native call, typed",
        rounds.compare("fresh", "native"),
        Some(Goal::AtMost(3.0)),
    );
    if extism.is_some() {
        let (fresh, reused) =
            (rounds.compare("fresh", "extism fresh"), rounds.compare("fresh", "extism reused"));
        table.row(call("hook.extism"), "Extism, fresh", fresh, Some(Goal::AtMost(0.05)));
        table.row(call("hook.extism_reused"), "Extism, reused instance", reused, None);
    }
    let scaling = rounds.compare("two threads", "one thread");
    let two = ("hook.threads", "hook calls, Rust, two threads", Unit::PerSecond);
    table.row(two, "one thread", scaling, Some(Goal::AtLeast(1.7)));
    Ok(())
}

impl Ours {
    pub fn load(component: &[u8]) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(&Limits::default())?;
        let loaded = sandbox.load(component)?;
        let (config, schema, metadata) = (Arc::new(serde_json::json!({})), Arc::default(), Arc::default());
        let world = GuestWorld { config, schema, metadata };
        let ours = Self { sandbox, loaded, cx: scene::context(), call: scene::call()?, world };
        let HookReply::Intents(intents) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(ours.loaded.call(&ours.sandbox, &ours.cx, &ours.call, ours.world.clone()))?
            .reply
        else {
            anyhow::bail!("the guest gives no intents");
        };
        anyhow::ensure!(intents.len() == scene::INTENTS, "the guest gives {} intents", intents.len());
        Ok(ours)
    }

    /// How long so many calls take, one after the other.
    pub fn take(&self, calls: usize) -> anyhow::Result<Duration> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..calls {
                let called = self.loaded.call(&self.sandbox, &self.cx, &self.call, self.world.clone());
                black_box(called.await?);
            }
            Ok(started.elapsed())
        })
    }
}

fn side_by_side(ours: &Ours) -> anyhow::Result<Duration> {
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| ours.take(CALLS)));
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic").map(drop))
    })?;
    Ok(started.elapsed())
}

/// What the guest does, without a sandbox: it gets values of its own, as a guest does.
fn natively(calls: usize) -> Duration {
    let (old, new) = (spec("first"), spec("second"));
    let started = Instant::now();
    for _ in 0..calls {
        let (old, new) = (black_box(&old).clone(), black_box(&new).clone());
        black_box(comments::changed(&old, &new));
    }
    started.elapsed()
}

/// The entity of the scene as a plugin has it.
fn spec(version: &str) -> EntitySpec {
    let (label, comment) = (Some(scene::LABEL.to_owned()), Some(scene::COMMENT.to_owned()));
    let entity = EntitySpec { label, comment, ..EntitySpec::new(scene::NAME) };
    scene::fields(version).fold(entity, |entity, field| entity.field(native_field(field)))
}

fn native_field(scene::Field { name, ty, nullable, comment }: scene::Field) -> FieldSpec {
    let ty = match ty {
        "BigInt" => FieldType::BigInt,
        "String" => FieldType::String(100),
        "Int" => FieldType::Int,
        "Float" => FieldType::Float,
        "Boolean" => FieldType::Boolean,
        "Date" => FieldType::Date,
        "DateTime" => FieldType::DateTime,
        "Json" => FieldType::Json,
        "Uuid" => FieldType::Uuid,
        _ => FieldType::Text,
    };
    FieldSpec { nullable, ..FieldSpec::new(name, ty).comment(comment) }
}

/// Microseconds of each.
pub fn micros(all: Duration, count: usize) -> f64 {
    all.as_secs_f64() * 1e6 / count as f64
}
