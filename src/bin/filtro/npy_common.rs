//! What every operation on arrays in NumPy's files does beside its arithmetic.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use filtro::{Device, Indices, Tensor};
use ndarray::{Array4, ArrayD, Axis};

use crate::arrays::{is_std, read, write};
use crate::chosen::DeviceFlag;
use crate::failure::Failure;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Where an operation reads, writes and runs.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The input: a .npy file, [batch, channels, height, width] or one without a batch; `-` is stdin
    input: PathBuf,
    /// The output: a .npy file; `-` is stdout
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceFlag,
}

impl Common {
    /// Reads the input to the device, runs an operation, and writes its output.
    pub(crate) fn run(
        &self,
        out: &mut dyn Write,
        operation: impl FnOnce(&Tensor) -> filtro::Result<Tensor>,
    ) -> Result<()> {
        self.run_all(out, &[], |inputs| operation(&inputs[0]))
    }

    /// The same with more inputs behind the first. The output has a batch if one of them has.
    pub(crate) fn run_all(
        &self,
        out: &mut dyn Write,
        others: &[PathBuf],
        operation: impl FnOnce(&[Tensor]) -> filtro::Result<Tensor>,
    ) -> Result<()> {
        let paths = std::iter::once(&self.input).chain(others);
        let inputs = paths.map(|path| read_input(path)).collect::<Result<Vec<_>>>()?;
        let device = self.device.open()?;
        let timed = device.time(|| {
            let inputs = inputs.iter().map(|input| device.upload(input));
            operation(&inputs.collect::<filtro::Result<Vec<_>>>()?)?.download()
        })?;
        write(out, &self.out, with_rank(timed.value, inputs.iter().any(has_batch)))?;
        self.report(out, &device, timed.wall, &[&self.out])
    }

    /// The same with one input and the indices of maxima.
    pub(crate) fn run_max(
        &self,
        out: &mut dyn Write,
        indices_path: &Path,
        operation: impl FnOnce(&Tensor) -> filtro::Result<(Tensor, Indices)>,
    ) -> Result<()> {
        let input = read_input(&self.input)?;
        let device = self.device.open()?;
        let timed = device.time(|| {
            let (output, indices) = operation(&device.upload(&input)?)?;
            Ok((output.download()?, indices.download()?))
        })?;
        let (output, indices) = timed.value;
        let indices = indices.mapv(|index| if index == u32::MAX { -1 } else { i64::from(index) });
        write(out, &self.out, with_rank(output, has_batch(&input)))?;
        write(out, indices_path, with_rank(indices, has_batch(&input)))?;
        self.report(out, &device, timed.wall, &[&self.out, indices_path])
    }

    fn report(
        &self,
        out: &mut dyn Write,
        device: &Device,
        wall: std::time::Duration,
        paths: &[&Path],
    ) -> Result<()> {
        if paths.iter().any(|path| is_std(path)) {
            return Ok(());
        }
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        let time = crate::table::milliseconds(wall);
        writeln!(out, "{} in {time} ms on {device}", names.join(" and "))?;
        Ok(())
    }
}

fn read_input(path: &Path) -> Result<ArrayD<f32>> {
    read(path, "an input has", &[4, 3])
}

fn has_batch(input: &ArrayD<f32>) -> bool {
    input.ndim() == 4
}

/// Takes the batch away that an input without one was given.
fn with_rank<T>(array: Array4<T>, has_batch: bool) -> ArrayD<T> {
    if has_batch { array.into_dyn() } else { array.index_axis_move(Axis(0), 0).into_dyn() }
}
