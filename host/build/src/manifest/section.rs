//! The custom section that carries a manifest: written at the end of a component, read without running anything.
//!
//! The build and the host's registry call it. Pure; survives any bytes.
use std::borrow::Cow;

use wasm_encoder::{ComponentSection, CustomSection};

use super::{Manifest, ManifestError};
use crate::sections;

/// The section's name.
pub const SECTION: &str = "hookwright:manifest";
/// The longest manifest: some hundred grants and a generous config schema fit.
pub const MAX_BYTES: usize = 64 * 1024;

/// Adds the manifest, which must be valid, to a component that has none.
pub fn embed(component: &[u8], manifest: &Manifest) -> Result<Vec<u8>, ManifestError> {
    manifest.validate()?;
    if find(component)?.is_some() {
        return Err(ManifestError::Duplicate);
    }
    let json = serde_json::to_vec(manifest)?;
    let section = CustomSection { name: SECTION.into(), data: Cow::Borrowed(limited(&json)?) };
    let mut bytes = component.to_vec();
    section.append_to_component(&mut bytes);
    Ok(bytes)
}

/// Reads and validates a component's manifest. Runs nothing, and looks at nothing below the top level.
pub fn read(component: &[u8]) -> Result<Manifest, ManifestError> {
    let data = find(component)?.ok_or(ManifestError::Missing)?;
    let text = std::str::from_utf8(limited(data)?)?;
    let manifest: Manifest = serde_json::from_str(text)?;
    manifest.validate()?;
    Ok(manifest)
}

fn find(component: &[u8]) -> Result<Option<&[u8]>, ManifestError> {
    if !sections::is_component(component) {
        return Err(ManifestError::NotComponent);
    }
    let malformed =
        |error: wasmparser::BinaryReaderError| ManifestError::Malformed(error.message().to_owned());
    let mut found = None;
    for section in sections::walk(component) {
        let custom = section.and_then(|section| section.custom());
        match custom.map_err(malformed)? {
            Some((SECTION, _)) if found.is_some() => return Err(ManifestError::Duplicate),
            Some((SECTION, data)) => found = Some(data),
            _ => {}
        }
    }
    Ok(found)
}

fn limited(data: &[u8]) -> Result<&[u8], ManifestError> {
    if data.len() <= MAX_BYTES {
        return Ok(data);
    }
    Err(ManifestError::TooLarge { bytes: data.len(), max: MAX_BYTES })
}
