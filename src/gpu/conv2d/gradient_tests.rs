//! What every gradient promises of its sums, without a GPU.

use crate::gpu::conv2d::variants::adapters;
use crate::gpu::conv2d::{
    grad_input, grad_input_phases, grad_input_sums, grad_weight, grad_weight_gemm,
    grad_weight_tiled,
};
use crate::gpu::runtime::grid::MOST_ITERATIONS;
use crate::ops::Conv2dProblem;
use crate::{Conv2d, Limits, PaddingMode};

/// What is documented: 64 and twice the root.
pub(crate) fn stated(products: usize) -> u64 {
    64 + (4 * products as u64).isqrt()
}

#[test]
fn the_gradient_of_an_input_keeps_the_bounds_of_iterations_and_of_roundings() {
    let mut shared = 0;
    for channels in [1, 2, 33, 500, 5_000, 70_001] {
        for kernel_size in [[1, 1], [3, 3], [11, 11], [1, 300], [300, 1], [40, 50]] {
            for mode in PaddingMode::ALL {
                for padding in [[0, 0], [2, 3], [39, 40]] {
                    for stride in [[1, 1], [2, 5]] {
                        let conv = Conv2d::new(1, channels, kernel_size).padding_mode(mode);
                        let conv = conv.padding(padding).stride(stride);
                        let problem = conv.problem([1, 1, 310, 311].into()).unwrap();
                        let sums = grad_input_sums::Sums::new(&problem);
                        assert!(sums.iterations <= MOST_ITERATIONS, "{conv:?}");
                        assert!(sums.roundings <= stated(sums.products), "{conv:?} {sums:?}");
                        shared += usize::from(sums.shared);
                        for limits in adapters() {
                            grad_input::plan(&problem, true, &limits).unwrap();
                            grad_input_phases::plan(&problem, true, &limits).unwrap();
                        }
                    }
                }
            }
        }
    }
    assert!(shared > 100, "{shared}");
    let conv = Conv2d::new(1, 1, [3, 1]).padding([100_000, 0]);
    let conv = conv.padding_mode(PaddingMode::Replicate);
    let problem = conv.problem([1, 1, 3, 2].into()).unwrap();
    assert!(grad_input_sums::Sums::new(&problem).shared);
    assert_eq!(grad_input_phases::plan(&problem, false, &Limits::webgpu()).unwrap(), None);
}

/// From one to beyond what any device holds.
pub(crate) fn numbers_of_outputs() -> impl Iterator<Item = usize> {
    let sizes = (0..40).map(|power| 1_usize << power);
    sizes.flat_map(|size| [size, size + size / 3, size + size / 2])
}

#[test]
fn the_gradients_of_weights_keep_the_bound_of_roundings() {
    for outputs in numbers_of_outputs() {
        let most = usize::try_from(stated(outputs)).unwrap();
        assert!(grad_weight::roundings(outputs) <= most, "general: {outputs}");
        assert!(grad_weight_tiled::roundings(outputs) <= most, "tiled: {outputs}");
        for invocations in [64, 192, 4_608, 50_000, 1 << 20] {
            for most_parts in [0, 1, 2, 9, 1_000, usize::MAX] {
                let sums = grad_weight_gemm::Sums::new(outputs, invocations, most_parts);
                let is_within = sums.is_some_and(|sums| sums.roundings() <= most);
                // Beyond what a shader can count it need not serve.
                assert!(
                    is_within || outputs > 1 << 29,
                    "gemm: {outputs} {invocations} {most_parts}"
                );
            }
        }
    }
}

#[test]
fn the_gradients_of_weights_over_any_number_of_outputs_are_planned() {
    for limits in adapters() {
        for problem in sums_over_any_number_of_outputs() {
            grad_weight::plan(&problem, &limits).unwrap();
            grad_weight::repair(&problem, &limits).unwrap();
            grad_weight_gemm::plan(&problem, &limits).unwrap();
            grad_weight_tiled::plan(&problem, &limits).unwrap();
        }
    }
}

/// Convolutions whose weights' gradients are sums over few and very many outputs.
pub(crate) fn sums_over_any_number_of_outputs() -> Vec<Conv2dProblem> {
    let mut problems = Vec::new();
    for input in [
        [1, 1, 1, 1],
        [80_000, 1, 1, 1],
        [3, 1, 301, 1_000],
        [1, 1, 1, 30_000_001],
        [1, 1, 30_000_001, 1],
    ] {
        for out_channels in [1, 64] {
            let conv = Conv2d::new(1, out_channels, [1, 1]);
            problems.push(conv.problem(input.into()).unwrap());
        }
    }
    problems
}
