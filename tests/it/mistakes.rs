//! The mistakes that others have made, one test each, with numbers derived by hand: they hold
//! whatever the reference says.

use filtro::{AvgPool2d, Conv2d, MaxPool2d, Padding, PaddingMode, Shape, reference};
use ndarray::{Array, Array1, Array4, Dimension, array};

use crate::compare::{equal, identical, indices, within_rounding};
use crate::runner::{GradientRunner, Runner, gradient_runners, runners};

/// Runs a check on everything that runs an operation.
fn on_every_runner(operation: &str, check: impl Fn(&dyn Runner) -> Result<(), String>) {
    let runners = runners(operation);
    assert!(runners.iter().any(|runner| !runner.is_partial()), "no runner of {operation}");
    // A partial runner serves few of these; the table holds it to account.
    for runner in runners.iter().filter(|runner| !runner.is_partial()) {
        if let Err(message) = check(runner.as_ref()) {
            panic!("{}: {message}", runner.name());
        }
    }
}

fn on_every_gradient_runner(
    operation: &str,
    check: impl Fn(&dyn GradientRunner) -> Result<(), String>,
) {
    let runners = gradient_runners(operation);
    assert!(!runners.is_empty(), "no runner of {operation}");
    for runner in &runners {
        if let Err(message) = check(runner.as_ref()) {
            panic!("{}: {message}", runner.name());
        }
    }
}

fn text(error: filtro::Error) -> String {
    error.to_string()
}

/// `a[row][column]` as one plane.
fn plane<const H: usize, const W: usize>(rows: [[f32; W]; H]) -> Array4<f32> {
    Array4::from_shape_fn([1, 1, H, W], |(_, _, y, x)| rows[y][x])
}

/// A row of numbers as one plane of one row.
fn row<const W: usize>(row: [f32; W]) -> Array4<f32> {
    plane([row])
}

/// 1, 2, 3 and so on.
fn counting(shape: [usize; 4]) -> Array4<f32> {
    let len: usize = shape.iter().product();
    Array::range(1.0, len as f32 + 1.0, 1.0).into_shape_with_order(shape).expect("the same length")
}

fn rounded<D: Dimension>(array: &Array<f64, D>) -> Array<f32, D> {
    array.mapv(|value| value as f32)
}

#[test]
fn mistake_01_the_ceil_overhang_counts_in_no_divisor() {
    // Rows: windows at -1 and 1 of 3 over 4 + 2, and at 3, where 3 would reach 6 but the padded
    // input ends at 5: 3, 3, 2 cells of which 2, 3, 1 hold ones.
    // Columns: windows at -2, 1, 4 of 5 over 6 + 4: 5, 5, 4 cells of which 3, 5, 2 hold ones.
    let ones = Array4::ones([1, 1, 4, 6]);
    let pool = AvgPool2d::new([3, 5]).stride([2, 3]).padding([1, 2]).ceil_mode(true);
    let (rows, columns) = ([2.0 / 3.0, 3.0 / 3.0, 1.0 / 2.0], [3.0 / 5.0, 5.0 / 5.0, 2.0 / 4.0]);
    let expected = Array4::from_shape_fn([1, 1, 3, 3], |(_, _, y, x)| rows[y] * columns[x]);
    on_every_runner("avg_pool2d", |runner| {
        let output = runner.avg_pool2d(&pool, &ones).map_err(text)?;
        within_rounding("include", &output, &expected, &expected)?;
        let inside = pool.clone().count_include_pad(false);
        let output = runner.avg_pool2d(&inside, &ones).map_err(text)?;
        equal("exclude", &output, &Array4::<f32>::ones([1, 1, 3, 3]))
    });
}

