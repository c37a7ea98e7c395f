//! What a problem must give, by the reference, and whether everything that runs it gives that.

use std::sync::{Arc, OnceLock};

use filtro::{DType, Device, Error, Result, Tensor};
use ndarray::Array4;
use proptest::test_runner::TestCaseError;

use super::{Between, Problem};
use crate::case::{Data, nearest, wide};
use crate::compare::{self, Check};
use crate::device_runner::DeviceRunner;
use crate::goldens::{Golden, each};
use crate::runner::Runner;
use crate::tested::{has_f16, held, tested, with_bindings_of};

/// The CPU, the adapter, the same with operands in the caller's buffers, and one with bindings so
/// small that tensors of some thousand elements are done in parts.
fn runners(dtype: DType) -> Vec<DeviceRunner> {
    static SMALL: OnceLock<Device> = OnceLock::new();
    let mut runners = vec![DeviceRunner::new(Device::cpu(), None, dtype)];
    if dtype == DType::F16 && !has_f16() {
        return runners;
    }
    let device = tested().clone();
    let small = SMALL.get_or_init(|| with_bindings_of(2_048)).clone();
    runners.extend([device.clone(), small].map(|device| DeviceRunner::new(device, None, dtype)));
    runners.push(DeviceRunner { is_lent: true, ..DeviceRunner::new(device, None, dtype) });
    runners
}

fn name(runner: &DeviceRunner) -> String {
    let limits = runner.device.limits();
    let bytes = limits.map(|limits| limits.max_binding_bytes);
    format!("{}, bindings of {bytes:?} bytes", runner.name())
}

fn tensors(runner: &DeviceRunner, inputs: &[Array4<f32>]) -> Result<Vec<Tensor>> {
    inputs.iter().map(|input| runner.tensor(input, runner.dtype)).collect()
}

fn text(error: Error) -> String {
    format!("an error: {error}")
}

/// A problem's tensors, and what it must give.
struct Expected {
    problem: Problem,
    inputs: Vec<Array4<f32>>,
    wide: Vec<Array4<f64>>,
}

impl Expected {
    fn new(problem: Problem, dtype: DType) -> Self {
        let inputs = problem.inputs().into_iter();
        let inputs: Vec<_> = inputs.map(|input| held(nearest(input, dtype))).collect();
        let wide = inputs.iter().map(wide).collect();
        Self { problem, inputs, wide }
    }

    fn forward(self, dtype: DType) -> Result<impl Fn(&DeviceRunner) -> Check> {
        let operation = self.problem.operation.clone();
        let expected = operation.reference(&self.wide)?;
        let tolerance = operation.tolerance(&self.wide, &expected)?;
        Ok(move |runner: &DeviceRunner| {
            let tensors = tensors(runner, &self.inputs).map_err(text)?;
            if dtype == DType::F16 && !operation.takes_f16() {
                return match operation.forward(&tensors) {
                    Err(Error::DTypeMismatch { .. }) => Ok(()),
                    other => Err(format!("f16 has to be refused: {other:?}")),
                };
            }
            runner.poison(self.problem.output_shape()).map_err(text)?;
            let output = operation.forward(&tensors).map_err(text)?;
            if output.dtype() != dtype || output.shape() != self.problem.output_shape() {
                return Err(format!("{} of {}", output.dtype(), output.shape()));
            }
            let output = output.download().map_err(text)?;
            match dtype {
                DType::F16 => compare::within_f16("output", &output, &expected, &tolerance),
                _ => compare::within("output", &output, &expected, &tolerance),
            }
        })
    }

    fn backward(self) -> Result<impl Fn(&DeviceRunner) -> Check> {
        let operation = self.problem.operation.clone();
        let grad_output = self.problem.grad_output();
        let wide_grad = wide(&grad_output);
        let expected = operation.reference_backward(&self.wide, &wide_grad)?;
        let tolerances = operation.gradient_tolerances(&self.wide, &wide_grad, &expected)?;
        Ok(move |runner: &DeviceRunner| {
            let tensors = tensors(runner, &self.inputs).map_err(text)?;
            let grad_output = runner.tensor(&grad_output, DType::F32).map_err(text)?;
            for &shape in &self.problem.inputs {
                runner.poison(shape.into()).map_err(text)?;
            }
            let actual = operation.backward(&tensors, &grad_output).map_err(text)?;
            if actual.len() != expected.len() || tolerances.len() != expected.len() {
                return Err(format!("{} gradients instead of {}", actual.len(), expected.len()));
            }
            for (at, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
                let actual = actual.download().map_err(text)?;
                let what = format!("the gradient of input {at}");
                compare::within(&what, &actual, expected, &tolerances[at])?;
            }
            Ok(())
        })
    }
}

fn report(count: usize, failures: &[String]) {
    assert!(count > 0, "there is nothing to check");
    let message = failures.join("\n");
    assert!(failures.is_empty(), "{} of {count} fail:\n{message}", failures.len());
}

fn suits(data: Data, dtype: DType) -> Data {
    match data {
        Data::Wide if dtype == DType::F16 => Data::WideHalf,
        data => data,
    }
}

