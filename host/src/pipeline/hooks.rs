//! Calls one plugin's hook with what it may see, and reports the call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwright_core::event::Event;
use hookwright_core::hook::{Context, HookCall, HookPoint, HookReply};
use hookwright_core::ident::Ident;
use hookwright_core::metadata::Metadata;
use hookwright_core::policy::Draft;
use tracing::Instrument;

use crate::api::OnFault;
use crate::error::{Error, Result};
use crate::outcome::HookReport;
use crate::registry::store::Store;
use crate::sandbox::{Blame, Fault, GuestWorld, Limits, LogLevel, LogLine, Question, Run, Sandbox};
use crate::second_run::{Answered, SecondRuns};
use crate::telemetry::{self, metrics};
use crate::tenant::{Bound, Tenant};

use super::{Pipeline, returned};

/// Calls hooks for one change.
pub(super) struct Caller<'a> {
    sandbox: &'a Sandbox,
    store: &'a Store,
    second_runs: &'a SecondRuns,
    tenant: &'a Tenant,
    plugins: Arc<Vec<Arc<Bound>>>,
    /// Whether a plugin that breaks may be done without, if it is bound so.
    lenient: bool,
    reports: Vec<HookReport>,
    /// The time of plugins that went into the change.
    spent: Duration,
}

impl<'a> Caller<'a> {
    pub fn new(pipeline: &Pipeline<'a>, tenant: &'a Tenant, plugins: Arc<Vec<Arc<Bound>>>) -> Self {
        let Pipeline { sandbox, store, second_runs, .. } = *pipeline;
        let (reports, spent) = (Vec::new(), Duration::ZERO);
        Self { sandbox, store, second_runs, tenant, plugins, lenient: true, reports, spent }
    }

    /// Does without no plugin: what it calls for would seem not to be called for.
    pub fn strict(self) -> Self {
        Self { lenient: false, ..self }
    }

    /// The plugins in the order they are called.
    pub fn plugins(&self) -> Vec<Arc<Bound>> {
        self.plugins.to_vec()
    }