#[test]
fn mistake_02_with_ceil_mode_no_window_starts_behind_the_input() {
    // (6 + 2 - 2) / 5 rounded up is 2, so 3 windows at -1, 4, 9; the last starts behind the 6 rows.
    // (5 - 1) / 4 + 1 = 2 windows at 0 and 4.
    let input = counting([1, 1, 6, 5]);
    let max = MaxPool2d::new([2, 1]).stride([5, 4]).padding([1, 0]).ceil_mode(true);
    let avg = AvgPool2d::new([2, 1]).stride([5, 4]).padding([1, 0]).ceil_mode(true);
    on_every_runner("max_pool2d", |runner| {
        let output = runner.max_pool2d(&max, &input).map_err(text)?;
        equal("output", &output, &plane([[1.0, 5.0], [26.0, 30.0]]))
    });
    on_every_runner("avg_pool2d", |runner| {
        let output = runner.avg_pool2d(&avg, &input).map_err(text)?;
        equal("output", &output, &plane([[0.5, 2.5], [23.5, 27.5]]))
    });
    // The last window starts in the padding behind a row of 1: (1 + 2 - 2 + 1) / 2 + 1 = 2 become 1.
    let pool = MaxPool2d::new([2, 2]).stride([2, 2]).padding([1, 0]).ceil_mode(true);
    assert_eq!(pool.output_shape([1, 1, 1, 3]), Ok(Shape::new(1, 1, 1, 2)));
}

#[test]
fn mistake_03_same_puts_the_odd_cell_at_the_bottom_and_the_right() {
    // Total 3 - 1 = 2 rows: one above, one below. Total 3 columns: one before, two after.
    let conv = Conv2d::new(1, 1, [1, 4]).padding(Padding::Same);
    let ones = Array4::ones([1, 1, 1, 4]);
    // Dilation 3 of 2 taps: total 3, begin 1, so output x reads x - 1 and x + 2.
    let dilated = Conv2d::new(1, 1, [1, 2]).dilation([1, 3]).padding(Padding::Same);
    // The same of columns: kernel 4 along the height.
    let upright = Conv2d::new(1, 1, [4, 1]).padding(Padding::Same);
    on_every_runner("conv2d", |runner| {
        let input = row([1.0, 10.0, 100.0, 1000.0, 10_000.0]);
        let output = runner.conv2d(&conv, &input, &ones, None).map_err(text)?;
        equal("even", &output, &row([111.0, 1111.0, 11_110.0, 11_100.0, 11_000.0]))?;
        let taps = Array4::ones([1, 1, 1, 2]);
        let output = runner.conv2d(&dilated, &input, &taps, None).map_err(text)?;
        equal("dilated", &output, &row([100.0, 1001.0, 10_010.0, 100.0, 1000.0]))?;
        let (input, taps) = (plane([[1.0], [10.0], [100.0]]), Array4::ones([1, 1, 4, 1]));
        let output = runner.conv2d(&upright, &input, &taps, None).map_err(text)?;
        equal("upright", &output, &plane([[111.0], [111.0], [110.0]]))
    });
}

#[test]
fn mistake_04_an_output_channel_reads_the_group_of_its_block() {
    // Two groups of 2 inputs and 3 outputs: outputs 0, 1, 2 read inputs 0 and 1.
    let conv = Conv2d::new(4, 6, [1, 1]).groups(2);
    let input = Array4::from_shape_vec([1, 4, 1, 1], vec![1.0, 10.0, 100.0, 1000.0]).unwrap();
    let weight = Array4::from_shape_fn([6, 2, 1, 1], |(oc, c, _, _)| (oc + 1 + 10 * c) as f32);
    // oc + 1 of the first input and oc + 11 of the second.
    let expected = vec![111.0, 122.0, 133.0, 14_400.0, 15_500.0, 16_600.0];
    let expected = Array4::from_shape_vec([1, 6, 1, 1], expected).unwrap();
    on_every_runner("conv2d", |runner| {
        equal("output", &runner.conv2d(&conv, &input, &weight, None).map_err(text)?, &expected)
    });
}

#[test]
fn mistake_05_a_depthwise_multiplier_keeps_the_filters_of_a_channel_together() {
    let conv = Conv2d::new(3, 6, [1, 2]).groups(3);
    let input =
        Array4::from_shape_vec([1, 3, 1, 2], vec![1.0, 2.0, 10.0, 20.0, 100.0, 200.0]).unwrap();
    let weight = counting([6, 1, 1, 2]);
    // Channel 0: 1*1 + 2*2 and 3*1 + 4*2; channel 1: 5*10 + 6*20 and 7*10 + 8*20; and so on.
    let expected = vec![5.0, 11.0, 170.0, 230.0, 2900.0, 3500.0];
    let expected = Array4::from_shape_vec([1, 6, 1, 1], expected).unwrap();
    on_every_runner("conv2d", |runner| {
        equal("output", &runner.conv2d(&conv, &input, &weight, None).map_err(text)?, &expected)
    });
}

