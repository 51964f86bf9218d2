//! The command `hookwright`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Faster than the system's where strings come and go with each hook, and it gives memory back that a large reply took.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    hookwright::cli::main()
}
