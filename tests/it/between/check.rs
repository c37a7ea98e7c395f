//! What a problem must give, by the reference, and whether everything that runs it gives that.

use std::sync::{Arc, OnceLock};

use filtro::{DType, Device, Error, Result, Tensor};
use ndarray::Array4;
use proptest::test_runner::TestCaseError;

use super::expected::{Backward, Forward, Operands};
use super::{Between, Problem, all};
use crate::case::{Data, wide};
use crate::compare::Check;
use crate::goldens::{Golden, each};
use crate::recorder::Recorder;
use crate::tested::{has_f16, tested, with_bindings_of};

/// The CPU, the adapter, the same with operands in the caller's buffers, and one with bindings so
/// small that tensors of some thousand elements are done in parts.
fn runners(dtype: DType) -> Vec<Recorder> {
    static SMALL: OnceLock<Device> = OnceLock::new();
    let mut runners = vec![Recorder::new(Device::cpu(), None, dtype)];
    if dtype == DType::F16 && !has_f16() {
        return runners;
    }
    let device = tested().clone();
    let small = SMALL.get_or_init(|| with_bindings_of(2_048)).clone();
    runners.extend([device.clone(), small].map(|device| Recorder::new(device, None, dtype)));
    runners.push(Recorder { is_lent: true, ..Recorder::new(device, None, dtype) });
    runners
}

fn name(runner: &Recorder) -> String {
    let limits = runner.device.limits();
    let bytes = limits.map(|limits| limits.max_binding_bytes);
    format!("{}, bindings of {bytes:?} bytes", runner.name())
}

fn text(error: Error) -> String {
    format!("an error: {error}")
}

fn forward_on(runner: &Recorder, forward: &Forward) -> Check {
    let output = forward.run(runner);
    if forward.is_refused() {
        return match output {
            Err(Error::DTypeMismatch { .. }) => Ok(()),
            other => Err(format!("f16 has to be refused: {other:?}")),
        };
    }
    let output = output.map_err(text)?;
    forward.is_like(&output)?;
    forward.compare(&output.download().map_err(text)?)
}

fn backward_on(runner: &Recorder, backward: &Backward) -> Check {
    let gradients = backward.run(runner).map_err(text)?;
    let gradients: Result<Vec<_>> = gradients.iter().map(Tensor::download).collect();
    backward.compare(&gradients.map_err(text)?)
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

/// That the cases are listed, no two of them have a name in common, and none is square.
fn check_names(cases: &[Problem]) {
    let names = |cases: &[Problem]| Vec::from_iter(cases.iter().map(|case| case.name.clone()));
    let is_listed = all().iter().any(|(_, listed)| names(listed) == names(cases));
    assert!(is_listed, "no operation that is listed has these cases");
    for (at, case) in cases.iter().enumerate() {
        let is_twice = cases[..at].iter().any(|other| other.name == case.name);
        assert!(!is_twice, "two cases are named {}", case.name);
        for &[.., height, width] in &case.inputs {
            assert!(height != width || height == 1, "{}: {:?} is square", case.name, case.inputs);
        }
    }
}

/// Checks every case on data that suits its operation, on everything that runs it.
fn every<E>(
    dtype: DType,
    cases: &[Problem],
    suitable: impl Fn(&dyn Between) -> &'static [Data],
    expect: impl Fn(Problem) -> Result<E>,
    check: impl Fn(&Recorder, &E) -> Check,
) {
    let runners = runners(dtype);
    let (mut count, mut failures) = (0, Vec::new());
    for case in cases {
        for &data in suitable(case.operation.as_ref()) {
            let problem = Problem { data: suits(data, dtype), ..case.clone() };
            let expected = expect(problem).expect("a valid case");
            for runner in &runners {
                count += 1;
                if let Err(message) = check(runner, &expected) {
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
    let expect = |problem| Forward::of(problem, dtype);
    every(dtype, cases, |operation| operation.data(), expect, forward_on);
}

/// Runs every case backward.
pub fn backward(cases: &[Problem]) {
    let suitable = |operation: &dyn Between| operation.gradient_data();
    every(DType::F32, cases, suitable, Backward::new, backward_on);
}

fn failed(runner: &Recorder) -> impl Fn(String) -> TestCaseError {
    let runner = name(runner);
    move |message| TestCaseError::fail(format!("{runner}: {message}"))
}

fn on_all<E>(
    dtype: DType,
    expected: Result<E>,
    check: impl Fn(&Recorder, &E) -> Check,
) -> std::result::Result<(), TestCaseError> {
    let expected = expected.map_err(|error| TestCaseError::fail(error.to_string()))?;
    runners(dtype).iter().try_for_each(|runner| check(runner, &expected).map_err(failed(runner)))
}

/// Runs a random problem.
pub fn any_forward(dtype: DType, problem: &Problem) -> std::result::Result<(), TestCaseError> {
    let problem = Problem { data: suits(problem.data, dtype), ..problem.clone() };
    on_all(dtype, Forward::of(problem, dtype), forward_on)
}

/// Runs a random problem backward, on data without what has no gradient.
pub fn any_backward(problem: &Problem) -> std::result::Result<(), TestCaseError> {
    let suits = problem.operation.gradient_data();
    let data = if suits.contains(&problem.data) { problem.data } else { suits[0] };
    let problem = Problem { data, ..problem.clone() };
    on_all(DType::F32, Backward::new(problem), backward_on)
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
        let inputs = &Operands::new(case.clone(), DType::F32).wide;
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
