//! What is timed: a layer forward or a gradient, on a shape.

use std::path::Path;

use filtro::{Algorithm, Conv2d, DType, Device, Result, Shape, Tensor};
use ndarray::{Array1, Array4};

use super::shapes::{self, Row};
use super::sweep::noise;
use crate::check;
use crate::failure::Failure;
use crate::layer::{Layer, Loaded, Pool2d, nearest_half};

/// One row of a table.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) what: What,
    /// Of the layer's input.
    pub(crate) shape: Shape,
    /// What the tensors are of.
    pub(crate) dtype: DType,
    pub(crate) work: Work,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Forward(Layer),
    GradInput { options: Conv2d, weight: Array4<f32> },
    GradWeight { options: Conv2d },
}

/// What has to be done at least.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// Two for every multiply-add; of a pooling one for every element of every window.
    pub(crate) operations: f64,
    /// Bytes of the input, the weights and the output, each once.
    pub(crate) bytes: f64,
}

/// Which rows are timed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection<'a> {
    /// What their names contain.
    pub(crate) only: Option<&'a str>,
    /// A file of shapes, in place of the 20 of `benches/workloads.json`.
    pub(crate) file: Option<&'a Path>,
    /// By how much every batch is multiplied.
    pub(crate) batch: usize,
    /// Whether the convolutions have rows of their gradients too.
    pub(crate) gradients: bool,
    /// Whether every layer has a row with tensors of f16 too.
    pub(crate) halves: bool,
}

/// The arrays of one call besides the weights; one that it has none of is empty.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) input: Array4<f32>,
    pub(crate) grad_output: Array4<f32>,
}

/// A call whose tensors are on a device.
#[derive(Debug)]
pub(crate) enum Ready<'a> {
    Forward { layer: &'a Loaded<'a>, input: Tensor },
    GradInput { options: &'a Conv2d, shape: Shape, weight: &'a Tensor, grad_output: Tensor },
    GradWeight { options: &'a Conv2d, input: Tensor, grad_output: Tensor },
}

