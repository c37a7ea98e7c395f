use super::Random;
use crate::cpu::{adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, max_pool2d};
use crate::ops::{AvgPool2dProblem, PoolWindows};
use crate::window::Axis;
use crate::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d, Padding, Shape};

fn max_pool2d_loops(problem: &PoolWindows, input: &[f32]) -> Vec<(u32, u32)> {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let mut outputs = Vec::new();
    for plane in input
        .chunks(vertical.input_size * horizontal.input_size)
        .take(problem.batch * problem.channels)
    {
        for out_y in 0..vertical.output_size {
            for out_x in 0..horizontal.output_size {
                let mut best = None;
                for in_y in 0..vertical.input_size {
                    for in_x in 0..horizontal.input_size {
                        let hit = |axis: &Axis, out: usize, at: usize| {
                            (at + axis.pad_begin).checked_sub(out * axis.stride).is_some_and(
                                |offset| {
                                    offset % axis.dilation == 0
                                        && offset / axis.dilation < axis.kernel_size
                                },
                            )
                        };
                        if hit(vertical, out_y, in_y) && hit(horizontal, out_x, in_x) {
                            let cell = in_y * horizontal.input_size + in_x;
                            let value = plane[cell];
                            if best.is_none_or(|(best, _)| value > best) || value.is_nan() {
                                best = Some((value, cell));
                            }
                        }
                    }
                }
                let (value, cell) = best.unwrap_or((f32::NEG_INFINITY, u32::MAX as usize));
                let value = if value.is_nan() { f32::NAN } else { value };
                outputs.push((value.to_bits(), u32::try_from(cell).unwrap()));
            }
        }
    }
    outputs
}

/// Values with ties, both zeros, infinities and NaN.
fn special(random: &mut Random, len: usize) -> Vec<f32> {
    let values = [
        f32::NAN,
        f32::NEG_INFINITY,
        f32::INFINITY,
        -0.0,
        0.0,
        0.0,
        -0.0,
        -1.0,
        -1.5,
        2.0,
        -3.0,
        1.0,
    ];
    let skip = random.below(4);
    (0..len).map(|_| values[skip + random.below(values.len() - skip)]).collect()
}

fn check_max_pool2d(problem: &PoolWindows, input: &[f32]) {
    let expected = max_pool2d_loops(problem, input);
    let bits = |value: f32| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() };
    let len = problem.output_shape().len();
    let (mut output, mut indices) = (vec![7.0; len], vec![7; len]);
    max_pool2d(problem, input, &mut output, Some(&mut indices)).unwrap();
    let pairs: Vec<_> = output.iter().map(|&value| bits(value)).zip(indices).collect();
    assert_eq!(pairs, expected, "{problem:?}");
    let mut output = vec![7.0; len];
    max_pool2d(problem, input, &mut output, None).unwrap();
    let values: Vec<_> = output.iter().map(|&value| bits(value)).collect();
    assert_eq!(values, expected.iter().map(|pair| pair.0).collect::<Vec<_>>(), "{problem:?}");
}

/// Pads of each side up to a limit along an axis, or those that the windows need.
fn padding(random: &mut Random, limits: [usize; 2]) -> Padding {
    match random.below(8) {
        0 => Padding::SameUpper,
        1 => Padding::SameLower,
        _ => {
            let [vertical, horizontal] = limits.map(|limit| {
                let mut pad = || random.range(0, limit);
                [pad(), pad()]
            });
            Padding::sides(vertical[0], vertical[1], horizontal[0], horizontal[1])
        }
    }
}

#[test]
pub(crate) fn maxima_and_their_indices_are_exact() {
    let mut random = Random(6);
    for round in 0..1500 {
        let kernel_size = random.pair(1, 5);
        let dilation = random.pair(1, 3);
        let mut pool = MaxPool2d::new(kernel_size).stride(random.pair(1, 4)).dilation(dilation);
        let limit = |axis: usize| (dilation[axis] * (kernel_size[axis] - 1)).div_ceil(2);
        pool = pool
            .padding(padding(&mut random, [limit(0), limit(1)]))
            .ceil_mode(random.below(2) == 0);
        let shape = Shape::new(
            random.range(0, 2),
            random.range(1, 3),
            random.range(1, 40),
            random.range(1, 40),
        );
        let Ok(problem) = pool.problem(shape) else { continue };
        let input = if round % 2 == 0 {
            special(&mut random, shape.len())
        } else {
            random.values(shape.len())
        };
        check_max_pool2d(&problem, &input);
    }
}

