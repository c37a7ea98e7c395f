//! Checks and times the algorithms that serve a problem.

use std::time::{Duration, Instant};

use super::{Operation, Tuning};
use crate::memory::with_room;
use crate::{Algorithm, Device, DeviceKind, Error, Result, Shape, Tensor};

/// What [`Tuning::tune`] found for a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tuned {
    /// What a plan picks without a tuning.
    pub planned: Algorithm,
    /// What the tuning holds now.
    pub chosen: Algorithm,
    /// The median time of every algorithm that serves the problem, the fastest first.
    pub times: Vec<(Algorithm, Duration)>,
}

/// The share of the planned algorithm's time that another must stay below to be chosen: less is
/// noise.
const GAIN: f64 = 0.97;

/// The fewest and the most times that an algorithm is run.
const RUNS: [usize; 2] = [3, 100];

/// How many times as long as the fastest an algorithm may take to be run more than once.
const HOPELESS: u32 = 4;

/// An algorithm while it is measured.
struct Candidate {
    algorithm: Algorithm,
    operation: Operation,
    spent: Duration,
    times: Vec<Duration>,
}

impl Tuning {
    /// Times every algorithm that serves a problem on this device and enters the fastest; the
    /// planned one where no other is faster by more than 3 %.
    ///
    /// Each result is compared with the CPU's before it is timed. Algorithms take turns, each until
    /// `budget` is spent, at least three times and at most a hundred; but one that takes more than
    /// four times as long as the fastest only once, unless it is the planned one. The median
    /// counts, on the device's own clock for a GPU that has one. A convolution is timed with a bias
    /// and without its activation.
    ///
    /// It blocks for as long as it measures, and is no work for a frame; a browser has none of it.
    ///
    /// # Errors
    ///
    /// [`Error::TuningMismatch`] for another device than the tuning is for, [`Error::WrongResult`]
    /// for an algorithm that computes something else than the CPU, every misuse that the
    /// operation's `forward` reports, and what the device reports.
    pub fn tune(
        &mut self,
        device: &Device,
        operation: impl Into<Operation>,
        input: impl Into<Shape>,
        budget: Duration,
    ) -> Result<Tuned> {
        self.check(device)?;
        let (operation, input) = (plain(operation.into()), input.into());
        let key = operation.key(input)?;
        let tuned = measure(device, &operation, input, budget)?;
        self.entries.0.insert(key, tuned.chosen);
        Ok(tuned)
    }
}

/// An operation without what the key of its problem leaves out.
fn plain(operation: Operation) -> Operation {
    match operation.pinned(None) {
        Operation::Conv2d(options) => Operation::Conv2d(options.activation(None)),
        operation => operation,
    }
}

fn measure(
    device: &Device,
    operation: &Operation,
    input: Shape,
    budget: Duration,
) -> Result<Tuned> {
    // The CPU was refused before.
    let Some(limits) = device.limits() else { return Err(device.not_here("tune", "a tensor")) };
    let planned = operation.plan(input, limits)?.algorithm();
    let mut candidates = Vec::new();
    for &algorithm in Algorithm::ALL {
        let operation = operation.pinned(algorithm);
        match operation.plan(input, limits) {
            Ok(_) => candidates.push(Candidate {
                algorithm,
                operation,
                spent: Duration::ZERO,
                times: Vec::new(),
            }),
            Err(Error::Unsupported { .. } | Error::DeviceLimit { .. }) => {}
            Err(error) => return Err(error),
        }
    }

    let data = Data::new(operation, input)?;
    let (tensor, weights) = data.on(device)?;
    {
        let expected = Expected::new(operation, &data)?;
        for candidate in &candidates {
            let output = candidate.operation.forward(&tensor, weights.as_ref())?.to_vec()?;
            expected.check(operation, candidate.algorithm, &output)?;
        }
    }
    loop {
        let least = |candidate: &Candidate| candidate.times.iter().min().copied();
        let best = candidates.iter().filter_map(least).min().unwrap_or(Duration::MAX);
        let is_done = |candidate: &Candidate| {
            let ([fewest, most], runs) = (RUNS, candidate.times.len());
            let hopeless = least(candidate).is_some_and(|time| time / HOPELESS > best)
                && candidate.algorithm != planned;
            hopeless || (runs >= fewest && (candidate.spent >= budget || runs >= most))
        };
        let waiting = candidates.iter_mut().filter(|candidate| !is_done(candidate));
        let Some(next) = waiting.min_by_key(|candidate| candidate.times.len()) else { break };
        let begin = Instant::now();
        let timed = device.time(|| next.operation.forward(&tensor, weights.as_ref()))?;
        next.spent += begin.elapsed();
        next.times.push(match timed.device {
            Some(time) if device.info().kind == DeviceKind::Gpu && !time.is_zero() => time,
            _ => timed.wall,
        });
    }
    let mut times: Vec<_> = candidates
        .into_iter()
        .map(|mut candidate| {
            candidate.times.sort_unstable();
            (candidate.algorithm, candidate.times[candidate.times.len() / 2])
        })
        .collect();
    times.sort_by_key(|&(_, time)| time);
    Ok(Tuned { planned, chosen: choose(planned, &times), times })
}

