//! Builds a package of this workspace for the browser: `web-pack PACKAGE_FOLDER OUT`.
//!
//! `OUT` gets the module `NAME_bg.wasm` and the JavaScript around it, `NAME.js`. `FILTRO_WASM_CARGO` is called
//! in place of `cargo`, and adds the target by itself.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, out] = arguments.as_slice() else {
        eprintln!("usage: web-pack PACKAGE_FOLDER OUT");
        return ExitCode::from(2);
    };
    match build(folder).and_then(|module| pack(&module, out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("web-pack: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Builds the package in a folder and gives the module's path.
fn build(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut cargo = match env::var_os("FILTRO_WASM_CARGO") {
        Some(cargo) => {
            let mut cargo = Command::new(cargo);
            cargo.arg("build");
            cargo
        }
        None => {
            let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["build", "--target", TARGET]);
            cargo
        }
    };
    // By the manifest and not by a name, which would take the features of the workspace's root along.
    let output = cargo
        .args(["--profile", "web", "--lib", "--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        let rule = format!("`rustup target add {TARGET}` brings the target where it is missing");
        return Err(format!("{} was not built; {rule}", folder.display()).into());
    }
    // The package itself comes last.
    let messages = String::from_utf8(output.stdout)?;
    let files = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut modules = files.filter_map(|message| {
        let files = message["filenames"].as_array()?;
        files
            .iter()
            .filter_map(Value::as_str)
            .find(|file| file.ends_with(".wasm"))
            .map(PathBuf::from)
    });
    modules.next_back().ok_or_else(|| format!("{} is no cdylib", folder.display()).into())
}

/// Writes the module and the JavaScript around it.
fn pack(module: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out)?;
    println!("{}", out.display());
    Ok(())
}
