//! Conv2d with one input channel and one filter per group and a small kernel.

use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::conv2d::{depthwise_lanes, depthwise_rows};
use crate::cpu::kit::blocks::{Block, Scratch, Task};
use crate::cpu::kit::padded::PaddedPlane;
use crate::cpu::kit::transpose::LANES;
use crate::cpu::kit::{blocks, simd};
use crate::memory::NoMemory;

/// Widest output.
const MAX_WIDTH: usize = 4096;

type Compute = fn(&Convolution<'_>, &Way, Block<'_, f32>) -> Result<(), NoMemory>;

/// How blocks of outputs are computed.
#[derive(Debug)]
pub(crate) struct Depthwise {
    way: Way,
    compute: Compute,
}

#[derive(Debug)]
enum Way {
    /// Some rows of a plane at once.
    Rows(PaddedPlane),
    /// Some planes at once.
    Lanes(depthwise_lanes::Sources),
}

/// What computes a block of a convolution with one input channel and one filter per group and a small kernel.
fn compute_of(convolution: &Convolution<'_>) -> Option<Compute> {
    let axes = [&convolution.problem.vertical, &convolution.problem.horizontal];
    if convolution.channels != 1
        || convolution.filters != 1
        || axes.iter().any(|axis| axis.dilation != 1)
        || convolution.out_width() > MAX_WIDTH
    {
        return None;
    }
    match axes.map(|axis| (axis.kernel_size, axis.stride)) {
        [(3, 1), (3, 1)] => Some(compute::<3, 1>),
        [(3, 2), (3, 2)] => Some(compute::<3, 2>),
        [(5, 1), (5, 1)] => Some(compute::<5, 1>),
        [(5, 2), (5, 2)] => Some(compute::<5, 2>),
        _ => None,
    }
}

fn compute<const KERNEL: usize, const STRIDE: usize>(
    convolution: &Convolution<'_>,
    way: &Way,
    block: Block<'_, f32>,
) -> Result<(), NoMemory> {
    Scratch::with(|scratch| match way {
        Way::Rows(padded) => {
            let planes =
                depthwise_rows::Planes::<KERNEL, STRIDE> { convolution, padded, block, scratch };
            simd::dispatch(planes)
        }
        Way::Lanes(sources) => {
            let planes =
                depthwise_lanes::Planes::<KERNEL, STRIDE> { convolution, sources, block, scratch };
            simd::dispatch(planes)
        }
    })
}

impl Depthwise {
    /// For this convolution, if it is one of these.
    pub(crate) fn new(convolution: &Convolution<'_>) -> Result<Option<Self>, NoMemory> {
        let Some(compute) = compute_of(convolution) else { return Ok(None) };
        let problem = &convolution.problem;
        let way = if depthwise_lanes::supports(convolution) {
            Way::Lanes(depthwise_lanes::Sources::new(convolution)?)
        } else {
            let axes = [&problem.vertical, &problem.horizontal];
            Way::Rows(PaddedPlane::new(axes, problem.padding_mode)?)
        };
        Ok(Some(Self { way, compute }))
    }

    /// Every output.
    pub(crate) fn run(
        &self,
        convolution: &Convolution<'_>,
        output: &mut [f32],
    ) -> Result<(), NoMemory> {
        let work = convolution.work(output.len());
        blocks::for_each(self.split(convolution, output)?, work, |block| {
            self.compute(convolution, block)
        })
    }

    /// A block of outputs: whole planes or, of wide ones, some rows of them.
    pub(crate) fn compute(
        &self,
        convolution: &Convolution<'_>,
        block: Block<'_, f32>,
    ) -> Result<(), NoMemory> {
        (self.compute)(convolution, &self.way, block)
    }

    /// Planes that should be computed by one thread.
    pub(crate) fn unit(&self) -> usize {
        match &self.way {
            Way::Rows(_) => 1,
            Way::Lanes(_) => LANES,
        }
    }

    fn split<'a>(
        &self,
        convolution: &Convolution<'_>,
        output: &'a mut [f32],
    ) -> Result<Vec<Task<'a, f32>>, NoMemory> {
        let (out_len, in_len) = (convolution.out_plane_len(), convolution.in_plane_len());
        match &self.way {
            Way::Rows(padded) => {
                let axes = [&convolution.problem.vertical, &convolution.problem.horizontal];
                let copied = axes[0].stride * padded.row.len();
                blocks::split_copied(output, axes.map(|axis| axis.output_size), copied, in_len)
            }
            Way::Lanes(_) => {
                let planes = depthwise_lanes::planes(out_len + in_len);
                blocks::split(output, planes, [out_len; 3])
            }
        }
    }
}
