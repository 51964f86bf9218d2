//! Guests written by hand: a core module in text, made a component of the contract, with a manifest.

use hookwright_build::manifest::{self, Hook, Manifest};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SizeAlign, Type};

/// The directory of the contract.
const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../wit");

/// Where a guest of this file keeps its reply; all zero, it means "nothing to say".
pub const REPLY: &str = "(i32.const 1024)";

/// A guest by the parts in which it differs from one that does nothing.
#[derive(Debug)]
pub struct Guest<'a> {
    /// Imports of its module.
    pub imports: &'a str,
    /// Whatever else is in it.
    pub items: &'a str,
    /// Pages of its memory.
    pub pages: u32,
    /// What it does before it gives memory.
    pub realloc: &'a str,
    /// What each hook does.
    pub hook: &'a str,
    /// What it does after each hook.
    pub post: &'a str,
}

impl Default for Guest<'_> {
    fn default() -> Self {
        Self { imports: "", items: "", pages: 2, realloc: "", hook: REPLY, post: "" }
    }
}

/// A guest whose hooks all have this body.
pub fn hook(body: &str) -> Vec<u8> {
    Guest { hook: body, ..Guest::default() }.component()
}

impl Guest<'_> {
    /// The component, with a manifest.
    ///
    /// # Panics
    /// If a part is no WebAssembly text.
    pub fn component(&self) -> Vec<u8> {
        with_manifest(&self.bare(), "guest")
    }

    /// Without a manifest.
    ///
    /// # Panics
    /// If a part is no WebAssembly text.
    pub fn bare(&self) -> Vec<u8> {
        self.encode(&[], "hookwright:hooks/plugin@1.0.0")
    }

    /// For a world of further packages, which includes the contract's.
    ///
    /// # Panics
    /// If a part is no WebAssembly text, or a package no WIT.
    pub fn encode(&self, packages: &[&str], world: &str) -> Vec<u8> {
        let mut module = wat::parse_str(self.text()).unwrap();
        let mut resolve = Resolve::default();
        let (contract, _) = resolve.push_dir(CONTRACT).unwrap();
        for (number, package) in packages.iter().enumerate() {
            resolve.push_str(format!("{number}.wit"), package).unwrap();
        }
        let world = resolve.select_world(&[contract], Some(world)).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let mut encoder = ComponentEncoder::default().module(&module).unwrap().validate(true);
        encoder.encode().unwrap()
    }

    fn text(&self) -> String {
        let Self { imports, items, pages, realloc, hook, post } = self;
        format!(
            r#"(module {imports}
            (memory (export "memory") {pages})
            (global $heap (mut i32) (i32.const 32768))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
                {realloc}
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (global.set $heap (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func $hook (param i32) (result i32) {hook})
            (func $post (param i32) {post})
            {items} {})"#,
            exports()
        )
    }
}

fn exports() -> String {
    let export = |interface: &str, hook: &str| {
        let name = format!("hookwright:hooks/{interface}@1.0.0#{hook}");
        format!("(export \"{name}\" (func $hook)) (export \"cabi_post_{name}\" (func $post))")
    };
    ["entity-hooks", "field-hooks"].map(|i| export(i, "before") + &export(i, "after")).concat()
}

/// What values of the contract take in a memory.
pub(crate) struct Sizes {
    /// Bytes of an intent.
    pub intent: usize,
}

impl Sizes {
    pub fn of_contract() -> Self {
        let mut resolve = Resolve::default();
        resolve.push_dir(CONTRACT).unwrap();
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        let intent = resolve.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("intent")).unwrap().0;
        Self { intent: sizes.size(&Type::Id(intent)).size_wasm32() }
    }
}

/// The component with a manifest under this name.
///
/// # Panics
/// If it is no component.
pub fn with_manifest(component: &[u8], name: &str) -> Vec<u8> {
    manifest::embed(component, &plain_manifest(name)).unwrap()
}

/// A version of the plugin whose hooks all have this body.
///
/// # Panics
/// If the body is no WebAssembly text.
pub fn of_version(body: &str, version: &str) -> Vec<u8> {
    let manifest = Manifest { version: version.to_owned(), ..plain_manifest("guest") };
    manifest::embed(&Guest { hook: body, ..Guest::default() }.bare(), &manifest).unwrap()
}

/// A manifest of a plugin that is called after entities and may ask for nothing.
pub fn plain_manifest(name: &str) -> Manifest {
    Manifest {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        description: None,
        contract: manifest::CONTRACT.to_owned(),
        hooks: vec![Hook::EntityAfter],
        entities: vec!["*".to_owned()],
        grants: vec![],
        priority: 500,
        config_schema: None,
    }
}