/// The weights of a workload on a device.
#[derive(Debug)]
pub(crate) enum OnDevice<'a> {
    Forward { layer: Loaded<'a>, dtype: DType },
    GradInput { options: &'a Conv2d, shape: Shape, weight: Tensor },
    GradWeight { options: &'a Conv2d },
}

impl Workload {
    pub(crate) fn all(selection: Selection<'_>) -> std::result::Result<Vec<Self>, Failure> {
        let rows = match selection.file {
            None => shapes::ours()?,
            Some(file) => shapes::of_file(file)?,
        };
        let mut all = Vec::new();
        for Row { name, layer, shape } in rows {
            let Some(batch) = shape.batch.checked_mul(selection.batch) else {
                return Err(Failure::input(format!("--batch: the batch of {name} is too large")));
            };
            all.extend(passes(name, layer, Shape { batch, ..shape }, &selection)?);
        }
        let names: Vec<_> = all.iter().map(|workload| workload.name.clone()).collect();
        all.retain(|it| selection.only.is_none_or(|only| it.name.contains(only)));
        if all.is_empty() {
            return Err(Failure::input(format!("--only: the shapes are {}", names.join(", "))));
        }
        Ok(all)
    }

    /// What a device does it with; neither the CPU nor a gradient tells.
    pub(crate) fn algorithm(&self, device: &Device) -> Result<Option<Algorithm>> {
        let What::Forward(layer) = &self.what else { return Ok(None) };
        let plan = match layer {
            Layer::Conv2d { options, .. } => options.plan_on_of(self.dtype, self.shape, device)?,
            Layer::Pool2d(Pool2d::Max(options)) => options.plan_on(self.shape, device)?,
            Layer::Pool2d(Pool2d::Avg(options)) => options.plan_on(self.shape, device)?,
            Layer::Pool2d(Pool2d::AdaptiveMax(options)) => options.plan_on(self.shape, device)?,
            Layer::Pool2d(Pool2d::AdaptiveAvg(options)) => options.plan_on(self.shape, device)?,
        };
        Ok(plan.map(|plan| plan.algorithm()))
    }

    pub(crate) fn output_shape(&self) -> Result<Shape> {
        match &self.what {
            What::Forward(layer) => layer.output_shape(self.shape),
            What::GradInput { .. } => Ok(self.shape),
            What::GradWeight { options } => options.weight_shape(),
        }
    }

    /// Numbers between -1 and 1 for everything that is not a weight.
    pub(crate) fn given(&self) -> Result<Given> {
        let none = || Array4::zeros([0; 4]);
        Ok(match &self.what {
            What::Forward(_) if self.dtype == DType::F16 => {
                Given { input: noise(self.shape).mapv(nearest_half), grad_output: none() }
            }
            What::Forward(_) => Given { input: noise(self.shape), grad_output: none() },
            What::GradInput { options, .. } => {
                Given { input: none(), grad_output: noise(options.output_shape(self.shape)?) }
            }
            What::GradWeight { options } => Given {
                input: noise(self.shape),
                grad_output: noise(options.output_shape(self.shape)?),
            },
        })
    }

    pub(crate) fn on(&self, device: &Device) -> Result<OnDevice<'_>> {
        Ok(match &self.what {
            What::Forward(layer) => {
                OnDevice::Forward { layer: layer.on_as(device, self.dtype)?, dtype: self.dtype }
            }
            What::GradInput { options, weight } => {
                OnDevice::GradInput { options, shape: self.shape, weight: device.upload(weight)? }
            }
            What::GradWeight { options } => OnDevice::GradWeight { options },
        })
    }

    /// The same with the absolute values of the weights.
    pub(crate) fn of_magnitudes(&self) -> Self {
        let what = match &self.what {
            What::Forward(layer) => What::Forward(layer.of_magnitudes()),
            What::GradInput { options, weight } => {
                What::GradInput { options: options.clone(), weight: weight.mapv(f32::abs) }
            }
            gradient @ What::GradWeight { .. } => gradient.clone(),
        };
        Self { name: self.name.clone(), what, dtype: DType::F32, ..*self }
    }

    /// How many times as large the bound of an output's sums is as f32 has it for numbers of random
    /// sign; none where the output is not of f16.
    pub(crate) fn bound_of_halves(&self, device: &Device) -> Result<Option<f64>> {
        let What::Forward(layer) = &self.what else { return Ok(None) };
        if self.dtype != DType::F16 || layer.is_maximum() {
            return Ok(None);
        }
        let by_matrices = self.algorithm(device)? == Some(Algorithm::Cooperative);
        let products = layer.products().filter(|_| by_matrices);
        Ok(Some(products.map_or(1.0, check::by_matrices)))
    }
}

impl OnDevice<'_> {
    /// Uploads what is not a weight.
    pub(crate) fn ready(&self, device: &Device, given: &Given) -> Result<Ready<'_>> {
        let grad_output = || device.upload(&given.grad_output);
        Ok(match self {
            Self::Forward { layer, dtype } => {
                Ready::Forward { layer, input: device.upload(&given.input)?.to_dtype(*dtype)? }
            }
            Self::GradInput { options, shape, weight } => {
                Ready::GradInput { options, shape: *shape, weight, grad_output: grad_output()? }
            }
            Self::GradWeight { options } => Ready::GradWeight {
                options,
                input: device.upload(&given.input)?,
                grad_output: grad_output()?,
            },
        })
    }
}

impl Ready<'_> {
    pub(crate) fn call(&self) -> Result<Tensor> {
        match self {
            Self::Forward { layer, input } => layer.forward(input),
            Self::GradInput { options, shape, weight, grad_output } => {
                options.grad_input(*shape, weight, grad_output)
            }
            Self::GradWeight { options, input, grad_output } => {
                options.grad_weight(input, grad_output)
            }
        }
    }
}

