//! Makes a component of a core module: nothing but code, and no import that the hook contract does not offer.
//!
//! Only `lib.rs` calls it. Pure.
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::BuildError;
use crate::sections::{self, HEADER_BYTES};

const OFFERED: &str = "hookwright:hooks/";
const EXPORTS: [&str; 2] = ["hookwright:hooks/entity-hooks@1.0.0", "hookwright:hooks/field-hooks@1.0.0"];
/// Custom sections that say which world the module is for.
const WORLD_PREFIX: &str = "component-type";

pub(crate) fn componentize(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let module = strip(module)?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| BuildError::Component(format!("{error:#}")))?;
    check(&component)?;
    Ok(component)
}

/// Removes names, debug information and tool versions.
fn strip(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut kept = module.get(..HEADER_BYTES).unwrap_or_default().to_vec();
    for section in sections::walk(module) {
        let section = section.map_err(broken)?;
        match section.custom().map_err(broken)? {
            Some((name, _)) if !name.starts_with(WORLD_PREFIX) => {}
            _ => kept.extend_from_slice(section.raw),
        }
    }
    Ok(kept)
}

fn check(component: &[u8]) -> Result<(), BuildError> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(broken)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(reader) if depth == 0 => {
                for import in reader {
                    imports.push(import.map_err(broken)?.name.name);
                }
            }
            Payload::ComponentExportSection(reader) if depth == 0 => {
                for export in reader {
                    exports.push(export.map_err(broken)?.name.name);
                }
            }
            _ => {}
        }
    }
    if let Some(foreign) = imports.iter().find(|name| !name.starts_with(OFFERED)) {
        return Err(BuildError::ForeignImport((*foreign).to_owned()));
    }
    match EXPORTS.iter().find(|name| !exports.contains(name)) {
        Some(missing) => Err(BuildError::MissingExport(missing)),
        None => Ok(()),
    }
}

fn broken(error: wasmparser::BinaryReaderError) -> BuildError {
    BuildError::Component(error.to_string())
}
