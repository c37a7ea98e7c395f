use super::Random;
use super::activation::ACTIVATIONS;
use crate::cpu::{activation, conv2d};
use crate::ops::Conv2dProblem;
use crate::window::Axis;
use crate::{Conv2d, Padding, PaddingMode, Shape};

/// The element that an output reads through a tap, if that is not a zero of the padding.
pub(crate) fn source(axis: &Axis, mode: PaddingMode, out: usize, kernel: usize) -> Option<usize> {
    let signed = |value: usize| i64::try_from(value).unwrap();
    let size = signed(axis.input_size);
    let at = signed(out * axis.stride + kernel * axis.dilation) - signed(axis.pad_begin);
    let at = match mode {
        PaddingMode::Zeros if at < 0 || at >= size => return None,
        PaddingMode::Zeros => at,
        PaddingMode::Replicate => at.clamp(0, size - 1),
        PaddingMode::Circular => at.rem_euclid(size),
        PaddingMode::Reflect if at < 0 => -at,
        PaddingMode::Reflect if at >= size => 2 * (size - 1) - at,
        PaddingMode::Reflect => at,
    };
    Some(usize::try_from(at).unwrap())
}

/// The sums and the sums of magnitudes.
fn conv2d_loops(
    problem: &Conv2dProblem,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<(f64, f64)> {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (in_channels, filters) = (problem.group_in_channels(), problem.group_out_channels());
    let mut outputs = Vec::new();
    for n in 0..problem.batch {
        for oc in 0..problem.out_channels {
            for out_y in 0..vertical.output_size {
                for out_x in 0..horizontal.output_size {
                    let bias = bias.map_or(0.0, |bias| f64::from(bias[oc]));
                    let (mut sum, mut magnitude) = (bias, bias.abs());
                    for c in 0..in_channels {
                        let channel = n * problem.in_channels + oc / filters * in_channels + c;
                        for kernel_y in 0..vertical.kernel_size {
                            for kernel_x in 0..horizontal.kernel_size {
                                let mode = problem.padding_mode;
                                let (Some(in_y), Some(in_x)) = (
                                    source(vertical, mode, out_y, kernel_y),
                                    source(horizontal, mode, out_x, kernel_x),
                                ) else {
                                    continue;
                                };
                                let x = input[(channel * vertical.input_size + in_y)
                                    * horizontal.input_size
                                    + in_x];
                                let w = weight[((oc * in_channels + c) * vertical.kernel_size
                                    + kernel_y)
                                    * horizontal.kernel_size
                                    + kernel_x];
                                let product = f64::from(x) * f64::from(w);
                                sum += product;
                                magnitude += product.abs();
                            }
                        }
                    }
                    outputs.push((sum, magnitude));
                }
            }
        }
    }
    outputs
}

pub(super) fn check_conv2d(
    conv: &Conv2d,
    batch: usize,
    size: [usize; 2],
    with_bias: bool,
    random: &mut Random,
) {
    let shape = Shape::new(batch, conv.in_channels, size[0], size[1]);
    let problem = conv.problem(shape).unwrap();
    let input = random.values(shape.len());
    let weight = random.values(problem.weight_shape().len());
    let bias = with_bias.then(|| random.values(conv.out_channels));
    check_conv2d_on(&problem, &input, &weight, bias.as_deref());
}

pub(super) fn check_conv2d_on(
    problem: &Conv2dProblem,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) {
    let mut output = vec![f32::NAN; problem.output_shape().len()];
    conv2d(problem, input, weight, bias, &mut output).unwrap();
    let expected = conv2d_loops(problem, input, weight, bias);
    assert_eq!(output.len(), expected.len());
    for (index, (&y, &(sum, magnitude))) in output.iter().zip(&expected).enumerate() {
        let bound = 8.0 * 2.0_f64.powi(-24) * magnitude + f64::from(f32::MIN_POSITIVE);
        let right = if sum.is_nan() || sum.is_infinite() {
            y.to_bits() == (sum as f32).to_bits() || (y.is_nan() && sum.is_nan())
        } else {
            (f64::from(y) - sum).abs() <= bound
        };
        assert!(right, "output {index} is {y}, expected {sum} within {bound}: {problem:?}");
    }
}

#[test]
pub(crate) fn convolutions_with_each_option_agree_with_the_loops() {
    let mut random = Random(1);
    let sides = Padding::sides;
    let cases: Vec<(Conv2d, usize, [usize; 2])> = vec![
        (Conv2d::new(3, 8, [7, 5]).stride([2, 3]).padding([3, 2]), 2, [19, 23]),
        (Conv2d::new(64, 70, [3, 3]).padding([1, 1]), 1, [14, 13]),
        (Conv2d::new(130, 33, [1, 1]), 2, [9, 7]),
        (Conv2d::new(5, 9, [1, 1]).stride([2, 3]), 1, [9, 11]),
        (Conv2d::new(5, 9, [1, 1]).padding([1, 2]), 1, [4, 3]),
        (Conv2d::new(6, 10, [3, 2]).groups(2).dilation([3, 2]).padding([2, 4]), 3, [9, 12]),
        (Conv2d::new(6, 18, [3, 5]).groups(6).padding([1, 2]).stride([2, 1]), 2, [9, 40]),
        (Conv2d::new(6, 36, [3, 5]).groups(6).padding([1, 2]), 1, [9, 21]),
        (Conv2d::new(4, 4, [3, 3]).groups(4).padding([1, 1]), 1, [70, 75]),
        (Conv2d::new(2, 7, [3, 4]).padding(sides(50, 1, 3, 50)), 1, [5, 4]),
        (Conv2d::new(2, 3, [3, 4]).padding(sides(50, 1, 3, 50)), 1, [5, 4]),
        (Conv2d::new(2, 7, [4, 2]).padding(Padding::Same).dilation([1, 3]), 1, [5, 8]),
        (Conv2d::new(3, 3, [3, 3]).padding([1, 1]), 1, [20, 600]),
        (Conv2d::new(3, 8, [3, 3]).padding([1, 1]), 1, [3, 600]),
        (Conv2d::new(3, 8, [2, 2]).stride([1, 7]), 1, [3, 4000]),
        (Conv2d::new(3, 3, [1, 2]).stride([1, 2]), 1, [2, 10_000]),
        (Conv2d::new(1, 5, [40, 30]).padding([20, 3]), 1, [25, 31]),
        (Conv2d::new(1, 1, [40, 30]).padding([20, 3]), 1, [25, 31]),
        (Conv2d::new(7, 40, [11, 11]).padding([5, 5]), 1, [6, 5]),
        (Conv2d::new(512, 40, [1, 1]), 1, [1, 1]),
        (Conv2d::new(2, 5, [3, 2]).dilation([1 << 40, 3]).padding([1 << 40, 2]), 1, [5, 4]),
        (Conv2d::new(2, 2, [3, 2]).dilation([1 << 40, 3]).padding([1 << 40, 2]), 1, [5, 4]),
        (Conv2d::new(2, 5, [1, 3]).stride([1 << 40, 1 << 41]), 1, [5, 4]),
        (Conv2d::new(2, 5, [4, 3]), 0, [5, 4]),
    ];
    for (conv, batch, size) in &cases {
        check_conv2d(conv, *batch, *size, true, &mut random);
        check_conv2d(conv, *batch, *size, false, &mut random);
    }
    for mode in PaddingMode::ALL {
        for (in_channels, out_channels, groups) in [(3, 8, 1), (4, 4, 4), (4, 10, 2)] {
            let conv = Conv2d::new(in_channels, out_channels, [3, 4])
                .groups(groups)
                .padding_mode(mode)
                .padding(sides(3, 2, 1, 5));
            check_conv2d(&conv, 2, [4, 6], true, &mut random);
            check_conv2d(&conv.clone().stride([2, 3]), 2, [4, 6], true, &mut random);
            check_conv2d(&conv.dilation([2, 1]), 2, [4, 6], true, &mut random);
        }
    }
}

#[test]
pub(crate) fn random_convolutions_agree_with_the_loops() {
    let mut random = Random(2);
    for _ in 0..400 {
        let groups = random.range(1, 4);
        let mode = PaddingMode::ALL[random.below(4)];
        let size = random.pair(1, 20);
        let limits = match mode {
            PaddingMode::Reflect => size.map(|size| (size - 1).min(4)),
            PaddingMode::Circular => size.map(|size| size.min(4)),
            _ => [6, 6],
        };
        let conv = Conv2d::new(
            groups * random.range(1, 9),
            groups * random.range(1, 14),
            random.pair(1, 5),
        )
        .groups(groups)
        .stride(random.pair(1, 4))
        .dilation(random.pair(1, 3))
        .padding_mode(mode)
        .padding(Padding::sides(
            random.range(0, limits[0]),
            random.range(0, limits[0]),
            random.range(0, limits[1]),
            random.range(0, limits[1]),
        ));
        let batch = random.range(1, 3);
        if conv.output_shape([batch, conv.in_channels, size[0], size[1]]).is_ok() {
            check_conv2d(&conv, batch, size, random.below(2) == 0, &mut random);
        }
    }
}

#[test]
pub(crate) fn depthwise_convolutions_agree_with_the_loops() {
    let mut random = Random(10);
    let one_per_channel = |channels, kernel_size, stride| {
        Conv2d::new(channels, channels, [kernel_size; 2]).groups(channels).stride([stride; 2])
    };
    for round in 0..160 {
        let (kernel_size, stride) = ([3, 5][round % 2], 1 + round / 2 % 2);
        let mode = PaddingMode::ALL[round / 4 % 4];
        // Few wide planes, and so many narrow ones that each may have a lane.
        let (most_channels, most_cells) = if round < 96 { (9, 50) } else { (40, 16) };
        let size = random.pair(1, most_cells);
        let limits = match mode {
            PaddingMode::Reflect => size.map(|size| (size - 1).min(4)),
            PaddingMode::Circular => size.map(|size| size.min(4)),
            _ => [7, 7],
        };
        let conv = one_per_channel(random.range(1, most_channels), kernel_size, stride)
            .padding_mode(mode)
            .padding(Padding::sides(
                random.range(0, limits[0]),
                random.range(0, limits[0]),
                random.range(0, limits[1]),
                random.range(0, limits[1]),
            ));
        let batch = random.range(1, 3);
        let shape = Shape::new(batch, conv.in_channels, size[0], size[1]);
        let Ok(problem) = conv.problem(shape) else { continue };
        let input = random.values(shape.len());
        let mut weight = random.values(problem.weight_shape().len());
        let bias = random.values(conv.out_channels);
        check_conv2d_on(&problem, &input, &weight, Some(&bias));
        let taps = weight.len();
        weight[random.below(taps)] = f32::INFINITY;
        check_conv2d_on(&problem, &input, &weight, None);
    }
    // Of several blocks, and wider than a block may be.
    for (kernel_size, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
        for size in [[70, 131], [5, 9000]] {
            let conv = one_per_channel(2, kernel_size, stride).padding([1, 2]);
            check_conv2d(&conv, 1, size, true, &mut random);
        }
    }
}

#[test]
pub(crate) fn long_sums_of_one_sign_stay_within_the_bound() {
    let mut random = Random(3);
    for (in_channels, out_channels, size) in [(512, 12, [3, 3]), (56, 3, [3, 3]), (2048, 9, [1, 1])]
    {
        let conv = Conv2d::new(in_channels, out_channels, size);
        let shape = Shape::new(1, in_channels, 16, 15);
        let problem = conv.problem(shape).unwrap();
        let positive = |values: Vec<f32>| values.into_iter().map(|x| x * x).collect::<Vec<_>>();
        let input = positive(random.values(shape.len()));
        let weight = positive(random.values(problem.weight_shape().len()));
        check_conv2d_on(&problem, &input, &weight, None);
    }
}

#[test]
pub(crate) fn infinite_weights_over_zero_padding_give_no_nan() {
    let mut random = Random(4);
    for (out_channels, groups) in [(9, 1), (4, 4), (2, 1)] {
        let conv = Conv2d::new(4, out_channels, [3, 2]).groups(groups).padding([1, 1]);
        let shape = Shape::new(1, 4, 6, 11);
        let problem = conv.problem(shape).unwrap();
        let input = random.values(shape.len()).into_iter().map(f32::abs).collect::<Vec<_>>();
        let mut weight = random.values(problem.weight_shape().len());
        weight[1] = f32::INFINITY;
        check_conv2d_on(&problem, &input, &weight, None);
        weight[4] = f32::NAN;
        check_conv2d_on(&problem, &input, &weight, None);
    }
}

#[test]
pub(crate) fn the_activation_of_a_convolution_is_the_one_applied_afterwards() {
    let mut random = Random(5);
    let convs = [(4, 10, 1, 3), (4, 4, 4, 3), (20, 20, 20, 3), (4, 10, 1, 1)];
    for kind in ACTIVATIONS {
        for ((in_channels, out_channels, groups, kernel_size), width) in
            convs.into_iter().flat_map(|conv| [(conv, 11), (conv, 7)])
        {
            let plain = Conv2d::new(in_channels, out_channels, [kernel_size; 2])
                .groups(groups)
                .padding([kernel_size / 2; 2]);
            let shape = Shape::new(1, in_channels, 9, width);
            let problem = plain.problem(shape).unwrap();
            let input = random.values(shape.len());
            let mut weight = random.values(problem.weight_shape().len());
            for infinite in [false, true] {
                if infinite {
                    weight[0] = f32::INFINITY;
                }
                let mut output = vec![f32::NAN; problem.output_shape().len()];
                let mut expected = output.clone();
                let mut fused = output.clone();
                conv2d(&problem, &input, &weight, None, &mut output).unwrap();
                activation(kind, &output, &mut expected).unwrap();
                let problem = plain.clone().activation(kind).problem(shape).unwrap();
                conv2d(&problem, &input, &weight, None, &mut fused).unwrap();
                let bits = |values: &[f32]| values.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&expected), bits(&fused), "{kind:?} of {plain:?}");
            }
        }
    }
}
