//! Poolings whose windows have more taps, and gradients whose cells lie in more windows, than one
//! invocation may go through.

use filtro::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Device, DeviceKind, Error,
    MaxPool2d, Tensor,
};
use ndarray::{Array4, s};

use crate::compare::{U, equal, within};
use crate::tested::tested;

/// The CPU, the adapter as planned, and with each algorithm that serves long windows.
fn devices() -> [(Device, Option<Algorithm>); 4] {
    [
        (Device::cpu(), None),
        (tested().clone(), None),
        (tested().clone(), Some(Algorithm::General)),
        (tested().clone(), Some(Algorithm::Separable)),
    ]
}

/// Runs a check on everything; what a pinned algorithm does not serve is passed over, but one that
/// serves nothing fails.
fn on_every_device(check: impl Fn(&Device, Option<Algorithm>) -> Result<(), Error>) {
    for (device, algorithm) in devices() {
        match check(&device, algorithm) {
            Err(Error::Unsupported { .. }) if algorithm == Some(Algorithm::Separable) => {}
            result => result.unwrap_or_else(|error| panic!("{device}, {algorithm:?}: {error}")),
        }
    }
}

/// Zeros with a one as the last.
fn one_at_the_end(shape: [usize; 4]) -> Array4<f32> {
    let mut input = Array4::zeros(shape);
    *input.last_mut().unwrap() = 1.0;
    input
}

fn same(device: &Device, output: &Tensor, expected: &Array4<f32>) -> Result<(), Error> {
    equal(&device.to_string(), &output.download()?, expected)
        .unwrap_or_else(|error| panic!("{error}"));
    Ok(())
}

#[test]
fn the_last_cell_of_a_large_plane_is_its_maximum() {
    // Of one window, of windows side by side, of a single row, of a single column.
    for shape in [[1, 1, 256, 256], [2, 3, 300, 251], [1, 2, 1, 70_001], [1, 1, 140_003, 1]] {
        let input = one_at_the_end(shape);
        let [batch, channels, height, width] = shape;
        let last = (height * width - 1) as u32;
        let mut expected = Array4::zeros([batch, channels, 1, 1]);
        *expected.last_mut().unwrap() = 1.0;
        on_every_device(|device, algorithm| {
            let x = device.upload(&input)?;
            for (output, indices) in [
                AdaptiveMaxPool2d::global().algorithm(algorithm).forward_with_indices(&x)?,
                MaxPool2d::new([height, width]).algorithm(algorithm).forward_with_indices(&x)?,
            ] {
                same(device, &output, &expected)?;
                let indices = indices.download()?;
                assert_eq!(indices.iter().last(), Some(&last), "{device} {shape:?}");
                // Planes of equal numbers have their maximum at the first.
                let others = indices.iter().take(batch * channels - 1);
                assert!(others.eq(std::iter::repeat_n(&0, batch * channels - 1)), "{device}");
            }
            same(device, &AdaptiveMaxPool2d::global().algorithm(algorithm).forward(&x)?, &expected)
        });
    }
}

#[test]
fn the_last_nan_of_a_long_window_is_its_maximum_else_the_first_of_equals() {
    let mut input = Array4::from_elem([1, 1, 271, 263], f32::NEG_INFINITY);
    let index = |input: &Array4<f32>, device: &Device, algorithm: Option<Algorithm>| {
        let x = device.upload(input)?;
        let (output, indices) =
            AdaptiveMaxPool2d::global().algorithm(algorithm).forward_with_indices(&x)?;
        Ok::<_, Error>((output.download()?[[0, 0, 0, 0]], indices.download()?[[0, 0, 0, 0]]))
    };
    on_every_device(|device, algorithm| {
        assert_eq!(index(&input, device, algorithm)?, (f32::NEG_INFINITY, 0), "{device}");
        Ok(())
    });
    for (y, x) in [(130, 200), (130, 201), (200, 3)] {
        input[[0, 0, y, x]] = 7.0;
    }
    input[[0, 0, 131, 0]] = -0.0;
    on_every_device(|device, algorithm| {
        assert_eq!(index(&input, device, algorithm)?, (7.0, 130 * 263 + 200), "{device}");
        Ok(())
    });
    for (y, x) in [(3, 200), (140, 262), (141, 5), (141, 69)] {
        input[[0, 0, y, x]] = f32::NAN;
    }
    on_every_device(|device, algorithm| {
        let (value, index) = index(&input, device, algorithm)?;
        assert!(value.is_nan() && index == 141 * 263 + 69, "{device}: {value} {index}");
        Ok(())
    });
}

#[test]
fn every_window_of_256_by_256_sees_its_last_cell() {
    let input = one_at_the_end([1, 1, 257, 258]);
    let pool = MaxPool2d::new([256, 256]).stride([1, 1]);
    let expected = one_at_the_end([1, 1, 2, 3]);
    on_every_device(|device, algorithm| {
        let x = device.upload(&input)?;
        same(device, &pool.clone().algorithm(algorithm).forward(&x)?, &expected)
    });
}

/// All are one: WGSL lets a division be off by 2.5 units of the last place, and a mean of means has two.
fn all_ones(device: &Device, output: &Tensor) -> Result<(), Error> {
    let expected = Array4::ones(output.shape().dims());
    if device.info().kind != DeviceKind::Gpu {
        return same(device, output, &expected);
    }
    let tolerance = Array4::from_elem(output.shape().dims(), 10.0 * U);
    within(&device.to_string(), &output.download()?, &expected.mapv(f64::from), &tolerance)
        .unwrap_or_else(|error| panic!("{error}"));
    Ok(())
}

