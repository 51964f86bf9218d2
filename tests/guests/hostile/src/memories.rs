//! Components with further memories, which nothing uses.

use hookwright_build::manifest;
use wasm_encoder::{
    ComponentSection, InstanceSection, MemorySection, MemoryType, Module, ModuleArg, ModuleSection,
};
use wasmparser::{Parser, Payload};

use crate::guest::{Guest, plain_manifest};

/// A guest that begins with this many memories besides its own.
pub(crate) fn component(memories: u32, pages: u64) -> Vec<u8> {
    let mut bytes = Guest::default().bare();
    let module = count_modules(&bytes);
    let mut memory = MemorySection::new();
    memory.memory(MemoryType {
        minimum: pages,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut with_memory = Module::new();
    with_memory.section(&memory);
    let mut instances = InstanceSection::new();
    for _ in 0..memories {
        instances.instantiate(module, std::iter::empty::<(&str, ModuleArg)>());
    }
    ModuleSection(&with_memory).append_to_component(&mut bytes);
    instances.append_to_component(&mut bytes);
    manifest::embed(&bytes, &plain_manifest("guest")).unwrap()
}

/// The modules of a component itself, which further ones are numbered after.
fn count_modules(component: &[u8]) -> u32 {
    let mut depth = 0;
    let mut count = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } => {
                count += u32::from(depth == 0);
                depth += 1;
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= i32::from(depth > 0),
            _ => {}
        }
    }
    count
}
