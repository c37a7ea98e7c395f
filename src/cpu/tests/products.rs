//! Convolutions that are products of the weight with the input where it lies, and weights that are kept
//! packed.

use super::Random;
use super::conv2d::{check_conv2d, check_conv2d_on};
use crate::cpu::{KeptWeight, conv2d, conv2d_with_kept};
use crate::{Activation, Conv2d, Shape};

#[test]
pub(crate) fn pointwise_convolutions_of_any_size_agree_with_the_loops() {
    let mut random = Random(20);
    // Planes of whole vectors and such as end within one, of one block and of several.
    for size in [[4, 4], [1, 17], [7, 7], [5, 9], [1, 47], [14, 14], [3, 100], [61, 67]] {
        for (in_channels, out_channels, groups) in
            [(1, 5, 1), (24, 9, 1), (70, 31, 1), (130, 100, 1), (20, 90, 2), (9, 15, 3)]
        {
            let conv = Conv2d::new(in_channels, out_channels, [1, 1]).groups(groups);
            let batch = random.range(1, 3);
            check_conv2d(&conv, batch, size, random.below(2) == 0, &mut random);
        }
    }
    // Blocks that end within a vector of another, and inputs of several blocks.
    for (in_channels, out_channels, size) in
        [(600, 10, [14, 14]), (64, 12, [1, 5003]), (20, 24, [116, 115]), (48, 10, [75, 75])]
    {
        let conv = Conv2d::new(in_channels, out_channels, [1, 1]);
        check_conv2d(&conv, 1, size, true, &mut random);
    }
    // Groups whose filters are split into blocks that are not equal.
    check_conv2d(&Conv2d::new(40, 180, [1, 1]).groups(2), 1, [60, 60], true, &mut random);
}

#[test]
pub(crate) fn dense_layers_agree_with_the_loops() {
    let mut random = Random(21);
    for size in [[1, 1], [1, 3], [3, 5], [7, 7]] {
        for (in_channels, out_channels, groups) in
            [(1, 4, 1), (5, 13, 1), (33, 7, 1), (300, 90, 1), (40, 36, 4), (6, 6, 2)]
        {
            let conv = Conv2d::new(in_channels, out_channels, size).groups(groups);
            for batch in [1, 2, 3, 4, 7] {
                check_conv2d(&conv, batch, size, random.below(2) == 0, &mut random);
            }
        }
    }
    // An axis of one output may have any stride, and one of one tap any dilation.
    let conv = Conv2d::new(3, 8, [1, 4]).stride([3, 5]).dilation([7, 1]);
    check_conv2d(&conv, 2, [1, 4], true, &mut random);
}

#[test]
pub(crate) fn long_products_of_one_sign_stay_within_the_bound() {
    let mut random = Random(22);
    for (in_channels, out_channels, size) in [(4097, 5, [4, 5]), (60_001, 6, [1, 1])] {
        let shape = Shape::new(1, in_channels, size[0], size[1]);
        let problem = Conv2d::new(in_channels, out_channels, [1, 1]).problem(shape).unwrap();
        let squares = |values: Vec<f32>| values.into_iter().map(|x| x * x).collect::<Vec<_>>();
        let input = squares(random.values(shape.len()));
        let weight = squares(random.values(problem.weight_shape().len()));
        check_conv2d_on(&problem, &input, &weight, None);
    }
}

#[test]
pub(crate) fn limits_keep_what_is_no_number() {
    for (activation, infinity) in [(Activation::Relu, f32::INFINITY), (Activation::Relu6, 6.0)] {
        for size in [[4, 5], [1, 1]] {
            let conv = Conv2d::new(1, 5, [1, 1]).activation(activation);
            let problem = conv.problem(Shape::new(1, 1, size[0], size[1])).unwrap();
            let weight = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 1.0];
            let cells = size[0] * size[1];
            let mut output = vec![-1.0; 5 * cells];
            conv2d(&problem, &vec![1.0; cells], &weight, None, &mut output).unwrap();
            let mut planes = output.chunks_exact(cells);
            assert!(planes.next().unwrap().iter().all(|y| y.is_nan()));
            for expected in [infinity, 0.0, 0.0, 1.0] {
                assert!(planes.next().unwrap().iter().all(|&y| y == expected), "{activation:?}");
            }
        }
    }
}

#[test]
fn a_weight_that_is_kept_packed_gives_the_same_in_every_use() {
    let mut random = Random(8);
    for (out_channels, kernel_size) in [(40, 3), (90, 1)] {
        let conv =
            Conv2d::new(12, out_channels, [kernel_size; 2]).padding([kernel_size / 2; 2]).groups(2);
        let kept = KeptWeight::default();
        let weight = random.values(out_channels * 6 * kernel_size * kernel_size);
        // The blocks of small and large inputs differ, and so may the order of the packed weight.
        for size in [5, 5, 5, 90, 90, 90, 5, 90] {
            let problem = conv.problem(Shape::new(1, 12, size, size)).unwrap();
            let input = random.values(12 * size * size);
            let mut outputs = [(); 2].map(|()| vec![f32::NAN; problem.output_shape().len()]);
            conv2d(&problem, &input, &weight, None, &mut outputs[0]).unwrap();
            conv2d_with_kept(&problem, &input, (&weight, &kept), None, &mut outputs[1]).unwrap();
            assert_eq!(outputs[0], outputs[1], "{size}");
        }
    }
}