/// The layer forward, and if asked for the gradients that it has and the layer in f16.
fn passes(
    name: String,
    layer: Layer,
    shape: Shape,
    selection: &Selection<'_>,
) -> Result<Vec<Workload>> {
    let work = work(&layer, shape)?;
    let row = |name, what| Workload { name, what, shape, dtype: DType::F32, work };
    let in_f16 = selection.halves.then(|| {
        let work = Work { bytes: work.bytes / 2.0, ..work };
        let what = What::Forward(layer.of_halves());
        Workload { dtype: DType::F16, work, ..row(format!("{name}/f16"), what) }
    });
    let of_gradients = match &layer {
        Layer::Conv2d { options, weight, .. } if selection.gradients => {
            let (options, weight) = (options.clone(), weight.clone());
            let of_input = What::GradInput { options: options.clone(), weight };
            vec![
                row(format!("{name}/grad_input"), of_input),
                row(format!("{name}/grad_weight"), What::GradWeight { options }),
            ]
        }
        _ => Vec::new(),
    };
    Ok([row(name, What::Forward(layer))].into_iter().chain(in_f16).chain(of_gradients).collect())
}

#[allow(clippy::cast_precision_loss, reason = "rates of three digits")]
fn work(layer: &Layer, input: Shape) -> Result<Work> {
    let len = |shape: Shape| shape.dims().iter().product::<usize>() as f64;
    let output = layer.output_shape(input)?;
    let window = |[height, width]: [usize; 2]| len(output) * (height * width) as f64;
    let (weights, operations) = match layer {
        Layer::Conv2d { options, bias, .. } => {
            let weights = options.weights()? + bias.as_ref().map_or(0, Array1::len);
            (weights as f64, 2.0 * options.multiply_adds(input)? as f64)
        }
        Layer::Pool2d(Pool2d::Max(options)) => (0.0, window(options.kernel_size)),
        Layer::Pool2d(Pool2d::Avg(options)) => (0.0, window(options.kernel_size)),
        Layer::Pool2d(Pool2d::AdaptiveMax(_) | Pool2d::AdaptiveAvg(_)) => (0.0, len(input)),
    };
    let bytes = (len(input) + weights + len(output)) * size_of::<f32>() as f64;
    Ok(Work { operations, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Selection<'_> =
        Selection { only: None, file: None, batch: 1, gradients: false, halves: false };

    #[test]
    fn there_are_20_shapes_and_a_name_picks_some() {
        let all = Workload::all(ALL).unwrap();
        assert_eq!(all.len(), 20);
        let multiply_adds = 64.0 * 64.0 * 9.0 * 56.0 * 56.0;
        assert_eq!(all[1].work.operations, 2.0 * multiply_adds);
        let only = |only| Workload::all(Selection { only: Some(only), ..ALL });
        assert_eq!(only("global_avg").unwrap().len(), 1);
        assert!(only("no such shape").is_err());
    }

    #[test]
    fn a_layer_in_f16_has_a_row_with_half_of_the_bytes_and_numbers_of_f16() {
        let selection = Selection { halves: true, only: Some("_3x3_14"), ..ALL };
        let rows = Workload::all(selection).unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["resnet_3x3_14", "resnet_3x3_14/f16"]);
        assert_eq!(rows[1].work.bytes, rows[0].work.bytes / 2.0);
        assert_eq!(rows[1].work.operations, rows[0].work.operations);
        let [full, half] = [0, 1].map(|row| rows[row].given().unwrap().input);
        assert_eq!(half, full.mapv(nearest_half));
        assert_ne!(half, full);
    }

    #[test]
    fn a_batch_multiplies_the_work_and_convolutions_have_two_gradients() {
        let selection = Selection { batch: 32, gradients: true, only: Some("_3x3_14"), ..ALL };
        let rows = Workload::all(selection).unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        let expected = ["resnet_3x3_14", "resnet_3x3_14/grad_input", "resnet_3x3_14/grad_weight"];
        assert_eq!(names, expected);
        for row in &rows {
            assert_eq!(row.shape.batch, 32);
            assert_eq!(row.work.operations, 2.0 * 32.0 * 256.0 * 256.0 * 9.0 * 14.0 * 14.0);
        }
        let gradients = Selection { gradients: true, ..ALL };
        assert_eq!(Workload::all(gradients).unwrap().len(), 20 + 2 * 14);
    }
}