    /// What the sandbox sets bounds to.
    pub fn limits(&self) -> &'a Limits {
        self.sandbox.limits()
    }

    pub fn into_reports(self) -> Vec<HookReport> {
        self.reports
    }

    /// Calls a hook, if the plugin wants it for this entity. Of intents it is told what came of them: whether the plugin
    /// [works](Self::works) or [breaks](Self::breaks).
    pub async fn call(
        &mut self,
        plugin: &Bound,
        event: &Event,
        call: &HookCall,
        draft: &Draft,
        metadata: &Arc<Metadata>,
    ) -> Result<Option<HookReply>> {
        let (Some(entity), field) = subject(call) else { return Ok(None) };
        if !plugin.wants(call.point(), &entity) {
            return Ok(None);
        }
        let begun = Report { plugin, event, point: call.point(), entity, field };
        match self.reply(plugin, event, call, draft, metadata).await {
            Ok((reply, duration)) => {
                self.reports.push(begun.gave(&reply, duration));
                Ok(Some(reply))
            }
            Err(error) if self.may_skip(plugin) && is_of_plugin(&error) => {
                self.skip(begun, error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a change may go on without a plugin that broke.
    pub fn may_skip(&self, plugin: &Bound) -> bool {
        self.lenient && plugin.on_fault == OnFault::Skip
    }

    /// The change goes on as if a plugin, whose reply was the last, had had nothing to say.
    pub fn does_without(&mut self, plugin: &Bound, event: &Event, call: &HookCall, error: Error) {
        let (Some(entity), field) = subject(call) else { return };
        self.reports.pop();
        self.skip(Report { plugin, event, point: call.point(), entity, field }, error);
    }

    fn skip(&mut self, begun: Report<'_>, error: Error) {
        let (org, name, code) = (self.tenant.org(), &*begun.plugin.name, &error.code);
        tracing::warn!(%org, plugin = name, code, "a change goes on without a plugin");
        self.reports.push(begun.skipped(error.message));
    }

    /// Counts what the host did for a plugin as its time.
    pub fn spend(&mut self, worked: Duration) {
        self.spent += worked;
        self.tenant.guest_time().spend(worked, Instant::now());
    }

    async fn reply(
        &mut self,
        plugin: &Bound,
        event: &Event,
        call: &HookCall,
        draft: &Draft,
        metadata: &Arc<Metadata>,
    ) -> Result<(HookReply, Duration)> {
        let now = Instant::now();
        self.tenant.guest_time().admit(self.tenant.org(), self.spent, now)?;
        self.tenant.suspensions().admit(plugin, now)?;
        let cx = Context {
            org: self.tenant.org().as_str().to_owned(),
            event_id: event.id.clone(),
            actor: event.actor.clone(),
            at: event.at.clone(),
        };
        let world = GuestWorld {
            config: plugin.config.clone(),
            schema: draft.shared_schema(),
            metadata: metadata.clone(),
        };
        let hook = call.point().as_str();
        let span = tracing::debug_span!(target: telemetry::TARGET, "hook", otel.name = hook, plugin = &*plugin.name, digest = &*plugin.loaded.digest);
        let again = self.second_runs.picks().then(|| world.clone());
        let question = Question { cx: &cx, call, world };
        let running = plugin.loaded.run(self.sandbox, self.tenant.share(), question);
        let run = running.instrument(span).await;
        self.spend(run.ran);
        self.measure(plugin, call, &run);
        if let Some(world) = again {
            self.run_again(plugin, cx, call, world, &run.reply);
        }
        self.log(plugin, &run.log);
        match &run.reply {
            // It works if what it asks for can be taken.
            Ok(HookReply::Intents(_)) => {}
            Err(fault) if fault.blame() == Blame::Host => {}
            Err(fault) if fault.blame() == Blame::Guest => {
                self.note_fault(plugin, &fault.to_string()).await?
            }
            Ok(_) | Err(_) => self.works(plugin).await?,
        }
        let reply = run.reply.map_err(|fault| self.fault(plugin, call, fault))?;
        Ok((reply, run.duration))
    }

    /// Has an answered call run again, later and if there is room.
    fn run_again(
        &self,
        plugin: &Bound,
        cx: Context,
        call: &HookCall,
        world: GuestWorld,
        reply: &Result<HookReply, Fault>,
    ) {
        let answered = match reply {
            Ok(_) => true,
            Err(fault) => fault.blame() == Blame::Refusal,
        };
        if answered {
            let Bound { org, name, loaded, .. } = plugin;
            let (org, name, loaded) = (org.clone(), name.clone(), loaded.clone());
            let (share, time) = (self.tenant.share(), self.tenant.guest_time().clone());
            let (call, reply) = (call.clone(), reply.clone());
            self.second_runs.take(Answered { org, name, loaded, share, time, cx, call, world, reply });
        }
    }

    /// A call that is slow is told long before it meets the deadline.
    fn measure(&self, plugin: &Bound, call: &HookCall, run: &Run) {
        let (hook, limits) = (call.point().as_str(), self.sandbox.limits());
        let is_slow = run.duration.as_millis() > u128::from(limits.slow_ms);
        metrics::hook(hook, run.duration, run.memory_peak_bytes, is_slow);
        if is_slow && self.tenant.tells_of_guests() {
            let (org, plugin, digest) = (self.tenant.org(), &*plugin.name, &*plugin.loaded.digest);
            let (took_ms, slow_ms) = (run.duration.as_millis() as u64, limits.slow_ms);
            tracing::warn!(%org, plugin, digest, hook, took_ms, slow_ms, "a hook is slow");
        }
    }

    /// Notes that a plugin works.
    pub async fn works(&self, plugin: &Bound) -> Result<()> {
        if !self.is_bound(plugin) {
            return Ok(());
        }
        self.tenant.suspensions().worked(plugin);
        returned::works(self.store, plugin).await
    }

    /// Tells and notes that a plugin broke by what it asks for.
    pub async fn breaks(
        &self,
        plugin: &Bound,
        call: &HookCall,
        code: &'static str,
        error: &Error,
    ) -> Result<()> {
        metrics::plugin_fault(code);
        if self.tenant.tells_of_guests() {
            let (name, hook) = (&*plugin.name, call.point().as_str());
            tracing::warn!(org = %self.tenant.org(), plugin = name, digest = %plugin.loaded.digest, hook, code, %error, "what a hook asks for is not taken");
        }
        self.note_fault(plugin, &error.message).await
    }

    async fn note_fault(&self, plugin: &Bound, cause: &str) -> Result<()> {
        if !self.is_bound(plugin) {
            return Ok(());
        }
        match self.tenant.suspensions().broke(plugin, cause, Instant::now()) {
            Some(faults) => returned::go_back(self.store, plugin, faults, cause).await,
            None => Ok(()),
        }
    }

    /// Whether a plugin is called again. A build that is only tried out is not.
    fn is_bound(&self, plugin: &Bound) -> bool {
        let is_it =
            |known: &Arc<Bound>| known.name == plugin.name && known.loaded.digest == plugin.loaded.digest;
        self.tenant.plugins().iter().any(is_it)
    }

    fn log(&self, plugin: &Bound, lines: &[LogLine]) {
        for line in
            lines.iter().filter(|line| line.level.is_logged()).take_while(|_| self.tenant.tells_of_guests())
        {
            let (org, plugin, text) = (self.tenant.org(), &*plugin.name, line.text.as_str());
            match line.level {
                LogLevel::Error => tracing::error!(target: "hookwright::plugin", %org, plugin, "{text}"),
                LogLevel::Warn => tracing::warn!(target: "hookwright::plugin", %org, plugin, "{text}"),
                LogLevel::Info => tracing::info!(target: "hookwright::plugin", %org, plugin, "{text}"),
                LogLevel::Debug => tracing::debug!(target: "hookwright::plugin", %org, plugin, "{text}"),
            }
        }
    }

    fn fault(&self, plugin: &Bound, call: &HookCall, fault: Fault) -> Error {
        let (name, hook, code) = (&*plugin.name, call.point().as_str(), fault.code());
        if fault.blame() != Blame::Refusal {
            metrics::plugin_fault(code);
        }
        if fault.blame() != Blame::Refusal && self.tenant.tells_of_guests() {
            tracing::warn!(org = %self.tenant.org(), plugin = name, digest = %plugin.loaded.digest, hook, code, ?fault, "a hook gave no reply");
        }
        let told = format!("the plugin \"{name}\" ({hook}): {fault}");
        match (fault.blame(), fault) {
            (_, Fault::Rejected(no)) => {
                let why = if no.message.is_empty() { "it does not say why" } else { &no.message };
                let message = format!("the plugin \"{name}\" refuses the change: {why}");
                let error = Error::new("plugin/rejected", message);
                let code = format!("plugin/rejected/{}", slug(&no.code));
                let error = error.coded(code);
                no.help.into_iter().fold(error, Error::help)
            }
            (Blame::Host, Fault::Overloaded { .. } | Fault::Crowded { .. }) => Error::new(code, told),
            (Blame::Host, _) => Error::new("host/fault", told),
            (_, fault) => {
                let error = Error::new("plugin/fault", told).coded(code);
                let Some(limit) = fault.limit() else { return error };
                error.help(format!(
                    "correct the plugin, or raise \"sandbox.{limit}\" in the configuration of the host; to do without it: hookwright plugin disable --org {} {name}",
                    self.tenant.org()
                ))
            }
        }
    }
}

/// Whether a plugin is to blame: it broke, now or again and again before.
fn is_of_plugin(error: &Error) -> bool {
    matches!(error.entry.code, "plugin/fault" | "plugin/suspended")
}

/// A call to be reported.
struct Report<'a> {
    plugin: &'a Bound,
    event: &'a Event,
    point: HookPoint,
    entity: Ident,
    field: Option<Ident>,
}

impl Report<'_> {
    fn gave(self, reply: &HookReply, duration: Duration) -> HookReport {
        HookReport {
            intents: if let HookReply::Intents(list) = reply { list.len() } else { 0 },
            amended: matches!(reply, HookReply::Entity(Some(_)) | HookReply::Field(Some(_))),
            duration_us: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            ..self.empty()
        }
    }

    fn skipped(self, why: String) -> HookReport {
        HookReport { skipped: Some(why), ..self.empty() }
    }

    fn empty(self) -> HookReport {
        HookReport {
            plugin: self.plugin.name.to_string(),
            digest: self.plugin.loaded.digest.to_string(),
            hook: self.point,
            event: self.event.id.clone(),
            entity: self.entity.as_str().to_owned(),
            field: self.field.map(|f| f.as_str().to_owned()),
            intents: 0,
            amended: false,
            skipped: None,
            duration_us: 0,
        }
    }
}

/// A plugin's own code, made fit to be part of ours.
fn slug(code: &str) -> String {
    let word: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(60).collect();
    if word.is_empty() { "unnamed".into() } else { word.to_ascii_lowercase() }
}

/// The entity, and the field of field hooks, that a call is about.
fn subject(call: &HookCall) -> (Option<Ident>, Option<Ident>) {
    match call {
        HookCall::EntityBefore(c) | HookCall::EntityAfter(c) => {
            (c.new.as_ref().or(c.old.as_ref()).map(|s| s.name.clone()), None)
        }
        HookCall::FieldBefore(c) | HookCall::FieldAfter(c) => {
            (Some(c.entity.clone()), c.new.as_ref().or(c.old.as_ref()).map(|s| s.name.clone()))
        }
    }
}
