//! Conv2d of one output a plane whose filters are as large as the input, as a dense layer's are: every
//! output is the dot product of a filter and all inputs, and both lie in memory as they are multiplied.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::Block;
use crate::cpu::kit::rounding;
use crate::cpu::kit::rounding::{Products, Steps, Sums};
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::memory::NoMemory;

/// Filters that are multiplied together.
const ROWS: usize = 4;

pub(crate) fn supports(convolution: &Convolution<'_>) -> bool {
    let axes = [&convolution.problem.vertical, &convolution.problem.horizontal];
    let is_whole = axes.iter().all(|axis| {
        axis.output_size == 1
            && axis.kernel_size == axis.input_size
            && (axis.dilation == 1 || axis.kernel_size == 1)
            && axis.pad_begin == 0
            && axis.pad_end == 0
    });
    is_whole && convolution.filters >= ROWS
}

/// Every output.
pub(crate) fn run(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let problem = &convolution.problem;
    let work = convolution.work(output.len());
    let filters = problem.out_channels.div_ceil(threads::task_count(work)).next_multiple_of(ROWS);
    let lengths = [problem.out_channels, convolution.filters, filters];
    // A block is the same filters of all images.
    let blocks = blocks::split(output, problem.batch, lengths)?;
    blocks::for_each(blocks, work, |block| {
        simd::dispatch(DotBlock { convolution, block });
        Ok(())
    })
}

struct DotBlock<'a, 'b> {
    convolution: &'a Convolution<'a>,
    block: Block<'b, f32>,
}

impl WithSimd for DotBlock<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { convolution, block: Block { start, mut pieces, .. } } = self;
        let (len, out_channels) = (convolution.gemm_k(), convolution.problem.out_channels);
        let steps = Steps::new(len.div_ceil(S::F32_LANES));
        let filters = pieces.first().map_or(0, |piece| piece.len());
        let filter = |filter: usize| &convolution.weight[(start + filter) * len..][..len];
        let input = |image: usize| convolution.group_input(image * out_channels + start);
        for first in (0..filters).step_by(ROWS) {
            // What is beyond the last filter is computed again, and not written.
            let rows = [0, 1, 2, 3].map(|row| filter((first + row).min(filters - 1)));
            let mut image = 0;
            while image < pieces.len() {
                let outputs = &mut pieces[image..];
                let places = first..filters.min(first + ROWS);
                image += if outputs.len() >= 4 && S::REGISTER_COUNT >= 32 {
                    let inputs = [0, 1, 2, 3].map(|index| input(image + index));
                    multiply(simd, steps, &DotProducts { rows, inputs }, outputs, places)
                } else if outputs.len() >= 2 {
                    let inputs = [0, 1].map(|index| input(image + index));
                    multiply(simd, steps, &DotProducts { rows, inputs }, outputs, places)
                } else {
                    let inputs = [input(image)];
                    multiply(simd, steps, &DotProducts { rows, inputs }, outputs, places)
                };
            }
        }
        for (image, piece) in pieces.into_iter().enumerate() {
            for (index, output) in piece.chunks_exact_mut(1).enumerate() {
                convolution.finish(image * out_channels + start + index, 0, output);
            }
        }
    }
}

/// Filters and the inputs of images.
struct DotProducts<'a, const IMAGES: usize> {
    rows: [&'a [f32]; ROWS],
    inputs: [&'a [f32]; IMAGES],
}

impl<S: Simd, const IMAGES: usize> Products<S, ROWS, IMAGES> for DotProducts<'_, IMAGES> {
    #[inline(always)]
    fn add_to(
        &self,
        simd: S,
        mut sums: Sums<S, ROWS, IMAGES>,
        vectors: Range<usize>,
    ) -> Sums<S, ROWS, IMAGES> {
        for vector in vectors {
            let at = vector * S::F32_LANES;
            let mut inputs = [simd.splat_f32s(0.0); IMAGES];
            for (cells, input) in inputs.iter_mut().zip(&self.inputs) {
                *cells = load(simd, &input[at..]);
            }
            for (sums, row) in sums.iter_mut().zip(&self.rows) {
                let weight = load(simd, &row[at..]);
                for (sum, &input) in sums.iter_mut().zip(&inputs) {
                    *sum = simd.mul_add_e_f32s(weight, input, *sum);
                }
            }
        }
        sums
    }
}

/// The first vector, or all and zeros.
#[inline(always)]
fn load<S: Simd>(simd: S, cells: &[f32]) -> S::f32s {
    match S::as_simd_f32s(cells).0.first() {
        Some(&cells) => cells,
        None => simd.partial_load_f32s(cells),
    }
}

/// Writes the products of all filters and images, and tells how many images these are.
#[inline(always)]
fn multiply<S: Simd, const IMAGES: usize>(
    simd: S,
    steps: Steps,
    products: &DotProducts<'_, IMAGES>,
    outputs: &mut [&mut [f32]],
    places: Range<usize>,
) -> usize {
    let zero = [[simd.splat_f32s(0.0); IMAGES]; ROWS];
    let sums = rounding::sum(simd, products, zero, steps);
    for (image, output) in outputs.iter_mut().take(IMAGES).enumerate() {
        for (output, sums) in output[places.clone()].iter_mut().zip(&sums) {
            *output = simd.reduce_sum_f32s(sums[image]);
        }
    }
    IMAGES
}
