//! Vectors of any width give the results that the machine's own give.

use super::{Random, activation, conv2d, pair, pool, products};
use crate::cpu::kit::simd::lanes;
use crate::cpu::kit::simd::lanes::Lanes;
use crate::cpu::{conv2d_grad_input, conv2d_grad_weight};
use crate::{Conv2d, PaddingMode, Shape};

fn all_loops() {
    activation::activations_are_within_four_ulp();
    conv2d::convolutions_with_each_option_agree_with_the_loops();
    conv2d::random_convolutions_agree_with_the_loops();
    conv2d::depthwise_convolutions_agree_with_the_loops();
    conv2d::long_sums_of_one_sign_stay_within_the_bound();
    conv2d::infinite_weights_over_zero_padding_give_no_nan();
    conv2d::the_activation_of_a_convolution_is_the_one_applied_afterwards();
    products::pointwise_convolutions_of_any_size_agree_with_the_loops();
    products::dense_layers_agree_with_the_loops();
    products::long_products_of_one_sign_stay_within_the_bound();
    products::limits_keep_what_is_no_number();
    pair::pairs_give_what_two_convolutions_give();
    pair::pairs_of_large_planes_give_what_two_convolutions_give();
    pool::maxima_and_their_indices_are_exact();
    pool::pooling_windows_of_any_size_are_clipped_to_the_input();
    pool::means_are_within_an_ulp_for_every_divisor();
    pool::small_windows_are_right_for_every_width();
    pool::adaptive_pooling_agrees_with_the_loops();
}

#[test]
fn the_loops_are_right_one_lane_wide() {
    lanes::with(Lanes::One, all_loops);
}

#[test]
fn the_loops_are_right_sixteen_lanes_wide() {
    lanes::with(Lanes::Sixteen, all_loops);
}

#[test]
fn gradients_are_the_same_for_every_width() {
    let cases = [
        (Conv2d::new(5, 9, [3, 2]).padding([1, 1]), 3, [13, 17]),
        (Conv2d::new(20, 40, [3, 3]).stride([2, 1]).padding([2, 1]), 2, [9, 40]),
        (Conv2d::new(6, 18, [3, 5]).groups(6).padding([1, 2]).dilation([2, 1]), 2, [9, 21]),
        (Conv2d::new(64, 8, [1, 1]), 1, [7, 5]),
        (Conv2d::new(4, 8, [3, 3]).padding([1, 1]).padding_mode(PaddingMode::Reflect), 2, [6, 35]),
    ];
    let mut random = Random(3);
    for (conv, batch, [height, width]) in cases {
        let shape = Shape::new(batch, conv.in_channels, height, width);
        let problem = conv.problem(shape).unwrap();
        let input = random.values(shape.len());
        let weight = random.values(problem.weight_shape().len());
        let grad_output = random.values(problem.output_shape().len());
        let gradients = || {
            let mut gradients = [vec![f32::NAN; input.len()], vec![f32::NAN; weight.len()]];
            conv2d_grad_input(&problem, &weight, None, &grad_output, &mut gradients[0]).unwrap();
            conv2d_grad_weight(&problem, &input, &grad_output, &mut gradients[1]).unwrap();
            gradients.concat()
        };
        let expected = gradients();
        for lanes in [Lanes::One, Lanes::Sixteen] {
            for (gradient, expected) in lanes::with(lanes, gradients).into_iter().zip(&expected) {
                let error = (gradient - expected).abs();
                assert!(error <= 1e-4 * expected.abs().max(1.0), "{conv:?}, {lanes:?}: {error}");
            }
        }
    }
}
