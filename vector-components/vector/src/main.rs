//! `footfall-vector`: Vector with Footfall's transforms, and its functions in `remap`.

use std::process::ExitCode;

use vector::{app::Application, extra_context::ExtraContext};

fn main() -> ExitCode {
    footfall_vector::register();
    let code = Application::run(ExtraContext::default()).code().unwrap_or(exitcode::UNAVAILABLE);
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
