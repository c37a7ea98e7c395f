//! The filters of a convolution, as its weight.

use filtro::Result;
use filtro::filters::{Filter, bank};
use ndarray::{Array2, Array3, Array4, ArrayViewMut3};
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng;
use serde::Deserialize;

use crate::layer::Convolution;

/// The filter of an output channel.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Kernel {
    /// Rows of one's own numbers.
    Own(Vec<Vec<f32>>),
    /// A classic filter; any other name, such as `random`, is random numbers.
    Named(String),
}

impl Kernel {
    /// Its numbers, in the middle of a kernel of this size; none if it is random.
    fn rows(&self, kernel_size: [usize; 2]) -> Option<Array2<f32>> {
        let kernel = match self {
            Self::Own(rows) => {
                let width = rows.iter().map(Vec::len).max().unwrap_or(0);
                Array2::from_shape_fn((rows.len(), width), |(y, x)| {
                    rows[y].get(x).copied().unwrap_or(0.0)
                })
            }
            Self::Named(name) => bank(&[Filter::named(name)?])
                .remove_axis(ndarray::Axis(0))
                .remove_axis(ndarray::Axis(0)),
        };
        // Of an odd rest the bottom and the right get the extra cell.
        let at = |axis: usize, index: usize| {
            let (size, has) = (kernel_size[axis], kernel.shape()[axis]);
            (index + has.saturating_sub(size) / 2).checked_sub(size.saturating_sub(has) / 2)
        };
        Some(Array2::from_shape_fn(kernel_size, |(y, x)| {
            let cell = at(0, y).zip(at(1, x)).and_then(|(y, x)| kernel.get([y, x]));
            cell.copied().unwrap_or(0.0)
        }))
    }
}

/// The weight of a convolution, `[out_channels, in_channels / groups, kernel_height, kernel_width]`.
///
/// A filter is on every input channel of its group, divided by their number, so that what comes out is what
/// it makes of their mean. Random numbers are uniform below `1 / sqrt(fan_in)`, as `torch.nn.Conv2d` begins,
/// and rounded to three digits, so that they can be written down.
///
/// # Errors
///
/// Those of [`filtro::Conv2d::weight_shape`].
pub fn weight(layer: &Convolution, in_channels: usize) -> Result<Array4<f32>> {
    let shape = layer.options(in_channels).weight_shape()?;
    let mut weight = Array4::zeros(shape.dims());
    for (out_channel, filter) in weight.outer_iter_mut().enumerate() {
        fill(layer, out_channel, filter);
    }
    Ok(weight)
}

/// The filter of one output channel, as it stands in the [`weight`].
///
/// # Errors
///
/// As [`weight`].
pub fn filter(layer: &Convolution, in_channels: usize, out_channel: usize) -> Result<Array3<f32>> {
    let [_, channels, height, width] = layer.options(in_channels).weight_shape()?.dims();
    let mut filter = Array3::zeros((channels, height, width));
    fill(layer, out_channel, filter.view_mut());
    Ok(filter)
}

fn fill(layer: &Convolution, out_channel: usize, mut filter: ArrayViewMut3<'_, f32>) {
    let kernel = layer.kernels.get(out_channel % layer.kernels.len().max(1));
    match kernel.and_then(|kernel| kernel.rows(layer.kernel_size)) {
        Some(rows) => {
            filter.outer_iter_mut().for_each(|mut channel| channel.assign(&rows));
            filter /= filter.dim().0 as f32;
        }
        None => {
            let bound = (filter.len() as f32).sqrt();
            let mut random = Pcg32::new(layer.seed.into(), out_channel as u64);
            filter.mapv_inplace(|_| {
                let uniform = (random.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0;
                (uniform / bound * 1000.0).round() / 1000.0
            });
        }
    }
}
