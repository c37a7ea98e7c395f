//! Laws that hold without a reference.
//!
//! They are tried on whole numbers, for which f32 sums are exact: both sides of a law are equal,
//! not close.

use filtro::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, MaxPool2d, Padding, PaddingMode,
};
use ndarray::{Array4, Axis, Slice, concatenate, s};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::case::{Case, Data, Operation, Random};
use crate::compare::{equal, identical};
use crate::runner::{Runner, general_runners};
use crate::strategies::{self, config};

type Property = Result<(), TestCaseError>;

fn text(error: filtro::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn fail(runner: &str) -> impl Fn(String) -> TestCaseError {
    move |message| TestCaseError::fail(format!("{runner}: {message}"))
}

/// Whole numbers.
fn integers(shape: [usize; 4], seed: u64) -> Array4<f32> {
    Random::new(seed, 0).array4(shape, Data::Integers)
}

/// The whole numbers of a convolution: its input and its weight.
fn tensors(options: &Conv2d, input: [usize; 4], seed: u64) -> [Array4<f32>; 2] {
    let operation = Operation::Conv2d { options: options.clone(), bias: false };
    let case = Case { seed, ..Case::new("law", operation, input) };
    [case.input(), case.weight()]
}

/// Holds a law on everything that runs any problem of an operation.
fn law(operation: &str, check: impl Fn(&dyn Runner) -> Result<(), Wrong>) -> Property {
    for runner in general_runners(operation) {
        check(runner.as_ref()).map_err(|wrong| fail(&runner.name())(wrong.0))?;
    }
    Ok(())
}

/// What is wrong with one side of a law.
struct Wrong(String);

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self(message)
    }
}

impl From<filtro::Error> for Wrong {
    fn from(error: filtro::Error) -> Self {
        Self(error.to_string())
    }
}

/// Where each cell of a padded axis comes from, by walking from the first cell of the input.
fn sources(mode: PaddingMode, size: usize, [begin, end]: [usize; 2]) -> Vec<Option<usize>> {
    let there: Vec<usize> = (0..size).collect();
    let and_back: Vec<usize> = (0..size).chain((1..size.saturating_sub(1)).rev()).collect();
    let walk = |cells: &[usize]| -> Vec<Option<usize>> {
        let turns = begin.div_ceil(cells.len()) * cells.len();
        cells
            .iter()
            .cycle()
            .skip(turns - begin)
            .take(begin + size + end)
            .copied()
            .map(Some)
            .collect()
    };
    match mode {
        PaddingMode::Circular => walk(&there),
        PaddingMode::Reflect => walk(&and_back),
        PaddingMode::Replicate => {
            let edges = (vec![Some(0); begin], vec![Some(size - 1); end]);
            [edges.0, there.into_iter().map(Some).collect(), edges.1].concat()
        }
        _ => [vec![None; begin], there.into_iter().map(Some).collect(), vec![None; end]].concat(),
    }
}

/// The padded copy of an input, with `outside` where nothing of the input is.
fn padded(
    input: &Array4<f32>,
    mode: PaddingMode,
    [vertical, horizontal]: [[usize; 2]; 2],
    outside: f32,
) -> Array4<f32> {
    let (batch, channels, height, width) = input.dim();
    let (rows, columns) = (sources(mode, height, vertical), sources(mode, width, horizontal));
    Array4::from_shape_fn([batch, channels, rows.len(), columns.len()], |(n, c, y, x)| {
        match (rows[y], columns[x]) {
            (Some(in_y), Some(in_x)) => input[[n, c, in_y, in_x]],
            _ => outside,
        }
    })
}

