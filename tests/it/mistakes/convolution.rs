//! Mistakes in convolution.

use filtro::{Conv2d, Padding, PaddingMode};
use ndarray::{Array1, Array4, array};

use super::{counting, on_every_gradient_runner, on_every_runner, plane, row, text};
use crate::compare::equal;

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
        let output = runner.convolve(&conv, &input, &ones, None).map_err(text)?;
        equal("even", &output, &row([111.0, 1111.0, 11_110.0, 11_100.0, 11_000.0]))?;
        let taps = Array4::ones([1, 1, 1, 2]);
        let output = runner.convolve(&dilated, &input, &taps, None).map_err(text)?;
        equal("dilated", &output, &row([100.0, 1001.0, 10_010.0, 100.0, 1000.0]))?;
        let (input, taps) = (plane([[1.0], [10.0], [100.0]]), Array4::ones([1, 1, 4, 1]));
        let output = runner.convolve(&upright, &input, &taps, None).map_err(text)?;
        equal("upright", &output, &plane([[111.0], [111.0], [110.0]]))
    });
}

#[test]
fn mistake_03_same_of_a_stride_depends_on_the_input() {
    // ceil(5 / 2) = 3 windows of 4 at stride 2 span 8, 3 more than 5: 1 and 2, or 2 and 1.
    // ceil(6 / 2) = 3 windows span 8 again, 2 more than 6: 1 and 1 of both.
    let of = |padding| Conv2d::new(1, 1, [1, 4]).stride([1, 2]).padding(padding);
    let tall = |padding| Conv2d::new(1, 1, [2, 1]).stride([3, 1]).padding(padding);
    let (ones, upright) = (Array4::ones([1, 1, 1, 4]), Array4::ones([1, 1, 2, 1]));
    let five = row([1.0, 10.0, 100.0, 1000.0, 10_000.0]);
    let six = row([1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0]);
    let four = plane([[1.0], [10.0], [100.0], [1000.0]]);
    on_every_runner("conv2d", |runner| {
        let convolve = |conv: &_, input: &_, weight: &_| {
            runner.convolve(conv, input, weight, None).map_err(text)
        };
        let output = convolve(&of(Padding::SameUpper), &five, &ones)?;
        equal("upper of 5", &output, &row([111.0, 11_110.0, 11_000.0]))?;
        let output = convolve(&of(Padding::SameLower), &five, &ones)?;
        equal("lower of 5", &output, &row([11.0, 1111.0, 11_100.0]))?;
        for padding in [Padding::SameUpper, Padding::SameLower] {
            let output = convolve(&of(padding), &six, &ones)?;
            equal("6", &output, &row([111.0, 11_110.0, 111_000.0]))?;
        }
        // ceil(4 / 3) = 2 windows at stride 3 span 5, one more than 4.
        let output = convolve(&tall(Padding::SameUpper), &four, &upright)?;
        equal("rows upper", &output, &plane([[11.0], [1000.0]]))?;
        let output = convolve(&tall(Padding::SameLower), &four, &upright)?;
        equal("rows lower", &output, &plane([[1.0], [1100.0]]))
    });
    on_every_gradient_runner("conv2d", |runner| {
        let grad_output = row([1.0, 10.0, 100.0]);
        let backward = |padding| {
            runner.convolve_backward(&of(padding), &five, &ones, &grad_output).map_err(text)
        };
        let (upper, ..) = backward(Padding::SameUpper)?;
        equal("upper", &upper, &row([1.0, 11.0, 11.0, 110.0, 110.0]))?;
        let (lower, ..) = backward(Padding::SameLower)?;
        equal("lower", &lower, &row([11.0, 11.0, 110.0, 110.0, 100.0]))
    });
    // Where a stride leaves out the end, nothing is padded: 2 windows of 1 at 0 and 4 of 7.
    let sparse = Conv2d::new(1, 1, [1, 1]).stride([1, 4]);
    let input = counting([1, 1, 1, 7]);
    on_every_runner("conv2d", |runner| {
        for padding in [Padding::SameUpper, Padding::SameLower] {
            let conv = sparse.clone().padding(padding);
            let one = Array4::ones([1, 1, 1, 1]);
            let output = runner.convolve(&conv, &input, &one, None).map_err(text)?;
            equal("sparse", &output, &row([1.0, 5.0]))?;
        }
        Ok(())
    });
    // A padding mode limits the pads: 3 columns need 1 and 2, 2 columns 1 and 1, 1 column 1 and 2.
    let reflected = |width: usize, padding| {
        let conv = of(padding).padding_mode(PaddingMode::Reflect);
        conv.output_shape([1, 1, 1, width]).is_ok()
    };
    assert!(reflected(3, Padding::SameUpper) && reflected(3, Padding::SameLower));
    assert!(reflected(2, Padding::SameUpper) && reflected(2, Padding::SameLower));
    assert!(!reflected(1, Padding::SameUpper) && !reflected(1, Padding::SameLower));
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
        equal("output", &runner.convolve(&conv, &input, &weight, None).map_err(text)?, &expected)
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
        equal("output", &runner.convolve(&conv, &input, &weight, None).map_err(text)?, &expected)
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
            let output = runner.convolve(&conv, &input, &one, None).map_err(text)?;
            equal(mode.name(), &output, &row(padded))
        });
        on_every_gradient_runner("conv2d", |runner| {
            let ones = Array4::ones([1, 1, 1, 8]);
            let (grad_input, grad_weight, grad_bias) =
                runner.convolve_backward(&conv, &input, &one, &ones).map_err(text)?;
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
            let gradients =
                runner.convolve_backward(&same, &input, &weight, &ones).map_err(text)?;
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
            let output = runner.convolve(&conv, &input, &one, None).map_err(text)?;
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
fn mistake_11_gradients_of_unvisited_rows_and_of_stride_with_dilation_and_groups() {
    // Rows 0 and 3 are visited by stride 3, of 5; the last column, of 4, by none.
    let conv = Conv2d::new(1, 1, [1, 2]).stride([3, 2]);
    let input = counting([1, 1, 5, 5]);
    on_every_gradient_runner("conv2d", |runner| {
        let (grad_input, grad_weight, _) = runner
            .convolve_backward(&conv, &input, &row([10.0, 1.0]), &plane([[1.0, 2.0], [3.0, 4.0]]))
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
            runner.convolve_backward(&conv, &input, &weight, &grad_output).map_err(text)?;
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
            let output = runner.convolve(&conv, &input, &weight, Some(&bias)).map_err(text)?;
            equal(&format!("{in_channels} to {out_channels}"), &output, &expected)
        });
    }
}

#[test]
fn an_infinite_weight_over_zero_padding_gives_no_nan() {
    let conv = Conv2d::new(1, 1, [1, 2]).padding(Padding::sides(0, 0, 1, 0));
    on_every_runner("conv2d", |runner| {
        let output = runner
            .convolve(&conv, &row([2.0, 3.0]), &row([f32::INFINITY, 1.0]), None)
            .map_err(text)?;
        equal("output", &output, &row([2.0, f32::INFINITY]))
    });
}
