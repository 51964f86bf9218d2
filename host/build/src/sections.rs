//! Walks the top-level sections of a module or component, and nothing below.
//!
//! Only this crate calls it. Pure; survives any bytes.
use wasmparser::{BinaryReader, BinaryReaderError};

/// A top-level section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section<'a> {
    pub id: u8,
    /// The section with its id and length.
    pub raw: &'a [u8],
    pub content: &'a [u8],
}

impl<'a> Section<'a> {
    /// Name and data, if it is a custom section.
    pub fn custom(&self) -> Result<Option<(&'a str, &'a [u8])>, BinaryReaderError> {
        if self.id != 0 {
            return Ok(None);
        }
        let mut reader = BinaryReader::new(self.content, 0);
        let name = reader.read_string()?;
        let size = reader.bytes_remaining();
        Ok(Some((name, reader.read_bytes(size)?)))
    }
}

pub(crate) const HEADER_BYTES: usize = 8;
const MAGIC: &[u8] = b"\0asm";
const COMPONENT_LAYER: [u8; 2] = [1, 0];

/// Whether the header is a component's.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_BYTES && bytes.starts_with(MAGIC) && bytes[6..8] == COMPONENT_LAYER
}

/// The sections after the header.
pub(crate) fn walk(bytes: &[u8]) -> impl Iterator<Item = Result<Section<'_>, BinaryReaderError>> {
    let mut rest = bytes.get(HEADER_BYTES..).unwrap_or_default();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let section = first(rest);
        rest = match &section {
            Ok(section) => &rest[section.raw.len()..],
            Err(_) => &[],
        };
        Some(section)
    })
}

fn first(rest: &[u8]) -> Result<Section<'_>, BinaryReaderError> {
    let mut reader = BinaryReader::new(rest, 0);
    let id = reader.read_u8()?;
    let size = reader.read_var_u32()?;
    let content = reader.read_bytes(size as usize)?;
    let raw = &rest[..reader.original_position()];
    Ok(Section { id, raw, content })
}