/// The fastest algorithm, or the planned one where that is hardly slower.
pub(super) fn choose(planned: Algorithm, times: &[(Algorithm, Duration)]) -> Algorithm {
    let of_planned = times.iter().find(|(algorithm, _)| *algorithm == planned);
    match (times.iter().min_by_key(|(_, time)| time), of_planned) {
        (Some(&(fastest, time)), Some(&(_, planned_time))) => {
            if time.as_secs_f64() < planned_time.as_secs_f64() * GAIN { fastest } else { planned }
        }
        (Some(&(fastest, _)), None) => fastest,
        (None, _) => planned,
    }
}

/// What an operation is run on: numbers between -1 and 1 without a pattern.
struct Data {
    input: (Shape, Vec<f32>),
    weights: Option<[(Shape, Vec<f32>); 2]>,
}

impl Data {
    fn new(operation: &Operation, input: Shape) -> Result<Self> {
        let name = operation.name();
        let weights = match operation.weight_shapes()? {
            Some([weight, bias]) => Some([noise(name, weight)?, noise(name, bias)?]),
            None => None,
        };
        Ok(Self { input: noise(name, input)?, weights })
    }

    fn on(&self, device: &Device) -> Result<(Tensor, Option<[Tensor; 2]>)> {
        let upload = |(shape, values): &(Shape, Vec<f32>)| device.upload_slice(values, *shape);
        let weights = match &self.weights {
            Some([weight, bias]) => Some([upload(weight)?, upload(bias)?]),
            None => None,
        };
        Ok((upload(&self.input)?, weights))
    }

    /// The absolute values, which sum up to what rounding errors are relative to.
    fn magnitudes(&self) -> Self {
        let magnitudes = |(shape, values): &(Shape, Vec<f32>)| {
            (*shape, values.iter().map(|value| value.abs()).collect())
        };
        let weights = self.weights.as_ref();
        Self {
            input: magnitudes(&self.input),
            weights: weights.map(|[weight, bias]| [magnitudes(weight), magnitudes(bias)]),
        }
    }
}

fn noise(operation: &'static str, shape: Shape) -> Result<(Shape, Vec<f32>)> {
    let len = shape.checked_len(operation)?;
    let mut values = with_room(len).map_err(|missing| missing.during(operation))?;
    let mut state = 1_u32;
    values.extend(
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32_768.0 - 1.0
        })
        .take(len),
    );
    Ok((shape, values))
}

/// What the CPU computes, and how far an algorithm may be from it.
pub(super) struct Expected {
    pub(super) output: Vec<f32>,
    /// None where not at all.
    pub(super) magnitude: Option<Vec<f32>>,
}

impl Expected {
    fn new(operation: &Operation, data: &Data) -> Result<Self> {
        let cpu = Device::cpu();
        let run = |data: &Data| {
            let (input, weights) = data.on(&cpu)?;
            operation.forward(&input, weights.as_ref())?.to_vec()
        };
        let magnitude = if operation.is_exact() { None } else { Some(run(&data.magnitudes())?) };
        Ok(Self { output: run(data)?, magnitude })
    }

    pub(super) fn check(
        &self,
        operation: &Operation,
        algorithm: Algorithm,
        output: &[f32],
    ) -> Result<()> {
        // Either side rounds by at most 8 halves of the distance from 1 to the next f32, relative
        // to the sum of the absolute values, which is rounded itself.
        let unit = 2.0 * 8.1 / 16_777_216.0;
        let mut wrong = output.len() != self.output.len();
        let mut difference = if wrong { f64::NAN } else { 0.0 };
        for (index, (actual, expected)) in output.iter().zip(&self.output).enumerate() {
            let magnitude =
                self.magnitude.as_ref().and_then(|magnitude| magnitude.get(index)).copied();
            let bound = unit * f64::from(magnitude.unwrap_or(0.0)).abs();
            let distance = (f64::from(*actual) - f64::from(*expected)).abs();
            let within = distance <= bound + f64::from(f32::MIN_POSITIVE);
            // Infinities are equal, but their difference is NaN.
            if actual != expected && !within {
                wrong = true;
                if distance > difference || distance.is_nan() {
                    difference = distance;
                }
            }
        }
        if !wrong {
            return Ok(());
        }
        Err(Error::WrongResult {
            operation: operation.name(),
            algorithm: algorithm.to_string(),
            difference: format!("{difference:.1e}"),
        })
    }
}
