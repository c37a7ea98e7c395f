//! What the shaders for software adapters promise of their sums, without a GPU.

use super::{conv2d_texel, grad_weight_filters, grad_weight_texel};
use crate::gpu::conv2d::gradient_tests::{
    numbers_of_outputs, stated, sums_over_any_number_of_outputs,
};
use crate::gpu::conv2d::tests::check_tiles;
use crate::gpu::conv2d::variants::adapters;

#[test]
fn every_tile_keeps_the_bounds_of_iterations_and_of_roundings() {
    check_tiles(&conv2d_texel::TEXEL, |sizes, limits| conv2d_texel::tile(sizes, limits).ok());
}

#[test]
fn the_gradients_of_weights_keep_the_bound_of_roundings() {
    for outputs in numbers_of_outputs() {
        let most = usize::try_from(stated(outputs)).unwrap();
        assert!(grad_weight_filters::roundings(outputs) <= most, "filters: {outputs}");
        for lanes in [8, 16, 64] {
            let of_texel = grad_weight_texel::roundings(outputs, lanes);
            assert!(of_texel <= most, "texel: {outputs} {lanes}: {of_texel}");
        }
    }
}

#[test]
fn the_gradients_of_weights_over_any_number_of_outputs_are_planned() {
    let problems = sums_over_any_number_of_outputs();
    let mut served = 0;
    for limits in adapters() {
        for problem in &problems {
            let texel = grad_weight_texel::plan(problem, &limits).unwrap();
            let filters = grad_weight_filters::plan(problem, &limits).unwrap();
            served += usize::from(texel.is_some()) + usize::from(filters.is_some());
        }
    }
    assert!(served > 0);
}
