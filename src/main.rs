//! The command `stepwell`. All it does is in the library; only this file exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    stepwell::run(std::env::args_os()).leave()
}