#[test]
fn mistake_06_height_and_width_are_told_apart_in_every_option() {
    // Inputs 100 * y + x; one tap at (1, 2) of a 2 x 3 kernel: stride 2 and 3, dilation 3 and 2,
    // padding 1 and 2, so output (i, j) is input (2i - 1 + 3, 3j - 2 + 4).
    let input = Array4::from_shape_fn([1, 1, 9, 11], |(_, _, y, x)| (100 * y + x) as f32);
    let mut weight = Array4::zeros([1, 1, 2, 3]);
    weight[[0, 0, 1, 2]] = 1.0;
    let conv = Conv2d::new(1, 1, [2, 3]).stride([2, 3]).dilation([3, 2]).padding([1, 2]);
    // Rows (9 + 2 - 4) / 2 + 1 = 4, columns (11 + 4 - 5) / 3 + 1 = 4; x = 11 lies in the padding.
    let expected = plane([
        [202.0, 205.0, 208.0, 0.0],
        [402.0, 405.0, 408.0, 0.0],
        [602.0, 605.0, 608.0, 0.0],
        [802.0, 805.0, 808.0, 0.0],
    ]);
    on_every_runner("conv2d", |runner| {
        equal("output", &runner.conv2d(&conv, &input, &weight, None).map_err(text)?, &expected)
    });
    // The largest of a window of increasing numbers is its last tap inside: rows 2i - 1 + 3 and
    // columns 3j - 2 + 4, except where that lies behind the input: then the tap before it.
    let pool = MaxPool2d::new([2, 3]).stride([2, 3]).dilation([3, 2]).padding([1, 2]);
    let expected = plane([
        [202.0, 205.0, 208.0, 209.0],
        [402.0, 405.0, 408.0, 409.0],
        [602.0, 605.0, 608.0, 609.0],
        [802.0, 805.0, 808.0, 809.0],
    ]);
    on_every_runner("max_pool2d", |runner| {
        equal("output", &runner.max_pool2d(&pool, &input).map_err(text)?, &expected)
    });
}

#[test]
fn mistake_07_padding_modes_fold_the_gradient_back_and_know_their_limits() {
    let one = Array4::ones([1, 1, 1, 1]);
    let input = row([1.0, 2.0, 3.0, 4.0]);
    for (mode, padded, folded) in [
        (PaddingMode::Zeros, [0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]),
        (PaddingMode::Reflect, [3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0], [1.0, 3.0, 3.0, 1.0]),
        (PaddingMode::Replicate, [1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0], [3.0, 1.0, 1.0, 3.0]),
        (PaddingMode::Circular, [3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 1.0, 2.0], [2.0, 2.0, 2.0, 2.0]),
    ] {
        let conv = Conv2d::new(1, 1, [1, 1]).padding([0, 2]).padding_mode(mode);
        on_every_runner("conv2d", |runner| {
            let output = runner.conv2d(&conv, &input, &one, None).map_err(text)?;
            equal(mode.name(), &output, &row(padded))
        });
        on_every_gradient_runner("conv2d", |runner| {
            let ones = Array4::ones([1, 1, 1, 8]);
            let (grad_input, grad_weight, grad_bias) =
                runner.conv2d_backward(&conv, &input, &one, &ones).map_err(text)?;
            equal(mode.name(), &grad_input, &row(folded))?;
            equal(mode.name(), &grad_weight, &row([padded.iter().sum::<f32>()]))?;
            equal(mode.name(), &grad_bias, &array![8.0_f32])
        });
        // `same` with 4 taps pads by 1 and 2: input 1 is read by 3 windows, and so on.
        let same = Conv2d::new(1, 1, [1, 4]).padding(Padding::Same).padding_mode(mode);
        let folded = match mode {
            PaddingMode::Zeros => [2.0, 3.0, 4.0, 3.0],
            PaddingMode::Reflect => [2.0, 5.0, 6.0, 3.0],
            PaddingMode::Replicate => [3.0, 3.0, 4.0, 6.0],
            _ => [4.0, 4.0, 4.0, 4.0],
        };
        on_every_gradient_runner("conv2d", |runner| {
            let (weight, ones) = (Array4::ones([1, 1, 1, 4]), Array4::ones([1, 1, 1, 4]));
            let gradients = runner.conv2d_backward(&same, &input, &weight, &ones).map_err(text)?;
            equal(mode.name(), &gradients.0, &row(folded))
        });
        // Rows and columns are padded by themselves: a corner mirrors both.
        let conv = Conv2d::new(1, 1, [1, 1]).padding(Padding::sides(1, 0, 0, 1)).padding_mode(mode);
        let expected = match mode {
            PaddingMode::Zeros => [[0.0, 0.0, 0.0], [1.0, 2.0, 0.0], [3.0, 4.0, 0.0]],
            PaddingMode::Reflect => [[3.0, 4.0, 3.0], [1.0, 2.0, 1.0], [3.0, 4.0, 3.0]],
            PaddingMode::Replicate => [[1.0, 2.0, 2.0], [1.0, 2.0, 2.0], [3.0, 4.0, 4.0]],
            _ => [[3.0, 4.0, 3.0], [1.0, 2.0, 1.0], [3.0, 4.0, 3.0]],
        };
        on_every_runner("conv2d", |runner| {
            let input = plane([[1.0, 2.0], [3.0, 4.0]]);
            let output = runner.conv2d(&conv, &input, &one, None).map_err(text)?;
            equal(mode.name(), &output, &plane(expected))
        });
    }
    let padded = |mode, padding| {
        let conv = Conv2d::new(1, 1, [1, 1]).padding(padding).padding_mode(mode);
        conv.output_shape([1, 1, 4, 3]).is_ok()
    };
    assert!(padded(PaddingMode::Reflect, [3, 2]));
    assert!(!padded(PaddingMode::Reflect, [4, 2]) && !padded(PaddingMode::Reflect, [3, 3]));
    assert!(padded(PaddingMode::Circular, [4, 3]));
    assert!(!padded(PaddingMode::Circular, [5, 3]) && !padded(PaddingMode::Circular, [4, 4]));
    assert!(padded(PaddingMode::Replicate, [50, 60]) && padded(PaddingMode::Zeros, [50, 60]));
}