#[test]
pub(crate) fn pooling_windows_of_any_size_are_clipped_to_the_input() {
    let mut random = Random(7);
    let big = 1 << 40;
    for (stride, ceil_mode) in [([1, 1], false), ([1, 1], true), ([big / 4, 3], true)] {
        let shape = Shape::new(1, 2, 5, 7);
        let input = random.values(shape.len());
        let pool = MaxPool2d::new([big, big])
            .stride(stride)
            .padding([big / 2, big / 2])
            .ceil_mode(ceil_mode);
        check_max_pool2d(&pool.problem(shape).unwrap(), &input);
        let pool = AvgPool2d::new([big, big])
            .stride(stride)
            .padding([big / 2, big / 2])
            .ceil_mode(ceil_mode);
        check_avg_pool2d(&pool.problem(shape).unwrap(), &input);
        let pool = MaxPool2d::new([3, 3]).dilation([big, big]).padding([big, big]);
        check_max_pool2d(&pool.problem(shape).unwrap(), &input);
    }
}

fn check_avg_pool2d(problem: &AvgPool2dProblem, input: &[f32]) {
    let (vertical, horizontal) = (&problem.windows.vertical, &problem.windows.horizontal);
    let mut output = vec![f32::NAN; problem.output_shape().len()];
    avg_pool2d(problem, input, &mut output).unwrap();
    let mut expected = Vec::new();
    let signed = |value: usize| i128::try_from(value).unwrap();
    for plane in input.chunks(vertical.input_size * horizontal.input_size) {
        for out_y in 0..vertical.output_size {
            for out_x in 0..horizontal.output_size {
                let bounds = [(vertical, out_y), (horizontal, out_x)].map(|(axis, out)| {
                    let size = signed(axis.input_size);
                    let begin = signed(out * axis.stride) - signed(axis.pad_begin);
                    let end = begin + signed(axis.kernel_size);
                    let end = end.min(size + signed(axis.pad_end));
                    [begin, end, begin.max(0), end.min(size)]
                });
                let pool_size: i128 = bounds.iter().map(|b| b[1] - b[0]).product();
                let inside: i128 = bounds.iter().map(|b| b[3] - b[2]).product();
                let mut sum = 0.0;
                for in_y in bounds[0][2]..bounds[0][3] {
                    for in_x in bounds[1][2]..bounds[1][3] {
                        let cell = in_y * signed(horizontal.input_size) + in_x;
                        sum += f64::from(plane[usize::try_from(cell).unwrap()]);
                    }
                }
                let divisor = match problem.divisor_override {
                    Some(divisor) => i128::from(divisor),
                    None if problem.count_include_pad => pool_size,
                    None => inside,
                };
                expected.push(sum / divisor as f64);
            }
        }
    }
    assert_means(&output, &expected);
}

fn assert_means(output: &[f32], expected: &[f64]) {
    assert_eq!(output.len(), expected.len());
    for (&output, &expected) in output.iter().zip(expected) {
        let bound = expected.abs() * 2.0_f64.powi(-23) + 1e-14;
        assert!((f64::from(output) - expected).abs() <= bound, "{output} is not {expected}");
    }
}

#[test]
pub(crate) fn means_are_within_an_ulp_for_every_divisor() {
    let mut random = Random(8);
    for _ in 0..800 {
        let kernel_size = random.pair(1, 6);
        let padding = padding(&mut random, kernel_size.map(|size| size / 2));
        let divisor =
            (random.below(4) == 0).then(|| i64::try_from(random.range(1, 9)).unwrap() - 10);
        let pool = AvgPool2d::new(kernel_size)
            .stride(random.pair(1, 4))
            .padding(padding)
            .ceil_mode(random.below(2) == 0)
            .count_include_pad(random.below(2) == 0)
            .divisor_override(divisor);
        let shape = Shape::new(
            random.range(1, 2),
            random.range(1, 3),
            random.range(1, 30),
            random.range(1, 30),
        );
        let Ok(problem) = pool.problem(shape) else { continue };
        check_avg_pool2d(&problem, &random.values(shape.len()));
    }
}

