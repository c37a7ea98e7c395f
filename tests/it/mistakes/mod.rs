//! The mistakes that others have made, one test each, with numbers derived by hand: they hold
//! whatever the reference says.

mod convolution;
mod pooling;

use filtro::{AvgPool2d, Conv2d, MaxPool2d};
use ndarray::{Array, Array1, Array4, array};

use crate::compare::equal;
use crate::runner::{GradientRunner, Runner, general_gradient_runners, general_runners};

/// Runs a check on everything that serves any problem of an operation.
fn on_every_runner(operation: &str, check: impl Fn(&dyn Runner) -> Result<(), String>) {
    for runner in general_runners(operation) {
        if let Err(message) = check(runner.as_ref()) {
            panic!("{}: {message}", runner.name());
        }
    }
}

fn on_every_gradient_runner(
    operation: &str,
    check: impl Fn(&dyn GradientRunner) -> Result<(), String>,
) {
    for runner in general_gradient_runners(operation) {
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
        equal("output", &runner.convolve(&conv, &input, &weight, None).map_err(text)?, &expected)
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
        equal("output", &runner.pool(&pool, &input).map_err(text)?, &expected)
    });
}

#[test]
fn mistake_12_an_empty_batch_one_pixel_and_a_kernel_as_large_as_the_padded_input() {
    let conv = Conv2d::new(3, 2, [3, 2]).padding([1, 1]);
    let (weight, bias) = (counting([2, 3, 3, 2]), array![100.0_f32, 200.0]);
    on_every_runner("conv2d", |runner| {
        let empty = Array4::zeros([0, 3, 5, 4]);
        let output = runner.convolve(&conv, &empty, &weight, Some(&bias)).map_err(text)?;
        equal("empty", &output, &Array4::<f32>::zeros([0, 2, 5, 5]))?;
        // One pixel under 3 x 2 with a ring of zeros: two columns see it by taps (1, 1) and (1, 0).
        let pixel = Array4::from_shape_vec([1, 3, 1, 1], vec![1.0, 10.0, 100.0]).unwrap();
        let output = runner.convolve(&conv, &pixel, &weight, Some(&bias)).map_err(text)?;
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
            .convolve(&whole, &counting([1, 1, 2, 3]), &counting([1, 1, 4, 5]), None)
            .map_err(text)?;
        // 1*7 + 2*8 + 3*9 + 4*12 + 5*13 + 6*14.
        equal("whole", &output, &row([247.0]))
    });
    on_every_gradient_runner("conv2d", |runner| {
        let (input, grad_output) = (Array4::zeros([0, 3, 5, 4]), Array4::zeros([0, 2, 5, 5]));
        let (grad_input, grad_weight, grad_bias) =
            runner.convolve_backward(&conv, &input, &weight, &grad_output).map_err(text)?;
        equal("grad_input", &grad_input, &input)?;
        equal("grad_weight", &grad_weight, &Array4::<f32>::zeros(weight.dim()))?;
        equal("grad_bias", &grad_bias, &Array1::<f32>::zeros(2))
    });
    for (operation, shape) in [("max_pool2d", [0, 3, 5, 4]), ("avg_pool2d", [0, 3, 5, 4])] {
        on_every_runner(operation, |runner| {
            let empty = Array4::zeros(shape);
            let output = match operation {
                "max_pool2d" => runner.pool(&MaxPool2d::new([2, 3]), &empty),
                _ => runner.pool(&AvgPool2d::new([2, 3]), &empty),
            };
            equal(operation, &output.map_err(text)?, &Array4::<f32>::zeros([0, 3, 2, 1]))
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
            equal("maxima", &runner.pool(&pool, &input).map_err(text)?, &expected)
        });
        let pool = AvgPool2d::new([2, 1]).stride([1, 1]).divisor_override(1);
        let expected =
            Array4::from_shape_fn([batch, channels, height - 1, width], |(n, c, y, x)| {
                input[[n, c, y, x]] + input[[n, c, y + 1, x]]
            });
        on_every_runner("avg_pool2d", |runner| {
            equal("sums", &runner.pool(&pool, &input).map_err(text)?, &expected)
        });
        let conv = Conv2d::new(channels, channels, [2, 1]).groups(channels);
        let weight = Array4::ones([channels, 1, 2, 1]);
        on_every_runner("conv2d", |runner| {
            equal("sums", &runner.convolve(&conv, &input, &weight, None).map_err(text)?, &expected)
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