#[test]
fn mistake_08_padding_never_wins_the_maximum() {
    let input = plane([[-5.0, -3.0, -9.0], [-7.0, -8.0, -2.0]]);
    let pool = MaxPool2d::new([2, 3]).stride([1, 2]).padding([1, 1]);
    on_every_runner("max_pool2d", |runner| {
        let (output, found) = runner.max_pool2d_with_indices(&pool, &input).map_err(text)?;
        equal("output", &output, &plane([[-3.0, -3.0], [-3.0, -2.0], [-7.0, -2.0]]))?;
        let expected = [[1, 1], [1, 5], [3, 5]];
        let expected = Array4::from_shape_fn([1, 1, 3, 2], |(_, _, y, x)| expected[y][x]);
        indices("indices", &found, &expected)
    });
}

#[test]
fn mistake_09_ties_nan_negative_infinity_and_empty_windows() {
    const NAN: f32 = f32::NAN;
    const LOW: f32 = f32::NEG_INFINITY;
    let triples = MaxPool2d::new([1, 3]);
    for (what, input, value, index) in [
        ("the first of equals", [4.0, 7.0, 7.0], 7.0, 1),
        ("0.0 before -0.0", [0.0, -0.0, 0.0], 0.0, 0),
        ("-0.0 before 0.0", [-0.0, 0.0, -1.0], -0.0, 0),
        ("NaN first", [NAN, 1.0, f32::INFINITY], NAN, 0),
        ("NaN in the middle", [9.0, NAN, 1.0], NAN, 1),
        ("NaN last", [9.0, 1.0, NAN], NAN, 2),
        ("the last of two NaN", [NAN, 5.0, NAN], NAN, 2),
        ("the last of NaN before a number", [NAN, NAN, 5.0], NAN, 1),
        ("NaN among -inf", [LOW, NAN, LOW], NAN, 1),
        ("-inf only", [LOW, LOW, LOW], LOW, 0),
        ("-inf and the lowest number", [LOW, f32::MIN, LOW], f32::MIN, 1),
        ("subnormal numbers", [1e-45, 3e-45, -1e-45], 3e-45, 1),
        ("subnormal above zero", [0.0, 1e-45, 0.0], 1e-45, 1),
        ("zero above a negative subnormal", [-1e-45, -0.0, 0.0], -0.0, 1),
    ] {
        on_every_runner("max_pool2d", |runner| {
            let input = row(input);
            let output = runner.max_pool2d(&triples, &input).map_err(text)?;
            identical(what, &output, &row([value]))?;
            let (output, found) = runner.max_pool2d_with_indices(&triples, &input).map_err(text)?;
            identical(what, &output, &row([value]))?;
            indices(what, &found, &Array4::from_elem([1, 1, 1, 1], index))
        });
    }
    // Taps at -2 and 2 of two columns: none inside. At -1 and 3; at 0 and 4 the first is inside.
    let empty = MaxPool2d::new([1, 2]).stride([1, 1]).padding([0, 2]).dilation([1, 4]);
    let expected = [u32::MAX, u32::MAX];
    let expected = Array4::from_shape_fn([1, 1, 1, 2], |(_, _, _, x)| expected[x]);
    on_every_runner("max_pool2d", |runner| {
        let (output, found) =
            runner.max_pool2d_with_indices(&empty, &row([5.0, NAN])).map_err(text)?;
        identical("empty", &output, &row([LOW, LOW]))?;
        indices("empty", &found, &expected)
    });
    on_every_gradient_runner("max_pool2d", |runner| {
        let grad_output = row([3.0, 4.0]);
        let grad_input = runner
            .max_pool2d_backward(&empty, Shape::new(1, 1, 1, 2), &expected, &grad_output)
            .map_err(text)?;
        equal("empty", &grad_input, &row([0.0, 0.0]))
    });
}

