//! Inputs and adapters that between them ask for every kind of strip.

use crate::{Algorithm, Error, Limits, Result};

/// A software adapter like lavapipe.
pub(crate) const SOFTWARE: Limits =
    Limits { software: true, max_uniform_buffers: 15, uniform_alignment: 32, ..Limits::webgpu() };

const ALGORITHMS: [Option<Algorithm>; 5] = [
    None,
    Some(Algorithm::Strip),
    Some(Algorithm::Windows),
    Some(Algorithm::Global),
    Some(Algorithm::Separable),
];

/// What plans pick or are pinned to, on a GPU and on a software adapter.
pub(crate) fn plans<T>(plan: impl Fn(Option<Algorithm>, &Limits) -> Result<T>) -> Result<Vec<T>> {
    let mut plans = Vec::new();
    for limits in [Limits::webgpu(), SOFTWARE] {
        for algorithm in ALGORITHMS {
            match plan(algorithm, &limits) {
                Err(Error::Unsupported { .. }) => {}
                plan => plans.push(plan?),
            }
        }
    }
    Ok(plans)
}

/// Input shapes: widths that vectors divide and do not, one output, small planes that share a
/// window, large ones that take several, many for the taller tiles of GPUs.
pub(crate) const INPUTS: [[usize; 4]; 7] = [
    [2, 3, 12, 16],
    [1, 2, 9, 7],
    [1, 5, 4, 3],
    [1, 40, 28, 30],
    [1, 2, 224, 226],
    [1, 1024, 7, 7],
    [2, 256, 60, 64],
];
