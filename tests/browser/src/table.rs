//! Every case, on data that suits it, against the reference; and how long shaders take that are used
//! for the first time.

use filtro::{DType, Device, DeviceChoice, Error, Result, Tensor};
use ndarray::{Array1, Array4};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_time::Instant;

use crate::between::{self, Problem};
use crate::case::{Case, Data};
use crate::cases;
use crate::compare::Check;
use crate::expected::{Backward, Forward, Gradients, Outputs};
use crate::recorder::Recorder;

/// What became of the cases of an operation.
#[derive(Default, Serialize)]
struct Report {
    cases: usize,
    /// What was compared: a case with data, forward or backward.
    comparisons: usize,
    data: Vec<String>,
    failures: Vec<String>,
    first_uses: Vec<FirstUse>,
}

/// What used shaders that no case before it did.
#[derive(Serialize)]
struct FirstUse {
    case: String,
    /// How many the device had compiled before.
    first: usize,
    shaders: usize,
    /// By how much it took longer than the same once more.
    seconds: f64,
}

/// A device that the cases run on.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Table(Recorder);

fn text(error: Error) -> String {
    format!("an error: {error}")
}

#[wasm_bindgen]
impl Table {
    /// Opens a device by the name of a choice.
    pub async fn open(choice: String) -> Result<Self, JsError> {
        console_error_panic_hook::set_once();
        let choice: DeviceChoice = choice.parse()?;
        let device = Device::open_async(&choice).await?;
        Ok(Self(Recorder::new(device, None, DType::F32)))
    }

    /// What the device says of itself.
    pub fn name(&self) -> String {
        self.0.device.to_string()
    }

    /// What plans depend on.
    pub fn limits(&self) -> String {
        format!("{:?}", self.0.device.limits())
    }

    /// The operations that have cases.
    pub fn operations() -> Vec<String> {
        let table = cases::all().map(|cases| cases[0].operation.name().to_owned());
        table.into_iter().chain(between::all().map(|(name, _)| name.to_owned())).collect()
    }

    /// Runs the cases of an operation, or those whose names are given; the report is JSON.
    pub async fn run(&self, operation: String, only: Option<Vec<String>>) -> String {
        let is_asked = |name: &String| only.as_ref().is_none_or(|only| only.contains(name));
        let mut run = Run { recorder: &self.0, report: Report::default() };
        let of_table = |cases: &Vec<Case>| cases[0].operation.name() == operation;
        for case in cases::all().into_iter().filter(of_table).flatten() {
            if is_asked(&case.name) {
                run.case(&case).await;
            }
        }
        for (_, problems) in between::all().into_iter().filter(|(name, _)| *name == operation) {
            for problem in problems.iter().filter(|problem| is_asked(&problem.name)) {
                run.problem(problem).await;
            }
        }
        serde_json::to_string(&run.report).expect("a report")
    }
}

struct Run<'a> {
    recorder: &'a Recorder,
    report: Report,
}

impl Run<'_> {
    async fn case(&mut self, case: &Case) {
        self.report.cases += 1;
        for &data in case.operation.data() {
            let case = case.with_data(data);
            let forward = Forward::of(&case, DType::F32).expect("a valid case");
            let found = match self.first(&case.name, || forward.run(self.recorder)).await {
                Ok(found) => outputs(found).await,
                Err(error) => Err(error),
            };
            let found = found.map_err(text).and_then(|found| forward.compare(&found, false));
            self.note(&case.name, data, "forward", found);
            let backward = Backward::new(&case).expect("a valid case");
            let found = match self.first(&case.name, || backward.run(self.recorder)).await {
                Ok(found) => gradients(found).await,
                Err(error) => Err(error),
            };
            let found = found.map_err(text).and_then(|found| backward.compare(&found));
            self.note(&case.name, data, "backward", found);
        }
    }

    async fn problem(&mut self, problem: &Problem) {
        self.report.cases += 1;
        let name = &problem.name;
        for &data in problem.operation.data() {
            let problem = Problem { data, ..problem.clone() };
            let forward =
                between::expected::Forward::of(problem, DType::F32).expect("a valid case");
            let output = self.first(name, || forward.run(self.recorder)).await.map_err(text);
            let found = match output.and_then(|output| forward.is_like(&output).map(|()| output)) {
                Ok(output) => output.download_async().await.map_err(text),
                Err(message) => Err(message),
            };
            let found = found.and_then(|output| forward.compare(&output));
            self.note(name, data, "forward", found);
        }
        for &data in problem.operation.gradient_data() {
            let problem = Problem { data, ..problem.clone() };
            let backward = between::expected::Backward::new(problem).expect("a valid case");
            let found = match self.first(name, || backward.run(self.recorder)).await {
                Ok(found) => arrays(&found).await,
                Err(error) => Err(error),
            };
            let found = found.map_err(text).and_then(|found| backward.compare(&found));
            self.note(name, data, "backward", found);
        }
    }

    /// Runs something, and once more if it compiles shaders, to tell what they take.
    async fn first<T>(&mut self, case: &str, run: impl Fn() -> Result<T>) -> Result<T> {
        let device = &self.recorder.device;
        let compiled = device.compiled_shaders();
        let mut start = Instant::now();
        let found = run()?;
        let shaders = device.compiled_shaders() - compiled;
        if shaders > 0 {
            device.synchronize_async().await?;
            let took = start.elapsed();
            start = Instant::now();
            run()?;
            device.synchronize_async().await?;
            let seconds = took.saturating_sub(start.elapsed()).as_secs_f64();
            let first_use = FirstUse { case: case.into(), first: compiled, shaders, seconds };
            self.report.first_uses.push(first_use);
        }
        Ok(found)
    }

    fn note(&mut self, case: &str, data: Data, direction: &str, found: Check) {
        self.report.comparisons += 1;
        let data = format!("{data:?}");
        if let Err(message) = found {
            self.report.failures.push(format!("{case} {direction} ({data}): {message}"));
        }
        if !self.report.data.contains(&data) {
            self.report.data.push(data);
        }
    }
}

async fn arrays(tensors: &[Tensor]) -> Result<Vec<Array4<f32>>> {
    let mut arrays = Vec::new();
    for tensor in tensors {
        arrays.push(tensor.download_async().await?);
    }
    Ok(arrays)
}

async fn outputs(found: Outputs<Tensor, filtro::Indices>) -> Result<Outputs> {
    let with_indices = match found.with_indices {
        Some((output, indices)) => {
            Some((output.download_async().await?, indices.download_async().await?))
        }
        None => None,
    };
    Ok(Outputs { output: found.output.download_async().await?, with_indices })
}

async fn gradients(found: Gradients<Tensor, Tensor>) -> Result<Gradients> {
    Ok(match found {
        Gradients::Convolution((input, weight, bias)) => Gradients::Convolution((
            input.download_async().await?,
            weight.download_async().await?,
            Array1::from_iter(bias.download_async().await?),
        )),
        Gradients::Input(input) => Gradients::Input(input.download_async().await?),
    })
}
