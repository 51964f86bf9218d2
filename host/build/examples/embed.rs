//! Gives a component of the tests its manifest, as `hookwright plugin embed` does where the host is not built yet.
//!
//! Run by the builds of the guests in other languages: `cargo run -p hookwright-build --example embed -- COMPONENT MANIFEST`.
//! Writes the component.
use std::error::Error;

use hookwright_build::manifest;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [component, told] = &arguments[..] else { return Err("usage: embed COMPONENT MANIFEST".into()) };
    let told = serde_json::from_slice(&std::fs::read(told)?)?;
    let bytes = manifest::embed(&std::fs::read(component)?, &told)?;
    Ok(std::fs::write(component, bytes)?)
}
