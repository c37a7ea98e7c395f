//! Every composed shader as a file.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder for the files
    #[arg(long, value_name = "DIR", default_value = "wgsl")]
    out: PathBuf,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    output::make_folder(&options.out)?;
    let variants = filtro::shaders::variants()?;
    for variant in &variants {
        let file = options.out.join(format!("{}.wgsl", variant.name));
        output::write(&file, variant.source.as_bytes())?;
    }
    writeln!(out, "Wrote {} shaders to {}", variants.len(), options.out.display())?;
    Ok(())
}