/// The pads of a window as `[[top, bottom], [left, right]]`, for a kernel of `span` with its gaps.
fn pads(
    padding: Padding,
    [_, _, height, width]: [usize; 4],
    stride: [usize; 2],
    span: [usize; 2],
) -> [[usize; 2]; 2] {
    let halves = [0, 1].map(|axis| {
        let size = [height, width][axis];
        // The last window starts at the last multiple of the stride inside the input.
        let last_start = (size - 1) - (size - 1) % stride[axis];
        let total = (last_start + span[axis]).max(size) - size;
        [total / 2, total - total / 2]
    });
    match padding {
        Padding::Sides { top, bottom, left, right } => [[top, bottom], [left, right]],
        Padding::Same | Padding::SameUpper => halves,
        Padding::SameLower => halves.map(|[less, more]| [more, less]),
        _ => [[0; 2]; 2],
    }
}

/// What the kernel of a convolution or a pooling spans.
fn span(kernel_size: [usize; 2], dilation: [usize; 2]) -> [usize; 2] {
    [0, 1].map(|axis| dilation[axis] * (kernel_size[axis] - 1) + 1)
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn a_convolution_is_linear_in_its_input_and_in_its_weight(
        (options, shape) in strategies::conv2d_options(), seed: u64
    ) {
        let [first, weight] = tensors(&options, shape, seed);
        let [second, other] = tensors(&options, shape, seed ^ 1);
        let sum = |a: &Array4<f32>, b: &Array4<f32>| a * 3.0 - b * 2.0;
        law("conv2d", |runner| {
            let conv = |input: &_, weight: &_| runner.convolve(&options, input, weight, None);
            let by_first = conv(&first, &weight)?;
            let expected = sum(&by_first, &conv(&second, &weight)?);
            equal("input", &conv(&sum(&first, &second), &weight)?, &expected)?;
            let expected = sum(&by_first, &conv(&first, &other)?);
            Ok(equal("weight", &conv(&first, &sum(&weight, &other))?, &expected)?)
        })?;
    }

    #[test]
    fn a_convolution_commutes_with_shifts_away_from_the_borders(
        (options, old) in strategies::conv2d_options(), seed: u64
    ) {
        let span = span(options.kernel_size, options.dilation);
        // Any pads will do, so long as they are those of both inputs.
        let pads = pads(options.padding, old, options.stride, span);
        let [[top, bottom], [left, right]] = pads;
        let options = options.padding(Padding::sides(top, bottom, left, right));
        // So large that one window at least lies inside the shifted input.
        let size = [0, 1].map(|axis| span[axis] + pads[axis][0].max(pads[axis][1]) + 2 * options.stride[axis]);
        let shape = [old[0], old[1], size[0], size[1]];
        let [input, weight] = tensors(&options, shape, seed);
        let [down, right] = options.stride;
        let shifted = input.slice(s![.., .., down.., right..]).to_owned();
        let inside = |axis: usize, size: usize| {
            let first = pads[axis][0].div_ceil(options.stride[axis]);
            let last = (size + pads[axis][0] - span[axis]) / options.stride[axis];
            first..last + 1
        };
        let rows = inside(0, size[0] - down);
        let columns = inside(1, size[1] - right);
        prop_assert!(!rows.is_empty() && !columns.is_empty());
        law("conv2d", |runner| {
            let whole = runner.convolve(&options, &input, &weight, None)?;
            let output = runner.convolve(&options, &shifted, &weight, None)?;
            let (y, x) = (rows.start as isize, columns.start as isize);
            let (to_y, to_x) = (rows.end as isize, columns.end as isize);
            let whole = whole.slice(s![.., .., y + 1..to_y + 1, x + 1..to_x + 1]).to_owned();
            let output = output.slice(s![.., .., y..to_y, x..to_x]).to_owned();
            Ok(equal("inside", &output, &whole)?)
        })?;
    }

    #[test]
    fn groups_are_convolutions_side_by_side(
        (options, shape) in strategies::conv2d_options(), seed: u64
    ) {
        let groups = options.groups;
        let [input, weight] = tensors(&options, shape, seed);
        let mut single = options.clone().groups(1);
        (single.in_channels, single.out_channels) =
            (options.in_channels / groups, options.out_channels / groups);
        let part = |array: &Array4<f32>, axis: usize, group: usize| {
            let len = array.len_of(Axis(axis)) / groups;
            let slice = Slice::from(group * len..(group + 1) * len);
            array.slice_axis(Axis(axis), slice).to_owned()
        };
        law("conv2d", |runner| {
            let output = runner.convolve(&options, &input, &weight, None)?;
            let mut outputs = Vec::new();
            for group in 0..groups {
                let (input, weight) = (part(&input, 1, group), part(&weight, 0, group));
                outputs.push(runner.convolve(&single, &input, &weight, None)?);
            }
            let views: Vec<_> = outputs.iter().map(|output| output.view()).collect();
            let expected = concatenate(Axis(1), &views).expect("outputs of the same sizes");
            Ok(equal("output", &output, &expected)?)
        })?;
    }

    #[test]
    fn dilation_is_a_kernel_stuffed_with_zeros(
        (options, shape) in strategies::conv2d_options(), seed: u64
    ) {
        let [input, weight] = tensors(&options, shape, seed);
        let [down, right] = options.dilation;
        let mut stuffed = options.clone().dilation([1, 1]);
        stuffed.kernel_size = [0, 1]
            .map(|axis| options.dilation[axis] * (options.kernel_size[axis] - 1) + 1);
        let (out_channels, group_in, ..) = weight.dim();
        let [height, width] = stuffed.kernel_size;
        let mut sparse = Array4::zeros([out_channels, group_in, height, width]);
        sparse.slice_mut(s![.., .., ..;down, ..;right]).assign(&weight);
        law("conv2d", |runner| {
            let output = runner.convolve(&options, &input, &weight, None)?;
            let expected = runner.convolve(&stuffed, &input, &sparse, None)?;
            Ok(equal("output", &output, &expected)?)
        })?;
    }

    #[test]
    fn padding_is_a_padded_copy_without_padding(
        (options, shape) in strategies::conv2d_options(), seed: u64
    ) {
        let [input, weight] = tensors(&options, shape, seed);
        let span = span(options.kernel_size, options.dilation);
        let pads = pads(options.padding, shape, options.stride, span);
        let copy = padded(&input, options.padding_mode, pads, 0.0);
        let valid = options.clone().padding(Padding::Valid).padding_mode(PaddingMode::Zeros);
        law("conv2d", |runner| {
            let output = runner.convolve(&options, &input, &weight, None)?;
            Ok(equal("output", &output, &runner.convolve(&valid, &copy, &weight, None)?)?)
        })?;
    }

    #[test]
    fn a_bias_is_added_to_the_outputs_of_its_channel(
        (options, shape) in strategies::conv2d_options(), seed: u64
    ) {
        let [input, weight] = tensors(&options, shape, seed);
        let channels = options.out_channels;
        let bias = integers([1, channels, 1, 1], seed ^ 2);
        let vector = bias.iter().copied().collect();
        law("conv2d", |runner| {
            let output = runner.convolve(&options, &input, &weight, Some(&vector))?;
            let expected = runner.convolve(&options, &input, &weight, None)? + &bias;
            Ok(equal("output", &output, &expected)?)
        })?;
    }

    #[test]
    fn padding_of_a_maximum_is_negative_infinity(
        (options, shape) in strategies::max_pool2d_options(), seed: u64
    ) {
        let options = options.ceil_mode(false);
        prop_assume!(options.output_shape(shape).is_ok());
        let input = integers(shape, seed);
        let span = span(options.kernel_size, options.dilation);
        let pads = pads(options.padding, shape, options.stride, span);
        let copy = padded(&input, PaddingMode::Zeros, pads, f32::NEG_INFINITY);
        let bare = options.clone().padding([0, 0]);
        law("max_pool2d", |runner| {
            let output = runner.pool(&options, &input)?;
            Ok(identical("output", &output, &runner.pool(&bare, &copy)?)?)
        })?;
    }

    #[test]
    fn a_maximum_is_that_of_the_maxima_of_rows(
        (options, shape) in strategies::max_pool2d_options(), seed: u64
    ) {
        let input = integers(shape, seed);
        let of_span = span(options.kernel_size, options.dilation);
        let [[top, bottom], [left, right]] =
            pads(options.padding, shape, options.stride, of_span);
        let along = |axis: usize| {
            let mut pool = MaxPool2d::new([1, 1]).ceil_mode(options.ceil_mode);
            pool.kernel_size[axis] = options.kernel_size[axis];
            pool.stride[axis] = options.stride[axis];
            pool.padding = match axis {
                0 => Padding::sides(top, bottom, 0, 0),
                _ => Padding::sides(0, 0, left, right),
            };
            pool.dilation[axis] = options.dilation[axis];
            pool
        };
        law("max_pool2d", |runner| {
            let output = runner.pool(&options, &input)?;
            let rows = runner.pool(&along(1), &input)?;
            Ok(identical("output", &output, &runner.pool(&along(0), &rows)?)?)
        })?;
    }

    #[test]
    fn an_index_leads_to_the_maximum(
        (options, shape) in strategies::max_pool2d_options(), seed: u64
    ) {
        let input = integers(shape, seed);
        law("max_pool2d", |runner| {
            let (output, indices) = runner.pool_with_indices(&options, &input)?;
            let expected = Array4::from_shape_fn(indices.dim(), |(n, c, y, x)| {
                match indices[[n, c, y, x]] as usize {
                    index if index == u32::MAX as usize => f32::NEG_INFINITY,
                    index => input[[n, c, index / shape[3], index % shape[3]]],
                }
            });
            Ok(identical("output", &output, &expected)?)
        })?;
    }

    #[test]
    fn a_sum_of_a_window_is_a_depthwise_convolution_with_ones(
        (options, shape) in strategies::avg_pool2d_options(), seed: u64
    ) {
        let channels = shape[1];
        let sum = options.clone().divisor_override(1).ceil_mode(false);
        prop_assume!(sum.output_shape(shape).is_ok());
        let conv = Conv2d::new(channels, channels, sum.kernel_size)
            .groups(channels)
            .stride(sum.stride)
            .padding(sum.padding);
        let [height, width] = sum.kernel_size;
        let (input, ones) = (integers(shape, seed), Array4::ones([channels, 1, height, width]));
        let runners = (general_runners("avg_pool2d"), general_runners("conv2d"));
        for pool in &runners.0 {
            let output = pool.pool(&sum, &input).map_err(text)?;
            for conv_runner in &runners.1 {
                let expected = conv_runner.convolve(&conv, &input, &ones, None).map_err(text)?;
                equal("output", &output, &expected).map_err(fail(&pool.name()))?;
            }
        }
    }

    #[test]
    fn windows_that_divide_the_input_make_an_adaptive_pooling_a_pooling(
        windows in [1..=4_usize, 1..=4], kernel_size in [1..=4_usize, 1..=4], seed: u64
    ) {
        let shape = [2, 3, windows[0] * kernel_size[0], windows[1] * kernel_size[1]];
        let input = integers(shape, seed);
        law("adaptive_avg_pool2d", |runner| {
            let output = runner.pool(&AdaptiveAvgPool2d::new(windows), &input)?;
            let expected = runner.pool(&AvgPool2d::new(kernel_size), &input)?;
            let tolerance = expected.mapv(|y| 4e-7 * (10.0 + f64::from(y).abs()));
            let expected = expected.mapv(f64::from);
            Ok(crate::compare::within("average", &output, &expected, &tolerance)?)
        })?;
        law("adaptive_max_pool2d", |runner| {
            let pool = AdaptiveMaxPool2d::new(windows);
            let (output, indices) = runner.pool_with_indices(&pool, &input)?;
            let (expected, expected_indices) =
                runner.pool_with_indices(&MaxPool2d::new(kernel_size), &input)?;
            identical("maximum", &output, &expected)?;
            Ok(crate::compare::indices("indices", &indices, &expected_indices)?)
        })?;
    }
}
