//! What a guest may ask of the host: its log, its configuration, the schema model. Reads a [`Guest`]'s world, nothing else.

use hookwright_core::ident::Ident;

use super::bindings::hookwright::hooks::{host, intents, types};
use super::convert::lower::{self, PART_BYTES};
use super::guest::Guest;
use super::log::LogLevel;

impl types::Host for Guest {}
impl intents::Host for Guest {}

impl host::Host for Guest {
    fn log(&mut self, level: host::Level, message: String) -> wasmtime::Result<()> {
        self.host_call()?;
        self.log.push(log_level(level), &message).map_err(|fault| self.stop(fault))
    }

    fn config(&mut self) -> wasmtime::Result<String> {
        self.host_call()?;
        let config = self.config.get_or_insert_with(|| self.world.config.to_string());
        let bytes = config.len();
        self.make(bytes)?;
        Ok(self.config.clone().unwrap_or_default())
    }

    fn table(&mut self, name: String) -> wasmtime::Result<Option<types::Table>> {
        self.host_call()?;
        let schema = self.world.schema.clone();
        let Some(table) = Ident::parse(&name).ok().and_then(|name| schema.table(&name)) else {
            return Ok(None);
        };
        self.make(lower::bytes_of(table))?;
        Ok(Some(lower::table(table)))
    }

    fn entities(&mut self) -> wasmtime::Result<Vec<String>> {
        self.host_call()?;
        self.make(self.world.metadata.entities.len().saturating_mul(PART_BYTES))?;
        Ok(self.world.metadata.entities.keys().map(|name| name.as_str().to_owned()).collect())
    }
}

fn log_level(level: host::Level) -> LogLevel {
    match level {
        host::Level::Debug => LogLevel::Debug,
        host::Level::Info => LogLevel::Info,
        host::Level::Warn => LogLevel::Warn,
        host::Level::Error => LogLevel::Error,
    }
}