#[test]
fn the_mean_of_many_ones_is_one() {
    for shape in [[1, 1, 512, 512], [1, 2, 1500, 1503], [1, 1, 1, 140_002], [1, 1, 70_004, 2]] {
        let input = Array4::ones(shape);
        let [_, _, height, width] = shape;
        on_every_device(|device, algorithm| {
            let x = device.upload(&input)?;
            let output = AdaptiveAvgPool2d::global().algorithm(algorithm).forward(&x)?;
            all_ones(device, &output)?;
            let output = AdaptiveAvgPool2d::new([1, 2]).algorithm(algorithm).forward(&x)?;
            all_ones(device, &output)?;
            let half = [height.div_ceil(2), width.div_ceil(2)];
            let stride = half.map(|size| size.div_ceil(3));
            let output = AvgPool2d::new(half).stride(stride).algorithm(algorithm).forward(&x)?;
            all_ones(device, &output)
        });
    }
}

#[test]
fn averages_of_long_windows_count_what_they_should() {
    // 300 of 600 rows and columns with a padding of 100: windows of 200 to 300 by 200 to 300 ones.
    let input = Array4::<f32>::ones([1, 1, 600, 640]);
    let pool = AvgPool2d::new([300, 320]).stride([100, 160]).padding([100, 160]);
    let counts = |size: usize, kernel: usize, stride: usize, pad: usize, at: usize| {
        let start = at * stride;
        ((start + kernel).min(pad + size) - start.max(pad)) as f32 / kernel as f32
    };
    let expected = Array4::from_shape_fn([1, 1, 6, 5], |(_, _, y, x)| {
        counts(600, 300, 100, 100, y) * counts(640, 320, 160, 160, x)
    });
    let tolerance = expected.mapv(|y| 8.0 * U * f64::from(y));
    on_every_device(|device, algorithm| {
        let x = device.upload(&input)?;
        let output = pool.clone().algorithm(algorithm).forward(&x)?.download()?;
        let expected = expected.mapv(f64::from);
        within("include", &output, &expected, &tolerance).unwrap_or_else(|error| panic!("{error}"));
        let inside = pool.clone().count_include_pad(false).algorithm(algorithm).forward(&x)?;
        all_ones(device, &inside)
    });
}

/// How many windows of a kernel that is half as long as its axis contain a cell of the axis.
fn windows(at: usize, kernel: usize) -> usize {
    at.min(kernel) + 1 - at.saturating_sub(kernel - 1)
}

#[test]
fn a_cell_collects_the_gradients_of_more_windows_than_an_invocation_goes_through() {
    let kernel @ [height, width] = [258, 255];
    let count = (height * width) as f32;
    assert!(count > 65_535.0);
    let shape = [1, 1, 2 * height, 2 * width];
    let grad_output = Array4::<f32>::ones([1, 1, height + 1, width + 1]);
    let pool = AvgPool2d::new(kernel).stride([1, 1]).divisor_override(1);
    let expected = Array4::from_shape_fn(shape, |(_, _, y, x)| {
        (windows(y, height) * windows(x, width)) as f32
    });
    assert_eq!(expected[[0, 0, height, width]], count);
    let mut input = Array4::<f32>::zeros(shape);
    input[[0, 0, height, width]] = 1.0;
    // All windows but those of the first row and column see the one; they see zeros, of which the
    // first wins.
    let mut won = Array4::<f32>::zeros(shape);
    won[[0, 0, height, width]] = count;
    won.slice_mut(s![0, 0, 0, ..=width]).fill(1.0);
    won.slice_mut(s![0, 0, ..=height, 0]).fill(1.0);
    for device in [Device::cpu(), tested().clone()] {
        let grad = device.upload(&grad_output).unwrap();
        let grad_input = pool.grad_input(shape, &grad).unwrap();
        same(&device, &grad_input, &expected).unwrap();
        let max = MaxPool2d::new(kernel).stride([1, 1]);
        let (_, indices) = max.forward_with_indices(&device.upload(&input).unwrap()).unwrap();
        let grad_input = max.grad_input(shape, &indices, &grad).unwrap();
        same(&device, &grad_input, &won).unwrap();
    }
}

#[test]
fn a_cell_collects_the_gradients_of_70_000_windows_of_one_row_or_column() {
    for output_size in [[1, 70_001], [70_001, 1], [270, 280]] {
        let [height, width] = output_size;
        let (max, average) =
            (AdaptiveMaxPool2d::new(output_size), AdaptiveAvgPool2d::new(output_size));
        let ones = Array4::<f32>::ones([1, 1, height, width]);
        let expected = Array4::from_elem([1, 1, 1, 1], (height * width) as f32);
        for device in [Device::cpu(), tested().clone()] {
            let x = device.upload(&Array4::<f32>::zeros([1, 1, 1, 1])).unwrap();
            let grad = device.upload(&ones).unwrap();
            let (_, indices) = max.forward_with_indices(&x).unwrap();
            let grad_input = max.grad_input(x.shape(), &indices, &grad).unwrap();
            same(&device, &grad_input, &expected).unwrap();
            let grad_input = average.grad_input(x.shape(), &grad).unwrap();
            same(&device, &grad_input, &expected).unwrap();
        }
    }
}
