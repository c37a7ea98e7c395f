//! Sizes and options that nobody means: every device answers with the same numbers or the same
//! error, in a time that its tensors explain. Only what a GPU has no room for may differ.

use filtro::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, Device, Error, Limits, PaddingMode, Result, Shape, Tensor,
};
use proptest::test_runner::TestCaseError;

use crate::case::{Case, Data, Operation, Random, Stream};
use crate::options::Kind;
use crate::tested::tested;

/// The most elements of a tensor that a case is run with.
const MOST_ELEMENTS: usize = 1 << 20;

/// The most terms that all outputs together are made of.
const MOST_TERMS: usize = 1 << 25;

/// One result of a case: what it is, its shape and its elements.
type Answer = (&'static str, Result<(Shape, Vec<f32>)>);

pub fn check(case: &Case) -> std::result::Result<(), TestCaseError> {
    let shape = case.operation.output_shape(case.input);
    for limits in [Limits::webgpu(), Limits::webgpu().with_software()] {
        let plan = plan(&case.operation, case.input, &limits);
        if let (Err(expected), Some(Ok(()))) = (&shape, &plan) {
            return Err(TestCaseError::fail(format!("planned, but there is no shape: {expected}")));
        }
    }
    if !is_small(case, &shape) {
        return Ok(());
    }
    let [cpu, gpu] = [Device::cpu(), tested().clone()].map(|device| answers(&device, case));
    for ((what, cpu), (_, gpu)) in cpu.iter().zip(&gpu) {
        same(cpu, gpu).map_err(|message| TestCaseError::fail(format!("{what}: {message}")))?;
    }
    if cpu.len() != gpu.len() && gpu.iter().all(|(_, answer)| answer.is_ok()) {
        return Err(TestCaseError::fail("a device stops early"));
    }
    Ok(())
}

/// Whether two devices give the same.
fn same(
    cpu: &Result<(Shape, Vec<f32>)>,
    gpu: &Result<(Shape, Vec<f32>)>,
) -> std::result::Result<(), String> {
    let no_room = |error: &Error| {
        matches!(
            error,
            Error::DeviceLimit { .. } | Error::OutOfMemory { .. } | Error::Unsupported { .. }
        )
    };
    match (cpu, gpu) {
        (_, Err(error)) if no_room(error) => Ok(()),
        (Err(cpu), Err(gpu)) if cpu == gpu => Ok(()),
        (Ok((shape, cpu)), Ok((gpu_shape, gpu))) => {
            if shape != gpu_shape || cpu.len() != gpu.len() {
                return Err(format!("{shape} on the CPU, {gpu_shape} on the GPU"));
            }
            let largest = cpu.iter().filter(|value| value.is_finite());
            let largest = largest.fold(1.0_f32, |most, value| most.max(value.abs()));
            match cpu.iter().zip(gpu).position(|(cpu, gpu)| !near(*cpu, *gpu, largest * 1e-5)) {
                None => Ok(()),
                Some(at) => {
                    Err(format!("{} is {} on the CPU, {} on the GPU", at, cpu[at], gpu[at]))
                }
            }
        }
        (cpu, gpu) => {
            let words = |answer: &Result<(Shape, Vec<f32>)>| match answer {
                Ok((shape, _)) => format!("an output of {shape}"),
                Err(error) => error.to_string(),
            };
            Err(format!("{} on the CPU, {} on the GPU", words(cpu), words(gpu)))
        }
    }
}

fn near(a: f32, b: f32, tolerance: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance
}

/// The plan of an operation that has one.
fn plan(operation: &Operation, input: [usize; 4], limits: &Limits) -> Option<Result<()>> {
    let plan = match operation {
        Operation::Conv2d { options, .. } => options.plan(input, limits),
        Operation::MaxPool2d(options) => options.plan(input, limits),
        Operation::AvgPool2d(options) => options.plan(input, limits),
        Operation::AdaptiveAvgPool2d(options) => options.plan(input, limits),
        Operation::AdaptiveMaxPool2d(options) => options.plan(input, limits),
        Operation::ConvTranspose2d { .. } | Operation::Activation(_) => return None,
    };
    Some(plan.map(|_| ()))
}

fn len(shape: impl Into<Shape>) -> usize {
    let dims = shape.into().dims();
    if dims.contains(&0) { 0 } else { dims.into_iter().fold(1, usize::saturating_mul) }
}

/// Whether the tensors fit and the work is that of a moment.
fn is_small(case: &Case, shape: &Result<Shape>) -> bool {
    let none = Shape::new(0, 0, 0, 0);
    let shape = shape.as_ref().unwrap_or(&none);
    let [batch, _, height, width] = case.input;
    // A window of a pooling reads no more than the input has.
    let inside = |kernel: [usize; 2]| kernel[0].min(height).saturating_mul(kernel[1].min(width));
    // Forward and of each gradient: a tap reads zeros, or one of the input's cells for an output.
    let convolution =
        |mode: PaddingMode, in_channels: usize, out_channels: usize, weight: Shape| {
            let kernel = [weight.height, weight.width];
            let output = [shape.height, shape.width];
            let fewer =
                |a: [usize; 2], b: [usize; 2]| a[0].min(b[0]).saturating_mul(a[1].min(b[1]));
            let read = if mode == PaddingMode::Zeros { [height, width] } else { [usize::MAX; 2] };
            let of_output = fewer(kernel, read).saturating_mul(in_channels);
            let of_input = fewer(kernel, output).saturating_mul(out_channels);
            let of_weight = fewer(output, read).saturating_mul(batch);
            let terms =
                [(len(*shape), of_output), (len(case.input), of_input), (len(weight), of_weight)];
            terms.into_iter().fold(0, |most, (sums, each)| most.max(sums.saturating_mul(each)))
        };
    let (weight, terms) = match &case.operation {
        Operation::Conv2d { options, .. } => {
            let weight = options.weight_shape().unwrap_or(none);
            let (in_channels, out_channels) = (options.in_channels, options.out_channels);
            (weight, convolution(options.padding_mode, in_channels, out_channels, weight))
        }
        Operation::ConvTranspose2d { options, .. } => {
            let weight = options.weight_shape().unwrap_or(none);
            let (in_channels, out_channels) = (options.in_channels, options.out_channels);
            (weight, convolution(PaddingMode::Zeros, in_channels, out_channels, weight))
        }
        Operation::MaxPool2d(options) => {
            (none, len(*shape).saturating_mul(inside(options.kernel_size)))
        }
        Operation::AvgPool2d(options) => {
            (none, len(*shape).saturating_mul(inside(options.kernel_size)))
        }
        Operation::AdaptiveMaxPool2d(AdaptiveMaxPool2d { output_size, .. })
        | Operation::AdaptiveAvgPool2d(AdaptiveAvgPool2d { output_size, .. }) => {
            let longest = |size: usize, out: usize| (size / out.max(1)).saturating_add(2).min(size);
            let window =
                longest(height, output_size[0]).saturating_mul(longest(width, output_size[1]));
            (none, len(*shape).saturating_mul(window))
        }
        Operation::Activation(_) => (none, len(*shape)),
    };
    [len(case.input), len(*shape), len(weight)].iter().all(|&len| len <= MOST_ELEMENTS)
        && terms <= MOST_TERMS
}

/// A tensor of whole numbers.
fn tensor(device: &Device, case: &Case, stream: Stream, shape: Shape) -> Result<Tensor> {
    let mut random = Random::new(case.seed, stream as u64);
    let elements = (0..len(shape)).map(|_| random.element(Data::Integers)).collect();
    device.upload_vec(elements, shape)
}

/// What a device gives for a case, forward and backward, up to the first error forward.
fn answers(device: &Device, case: &Case) -> Vec<Answer> {
    let mut answers = Vec::new();
    let result = collect(device, case, &mut |what, tensor| {
        let answer = tensor.and_then(|tensor| Ok((tensor.shape(), tensor.to_vec()?)));
        answers.push((what, answer));
    });
    if let Err(error) = result {
        answers.push(("the tensors", Err(error)));
    }
    answers
}

fn collect(
    device: &Device,
    case: &Case,
    give: &mut dyn FnMut(&'static str, Result<Tensor>),
) -> Result<()> {
    let input = tensor(device, case, Stream::Input, case.input.into())?;
    let shape = input.shape();
    // Where there is no output, a gradient of any shape has to be refused.
    let output = case.operation.output_shape(case.input);
    let grad_shape = output.unwrap_or(Shape::new(1, 1, 1, 1));
    let grad = tensor(device, case, Stream::GradOutput, grad_shape)?;
    match case.operation.kind() {
        Kind::Convolution { options, bias } => {
            let weight = tensor(device, case, Stream::Weight, options.weight_shape()?)?;
            let channels = options.out_channels();
            let bias = bias && channels <= MOST_ELEMENTS;
            let bias = bias.then(|| tensor(device, case, Stream::Bias, [1, channels, 1, 1].into()));
            give("forward", options.forward(&input, &weight, bias.transpose()?.as_ref()));
            give("grad_input", options.grad_input(shape, &weight, &grad));
            give("grad_weight", options.grad_weight(&input, &grad));
            give("grad_bias", options.grad_bias(&grad));
        }
        Kind::Max(options) => {
            give("forward", options.forward(&input));
            match options.forward_with_indices(&input) {
                Err(error) => give("indices", Err(error)),
                Ok((values, indices)) => {
                    give("values", Ok(values));
                    give("grad_input", options.grad_input(shape, &indices, &grad));
                }
            }
        }
        Kind::Average(options) => {
            give("forward", options.forward(&input));
            give("grad_input", options.grad_input(shape, &grad));
        }
        Kind::Activation(function) => {
            give("forward", function.forward(&input));
            give("grad_input", function.grad_input(&input, &grad));
        }
    }
    Ok(())
}
