//! The command `hookwright`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hookwright::cli::main()
}
