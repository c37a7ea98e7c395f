//! Two convolutions at once give what they give one after the other.

use super::Random;
use crate::cpu::conv2d::pair::LEAST_CHANNELS;
use crate::cpu::kit::threads;
use crate::cpu::{Convolution, KeptWeight, Pair, conv2d};
use crate::{Activation, Conv2d, Padding, PaddingMode, Shape};

/// Whole numbers, of which every sum is exact.
fn integers(len: usize, random: &mut Random) -> Vec<f32> {
    (0..len).map(|_| random.below(9) as f32 - 4.0).collect()
}

/// Checks a pair several times, so that the packed weight is used again; what is `special` stands in each
/// weight once.
fn check(convs: [&Conv2d; 2], shape: Shape, special: [Option<f32>; 2], random: &mut Random) {
    let before = convs[0].problem(shape).unwrap();
    let behind = convs[1].problem(before.output_shape()).unwrap();
    let problems = [&before, &behind];
    let mut weights = problems.map(|problem| integers(problem.weight_shape().len(), random));
    let biases = problems.map(|problem| integers(problem.out_channels, random));
    for (weight, special) in weights.iter_mut().zip(special) {
        let at = random.below(weight.len());
        weight[at] = special.unwrap_or(weight[at]);
    }
    let kept = [KeptWeight::default(), KeptWeight::default()];
    for with_bias in [true, false, true] {
        let input = integers(shape.len(), random);
        let bias = |index: usize| with_bias.then_some(biases[index].as_slice());
        let mut between = vec![f32::NAN; before.output_shape().len()];
        let mut expected = vec![f32::NAN; behind.output_shape().len()];
        let mut output = expected.clone();
        conv2d(&before, &input, &weights[0], bias(0), &mut between).unwrap();
        conv2d(&behind, &between, &weights[1], bias(1), &mut expected).unwrap();
        let of = |index: usize, input| {
            let weight = (weights[index].as_slice(), Some(&kept[index]));
            Convolution::new(problems[index], input, weight, bias(index))
        };
        let pair = Pair::of(of(0, &input), of(1, &[])).unwrap();
        pair.unwrap_or_else(|| panic!("{convs:?} for {shape}")).run(&mut output).unwrap();
        for (index, (output, expected)) in output.iter().zip(&expected).enumerate() {
            let right = output == expected || (output.is_nan() && expected.is_nan());
            assert!(right, "{convs:?} for {shape}, {index}: {output}, not {expected}");
        }
    }
}

fn depthwise(channels: usize, kernel_size: usize, stride: usize) -> Conv2d {
    Conv2d::new(channels, channels, [kernel_size; 2]).groups(channels).stride([stride; 2])
}

#[test]
pub(crate) fn pairs_give_what_two_convolutions_give() {
    let mut random = Random(31);
    let activations = [
        None,
        Some(Activation::Relu),
        Some(Activation::Relu6),
        Some(Activation::LeakyRelu { negative_slope: 0.25 }),
    ];
    let specials = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let least = LEAST_CHANNELS * threads::count();
    for round in 0..64 {
        let (kernel_size, stride) = ([3, 5][round % 2], 1 + round / 2 % 2);
        let mode = PaddingMode::ALL[round / 4 % 4];
        let size = if round < 32 { random.pair(5, 40) } else { random.pair(5, 9) };
        let channels = random.range(5, least + 40).max(least.div_ceil(2));
        let batch = if channels < least { 2 } else { random.range(1, 3) };
        let mut side = || random.range(0, 4);
        let padding = Padding::sides(side(), side(), side(), side());
        let first = Conv2d::new(random.range(1, 30), channels, [1, 1]);
        let first = first.activation(activations[random.below(4)]);
        let second = depthwise(channels, kernel_size, stride).padding(padding).padding_mode(mode);
        let second = second.activation(activations[random.below(4)]);
        let mut special = || (random.below(4) == 0).then(|| specials[random.below(3)]);
        let special = [special(), special()];
        let shape = Shape::new(batch, first.in_channels, size[0], size[1]);
        check([&first, &second], shape, special, &mut random);
    }
}

#[test]
pub(crate) fn pairs_of_large_planes_give_what_two_convolutions_give() {
    let mut random = Random(32);
    let channels = LEAST_CHANNELS * threads::count() + 10;
    // Copies of several bands of rows, and so many cells between that they are cut.
    for (size, stride) in [([112, 113], 2), ([130, 101], 1)] {
        let first = Conv2d::new(7, channels, [1, 1]).activation(Activation::Relu6);
        let second = depthwise(channels, 3, stride).padding([1, 1]);
        let shape = Shape::new(1, 7, size[0], size[1]);
        check([&first, &second], shape, [None, Some(f32::INFINITY)], &mut random);
    }
}

#[test]
fn what_is_no_pair_is_told() {
    let many = LEAST_CHANNELS * threads::count();
    let is_pair_of = |first: &Conv2d, second: &Conv2d, size: usize| {
        let before = first.problem(Shape::new(1, first.in_channels, size, size)).unwrap();
        let behind = second.problem(before.output_shape()).unwrap();
        let of = |problem| Convolution::new(problem, &[], (&[], None), None);
        Pair::of(of(&before), of(&behind)).unwrap().is_some()
    };
    let first = Conv2d::new(6, many, [1, 1]);
    let second = depthwise(many, 3, 1).padding([1, 1]);
    assert!(is_pair_of(&first, &second, 8));
    // The first: of 3x3, strided, padded, of groups, of tiny planes, of too many inputs for the cache.
    for (first, size) in [
        (Conv2d::new(6, many, [3, 3]), 8),
        (first.clone().stride([2, 2]), 8),
        (first.clone().padding([1, 1]), 8),
        (first.clone().groups(2), 8),
        (first.clone(), 3),
        (Conv2d::new(500, many, [1, 1]), 30),
    ] {
        assert!(!is_pair_of(&first, &second, size), "{first:?} of {size}");
    }
    // The second: dilated, of two filters a channel, of another size.
    let two = Conv2d::new(many, 2 * many, [3, 3]).groups(many).padding([1, 1]);
    for second in
        [second.clone().dilation([2, 2]), two, Conv2d::new(many, 4, [1, 1]), depthwise(many, 7, 1)]
    {
        assert!(!is_pair_of(&first, &second, 8), "{second:?}");
    }
    // Too few channels for every thread to have some.
    let few = many - 1;
    assert!(!is_pair_of(&Conv2d::new(6, few, [1, 1]), &depthwise(few, 3, 1), 8));
}