#[test]
fn mistake_10_pooling_knows_dilation() {
    // Taps 0, 3 of rows and 0, 2, 4 of columns: (7 - 4) / 1 + 1 = 4 x (6 - 5) / 1 + 1 = 2 windows,
    // each of increasing numbers, so the last tap wins.
    let pool = MaxPool2d::new([2, 3]).stride([1, 1]).dilation([3, 2]);
    let input = counting([1, 1, 7, 6]);
    on_every_runner("max_pool2d", |runner| {
        let output = runner.max_pool2d(&pool, &input).map_err(text)?;
        equal("last", &output, &plane([[23.0, 24.0], [29.0, 30.0], [35.0, 36.0], [41.0, 42.0]]))?;
        let output = runner.max_pool2d(&pool, &input.mapv(|value| -value)).map_err(text)?;
        equal(
            "first",
            &output,
            &plane([[-1.0, -2.0], [-7.0, -8.0], [-13.0, -14.0], [-19.0, -20.0]]),
        )
    });
    // Padding is limited by half of what the dilated kernel spans: 5 / 2, not 2 / 2.
    let pool = MaxPool2d::new([2, 1]).stride([1, 1]).dilation([4, 1]);
    assert!(pool.clone().padding([2, 0]).output_shape([1, 1, 5, 3]).is_ok());
    assert!(pool.padding([3, 0]).output_shape([1, 1, 5, 3]).is_err());
}