/// That no two cases have a name in common, and that none is square.
fn check_names(cases: &[Problem]) {
    for (at, case) in cases.iter().enumerate() {
        let is_twice = cases[..at].iter().any(|other| other.name == case.name);
        assert!(!is_twice, "two cases are named {}", case.name);
        for &[.., height, width] in &case.inputs {
            assert!(height != width || height == 1, "{}: {:?} is square", case.name, case.inputs);
        }
    }
}

/// Checks every case on data that suits its operation, on everything that runs it.
fn every<C: Fn(&DeviceRunner) -> Check>(
    dtype: DType,
    cases: &[Problem],
    suitable: impl Fn(&dyn Between) -> &'static [Data],
    check: impl Fn(Expected) -> Result<C>,
) {
    let runners = runners(dtype);
    let (mut count, mut failures) = (0, Vec::new());
    for case in cases {
        for &data in suitable(case.operation.as_ref()) {
            let problem = Problem { data: suits(data, dtype), ..case.clone() };
            let check = check(Expected::new(problem, dtype)).expect("a valid case");
            for runner in &runners {
                count += 1;
                if let Err(message) = check(runner) {
                    let runner = name(runner);
                    failures.push(format!("{} ({data:?}) on {runner}: {message}", case.name));
                }
            }
        }
    }
    report(count, &failures);
}

/// Runs every case on all data that suits its operation.
pub fn forward(dtype: DType, cases: &[Problem]) {
    check_names(cases);
    every(dtype, cases, |operation| operation.data(), |expected| expected.forward(dtype));
}

/// Runs every case backward.
pub fn backward(cases: &[Problem]) {
    every(DType::F32, cases, |operation| operation.gradient_data(), Expected::backward);
}

fn failed(runner: &DeviceRunner) -> impl Fn(String) -> TestCaseError {
    let runner = name(runner);
    move |message| TestCaseError::fail(format!("{runner}: {message}"))
}

fn on_all(
    dtype: DType,
    check: Result<impl Fn(&DeviceRunner) -> Check>,
) -> std::result::Result<(), TestCaseError> {
    let check = check.map_err(|error| TestCaseError::fail(error.to_string()))?;
    runners(dtype).iter().try_for_each(|runner| check(runner).map_err(failed(runner)))
}

/// Runs a random problem.
pub fn any_forward(dtype: DType, problem: &Problem) -> std::result::Result<(), TestCaseError> {
    let problem = Problem { data: suits(problem.data, dtype), ..problem.clone() };
    on_all(dtype, Expected::new(problem, dtype).forward(dtype))
}

/// Runs a random problem backward, on data without what has no gradient.
pub fn any_backward(problem: &Problem) -> std::result::Result<(), TestCaseError> {
    let suits = problem.operation.gradient_data();
    let data = if suits.contains(&problem.data) { problem.data } else { suits[0] };
    let problem = Problem { data, ..problem.clone() };
    on_all(DType::F32, Expected::new(problem, DType::F32).backward())
}

fn product(a: &Array4<f64>, b: &Array4<f64>) -> f64 {
    assert_eq!(a.dim(), b.dim());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The reference's gradients against differences of its outputs, in a random direction for every
/// input.
pub fn differences(cases: &[Problem]) {
    const STEP: f64 = 1e-5;
    let mut count = 0;
    for case in cases {
        let case = case.clone().with(Data::Uniform, case.seed);
        let inputs = &Expected::new(case.clone(), DType::F32).wide;
        let operation = case.operation.as_ref();
        let grad_output = wide(&case.grad_output());
        let gradients = operation.reference_backward(inputs, &grad_output).expect("a valid case");
        for (at, gradient) in gradients.iter().enumerate() {
            let direction = crate::case::Random::new(case.seed, 200 + at as u64);
            let direction = wide(&direction.array4(case.inputs[at], Data::Uniform));
            let [more, less] = [STEP, -STEP].map(|step| {
                let mut inputs = inputs.clone();
                inputs[at].scaled_add(step, &direction);
                product(&operation.reference(&inputs).expect("a valid case"), &grad_output)
            });
            let (found, slope) = ((more - less) / (2.0 * STEP), product(gradient, &direction));
            let scale = 1.0 + gradient.iter().map(|value| value.abs()).sum::<f64>();
            let close = (found - slope).abs() <= 1e-6 * scale;
            assert!(close, "{}, input {at}: {slope} instead of {found}", case.name);
            count += 1;
        }
    }
    assert!(count > 0, "there is nothing to check");
}

/// The reference against PyTorch's numbers: `input0`, `input1` and so on, `output`, `grad_output`,
/// and `grad_input0` of those inputs that have one.
pub fn goldens(file: &str, at_least: usize, read: impl Fn(&Golden<'_>) -> Arc<dyn Between>) {
    each(file, at_least, |golden| {
        let operation = read(golden);
        let inputs = (0..).map(|at| format!("input{at}")).take_while(|name| golden.has(name));
        let inputs: Vec<_> = inputs.map(|name| golden.array4(&name)).collect();
        golden.agrees("output", &operation.reference(&inputs).map_err(text)?)?;
        let grad_output = golden.array4("grad_output");
        let gradients = operation.reference_backward(&inputs, &grad_output).map_err(text)?;
        for (at, gradient) in gradients.iter().enumerate() {
            golden.agrees(&format!("grad_input{at}"), gradient)?;
        }
        Ok(())
    });
}
