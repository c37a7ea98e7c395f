//! Builds a package of this workspace for the browser: `web-pack PACKAGE OUT`.
//!
//! `OUT` gets `PACKAGE_bg.wasm` and the JavaScript module `PACKAGE.js` that loads it.
//! `FILTRO_WASM_CARGO` is called in place of `cargo` and adds the target by itself.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [package, out] = arguments.as_slice() else {
        eprintln!("usage: web-pack PACKAGE OUT");
        return ExitCode::from(2);
    };
    match pack(package, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("web-pack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pack(package: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let mut build = match env::var_os("FILTRO_WASM_CARGO") {
        Some(cargo) => {
            let mut build = Command::new(cargo);
            build.arg("build");
            build
        }
        None => {
            let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            build.args(["build", "--target", TARGET]);
            build
        }
    };
    // By the workspace's resolver the default features would be those of the package that cargo is
    // called in.
    let options = ["--profile", "web", "--lib", "--no-default-features", "--package", package];
    let status = build.args(options).status()?;
    if !status.success() {
        return Err(format!(
            "the build failed; where the target is missing, `rustup target add {TARGET}` brings it"
        )
        .into());
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let name = package.replace('-', "_");
    Bindgen::new()
        .input_path(target.join(TARGET).join("web").join(format!("{name}.wasm")))
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .remove_producers_section(true)
        .generate(out)?;
    println!("{out}/{name}.js");
    Ok(())
}