#[test]
fn mistake_11_gradients_of_unvisited_rows_and_of_stride_with_dilation_and_groups() {
    // Rows 0 and 3 are visited by stride 3, of 5; the last column, of 4, by none.
    let conv = Conv2d::new(1, 1, [1, 2]).stride([3, 2]);
    let input = counting([1, 1, 5, 5]);
    on_every_gradient_runner("conv2d", |runner| {
        let (grad_input, grad_weight, _) = runner
            .conv2d_backward(&conv, &input, &row([10.0, 1.0]), &plane([[1.0, 2.0], [3.0, 4.0]]))
            .map_err(text)?;
        equal(
            "unvisited",
            &grad_input,
            &plane([
                [10.0, 1.0, 20.0, 2.0, 0.0],
                [0.0, 0.0, 0.0, 0.0, 0.0],
                [0.0, 0.0, 0.0, 0.0, 0.0],
                [30.0, 3.0, 40.0, 4.0, 0.0],
                [0.0, 0.0, 0.0, 0.0, 0.0],
            ]),
        )?;
        // 1*1 + 2*3 + 3*16 + 4*18 and 1*2 + 2*4 + 3*17 + 4*19.
        equal("grad_weight", &grad_weight, &row([127.0, 137.0]))
    });
    // Two groups; stride 3 and dilation 2 along the row: output j reads 3j and 3j + 2.
    let conv = Conv2d::new(2, 2, [1, 2]).stride([1, 3]).dilation([1, 2]).groups(2);
    let input = counting([1, 2, 1, 6]);
    let weight = Array4::from_shape_vec([2, 1, 1, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let grad_output = Array4::from_shape_vec([1, 2, 1, 2], vec![1.0, 10.0, 100.0, 1000.0]).unwrap();
    on_every_gradient_runner("conv2d", |runner| {
        let (grad_input, grad_weight, grad_bias) =
            runner.conv2d_backward(&conv, &input, &weight, &grad_output).map_err(text)?;
        let expected = [[1.0, 0.0, 2.0, 10.0, 0.0, 20.0], [300.0, 0.0, 400.0, 3000.0, 0.0, 4000.0]];
        let expected = Array4::from_shape_fn([1, 2, 1, 6], |(_, c, _, x)| expected[c][x]);
        equal("grad_input", &grad_input, &expected)?;
        // Group 0: 1*1 + 10*4 and 1*3 + 10*6; group 1: 100*7 + 1000*10 and 100*9 + 1000*12.
        let expected = vec![41.0, 63.0, 10_700.0, 12_900.0];
        let expected = Array4::from_shape_vec([2, 1, 1, 2], expected).unwrap();
        equal("grad_weight", &grad_weight, &expected)?;
        equal("grad_bias", &grad_bias, &array![11.0_f32, 1100.0])
    });
}

#[test]
fn mistake_12_an_empty_batch_one_pixel_and_a_kernel_as_large_as_the_padded_input() {
    let conv = Conv2d::new(3, 2, [3, 2]).padding([1, 1]);
    let (weight, bias) = (counting([2, 3, 3, 2]), array![100.0_f32, 200.0]);
    on_every_runner("conv2d", |runner| {
        let empty = Array4::zeros([0, 3, 5, 4]);
        let output = runner.conv2d(&conv, &empty, &weight, Some(&bias)).map_err(text)?;
        equal("empty", &output, &Array4::<f32>::zeros([0, 2, 5, 5]))?;
        // One pixel under 3 x 2 with a ring of zeros: two columns see it by taps (1, 1) and (1, 0).
        let pixel = Array4::from_shape_vec([1, 3, 1, 1], vec![1.0, 10.0, 100.0]).unwrap();
        let output = runner.conv2d(&conv, &pixel, &weight, Some(&bias)).map_err(text)?;
        let expected = vec![
            100.0 + 4.0 + 100.0 + 1600.0,
            100.0 + 3.0 + 90.0 + 1500.0,
            200.0 + 22.0 + 280.0 + 3400.0,
            200.0 + 21.0 + 270.0 + 3300.0,
        ];
        equal("pixel", &output, &Array4::from_shape_vec([1, 2, 1, 2], expected).unwrap())?;
        // A kernel of 4 x 5 over 2 x 3 with a ring of zeros: the input under its middle.
        let whole = Conv2d::new(1, 1, [4, 5]).padding([1, 1]);
        let output = runner
            .conv2d(&whole, &counting([1, 1, 2, 3]), &counting([1, 1, 4, 5]), None)
            .map_err(text)?;
        // 1*7 + 2*8 + 3*9 + 4*12 + 5*13 + 6*14.
        equal("whole", &output, &row([247.0]))
    });
    on_every_gradient_runner("conv2d", |runner| {
        let (input, grad_output) = (Array4::zeros([0, 3, 5, 4]), Array4::zeros([0, 2, 5, 5]));
        let (grad_input, grad_weight, grad_bias) =
            runner.conv2d_backward(&conv, &input, &weight, &grad_output).map_err(text)?;
        equal("grad_input", &grad_input, &input)?;
        equal("grad_weight", &grad_weight, &Array4::<f32>::zeros(weight.dim()))?;
        equal("grad_bias", &grad_bias, &Array1::<f32>::zeros(2))
    });
    for (operation, shape) in [("max_pool2d", [0, 3, 5, 4]), ("avg_pool2d", [0, 3, 5, 4])] {
        on_every_runner(operation, |runner| {
            let empty = Array4::zeros(shape);
            let output = match operation {
                "max_pool2d" => runner.max_pool2d(&MaxPool2d::new([2, 3]), &empty),
                _ => runner.avg_pool2d(&AvgPool2d::new([2, 3]), &empty),
            };
            equal(operation, &output.map_err(text)?, &Array4::<f32>::zeros([0, 3, 2, 1]))
        });
    }
}

#[test]
fn mistake_13_channel_counts_that_no_vector_width_divides() {
    for (in_channels, out_channels) in [(1, 1), (2, 3), (3, 5), (5, 2), (6, 7), (7, 9), (13, 17)] {
        // All ones: every output counts the input channels, plus its own number by the bias.
        let conv = Conv2d::new(in_channels, out_channels, [1, 2]);
        let bias = Array1::from_shape_fn(out_channels, |channel| 100.0 * channel as f32);
        let expected = Array4::from_shape_fn([2, out_channels, 3, 4], |(_, channel, _, _)| {
            (2 * in_channels + 100 * channel) as f32
        });
        on_every_runner("conv2d", |runner| {
            let (input, weight) = (
                Array4::ones([2, in_channels, 3, 5]),
                Array4::ones([out_channels, in_channels, 1, 2]),
            );
            let output = runner.conv2d(&conv, &input, &weight, Some(&bias)).map_err(text)?;
            equal(&format!("{in_channels} to {out_channels}"), &output, &expected)
        });
    }
}

#[test]
fn mistake_14_more_workgroups_and_elements_than_one_dimension_of_a_grid_takes() {
    // More planes, and more rows, than the 65 535 workgroups of a dimension; and more elements
    // than 65 535 workgroups of 64.
    for shape in [[1, 70_001, 2, 3], [70_001, 1, 2, 3], [1, 1, 70_001, 3], [1, 1, 2100, 2003]] {
        let [batch, channels, height, width] = shape;
        let input = Array4::from_shape_fn(shape, |(n, c, y, x)| ((n + c + 3 * y + x) % 251) as f32);
        let pool = MaxPool2d::new([2, 1]).stride([1, 1]);
        let expected =
            Array4::from_shape_fn([batch, channels, height - 1, width], |(n, c, y, x)| {
                input[[n, c, y, x]].max(input[[n, c, y + 1, x]])
            });
        on_every_runner("max_pool2d", |runner| {
            equal("maxima", &runner.max_pool2d(&pool, &input).map_err(text)?, &expected)
        });
        let pool = AvgPool2d::new([2, 1]).stride([1, 1]).divisor_override(1);
        let expected =
            Array4::from_shape_fn([batch, channels, height - 1, width], |(n, c, y, x)| {
                input[[n, c, y, x]] + input[[n, c, y + 1, x]]
            });
        on_every_runner("avg_pool2d", |runner| {
            equal("sums", &runner.avg_pool2d(&pool, &input).map_err(text)?, &expected)
        });
        let conv = Conv2d::new(channels, channels, [2, 1]).groups(channels);
        let weight = Array4::ones([channels, 1, 2, 1]);
        on_every_runner("conv2d", |runner| {
            equal("sums", &runner.conv2d(&conv, &input, &weight, None).map_err(text)?, &expected)
        });
    }
    // Counts beyond u32 and beyond usize are errors, not wrapped products.
    let huge = 1 << 33;
    let conv = Conv2d::new(1, 1, [1, 1]).padding([huge, huge]);
    assert!(conv.output_shape([1, 1, 3, 5]).is_err());
    let conv = Conv2d::new(1, 1, [usize::MAX, 2]).dilation([usize::MAX, 1]);
    assert!(conv.output_shape([1, 1, 3, 5]).is_err());
    let pool = MaxPool2d::new([2, 3]).stride([usize::MAX, usize::MAX]).ceil_mode(true);
    assert!(pool.output_shape([1, 1, 3, 5]).is_err());
}

#[test]
fn an_infinite_weight_over_zero_padding_gives_no_nan() {
    let conv = Conv2d::new(1, 1, [1, 2]).padding(Padding::sides(0, 0, 1, 0));
    on_every_runner("conv2d", |runner| {
        let output = runner
            .conv2d(&conv, &row([2.0, 3.0]), &row([f32::INFINITY, 1.0]), None)
            .map_err(text)?;
        equal("output", &output, &row([2.0, f32::INFINITY]))
    });
}

#[test]
fn the_numbers_above_are_the_references_too() {
    // The reference and a runner may not share a mistake: one of each kind by hand.
    let input = plane([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).mapv(f64::from);
    let conv = Conv2d::new(1, 1, [2, 2]).stride([1, 1]);
    let weight = array![[[[1.0, 0.0], [0.0, -1.0]]]];
    let output = reference::conv2d(&conv, input.view(), weight.view(), None).unwrap();
    equal("output", &rounded(&output), &row([-4.0, -4.0])).unwrap();
}