#[test]
pub(crate) fn small_windows_are_right_for_every_width() {
    let mut random = Random(11);
    for round in 0..240 {
        let (size, stride) = [(2, 1), (2, 2), (3, 1), (3, 2), (5, 1)][round % 5];
        let dilation = if round % 3 == 0 { random.pair(1, 3) } else { [1, 1] };
        let limit = |dilation: usize| (dilation * (size - 1)).div_ceil(2);
        let padding = [random.range(0, limit(dilation[0])), random.range(0, limit(dilation[1]))];
        let ceil_mode = random.below(2) == 0;
        let shape = Shape::new(1, random.range(1, 4), random.range(1, 40), random.range(1, 70));
        let pool = MaxPool2d::new([size; 2]).stride([stride; 2]).dilation(dilation);
        if let Ok(problem) = pool.padding(padding).ceil_mode(ceil_mode).problem(shape) {
            let input = special(&mut random, shape.len());
            check_max_pool2d(&problem, &input);
            check_max_pool2d(&problem, &random.values(shape.len()));
        }
        let pool = AvgPool2d::new([size; 2]).stride([stride; 2]).ceil_mode(ceil_mode);
        let pool = pool.padding(padding.map(|padding| padding.min(size / 2)));
        if let Ok(problem) = pool.count_include_pad(random.below(2) == 0).problem(shape) {
            check_avg_pool2d(&problem, &random.values(shape.len()));
        }
    }
    // Of several blocks, and wider than a block may be.
    for (size, stride) in [(2, 2), (3, 1), (3, 2), (5, 1)] {
        for shape in [Shape::new(1, 2, 70, 131), Shape::new(1, 1, 5, 9000)] {
            let input = special(&mut random, shape.len());
            let pool = MaxPool2d::new([size; 2]).stride([stride; 2]).padding([1, 1]);
            check_max_pool2d(&pool.problem(shape).unwrap(), &input);
            let pool = AvgPool2d::new([size; 2]).stride([stride; 2]).padding([1, 1]);
            check_avg_pool2d(&pool.problem(shape).unwrap(), &random.values(shape.len()));
        }
    }
}

#[test]
pub(crate) fn adaptive_pooling_agrees_with_the_loops() {
    let mut random = Random(9);
    for round in 0..300 {
        let shape = Shape::new(
            random.range(0, 2),
            random.range(1, 3),
            random.range(1, 30),
            random.range(1, 30),
        );
        let size = if round % 5 == 0 { [1, 1] } else { random.pair(1, 33) };
        let input = random.values(shape.len());
        let problem = AdaptiveAvgPool2d::new(size).problem(shape).unwrap();
        let mut output = vec![f32::NAN; problem.output_shape().len()];
        adaptive_avg_pool2d(&problem, &input, &mut output).unwrap();
        let maxima_input = special(&mut random, shape.len());
        let max_problem = AdaptiveMaxPool2d::new(size).problem(shape).unwrap();
        let len = output.len();
        let (mut maxima, mut indices, mut alone) = (vec![7.0; len], vec![7; len], vec![7.0; len]);
        adaptive_max_pool2d(&max_problem, &maxima_input, &mut maxima, Some(&mut indices)).unwrap();
        adaptive_max_pool2d(&max_problem, &maxima_input, &mut alone, None).unwrap();
        let mut expected = Vec::new();
        let planes = shape.batch * shape.channels;
        for plane in 0..planes {
            for out_y in 0..size[0] {
                for out_x in 0..size[1] {
                    let window = |size: usize, out_size: usize, out: usize| {
                        out * size / out_size..((out + 1) * size).div_ceil(out_size)
                    };
                    let (mut sum, mut count, mut best) = (0.0, 0.0, None);
                    for in_y in window(shape.height, size[0], out_y) {
                        for in_x in window(shape.width, size[1], out_x) {
                            let cell = in_y * shape.width + in_x;
                            let at = plane * shape.height * shape.width + cell;
                            sum += f64::from(input[at]);
                            count += 1.0;
                            let value = maxima_input[at];
                            if best.is_none_or(|(best, _)| value > best) || value.is_nan() {
                                best = Some((value, cell));
                            }
                        }
                    }
                    let (value, cell) = best.unwrap();
                    let same = |output: f32| {
                        output.to_bits() == value.to_bits() || (output.is_nan() && value.is_nan())
                    };
                    let index = expected.len();
                    assert!(same(maxima[index]) && same(alone[index]), "{size:?} of {shape}");
                    assert_eq!(usize::try_from(indices[index]).unwrap(), cell);
                    expected.push(sum / count);
                }
            }
        }
        assert_means(&output, &expected);
    }
}
