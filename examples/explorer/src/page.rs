//! What the page calls. Layers come and answers go as JSON, tensors as flat arrays.

use filtro::{Device, DeviceChoice, Error, PaddingMode, Tensor, filters};
use js_sys::{Array, Float32Array};
use ndarray::ArrayView3;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use crate::axis::Axis;
use crate::check::{check as check_layers, region};
use crate::explain::{Cell, explain as explain_cell, reach as reach_of};
use crate::kernel;
use crate::layer::{Layer, Shape};

type Answer<T = String> = Result<T, JsError>;

/// How long one measured piece of work takes at least: clocks of browsers are coarse.
const WORK_SECONDS: f64 = 0.02;
const MEASUREMENTS: usize = 5;
const MOST_REPETITIONS: u32 = 1 << 14;

fn json(answer: &impl Serialize) -> Answer {
    Ok(serde_json::to_string(answer)?)
}

fn shape_of(shape: &[u32]) -> Answer<Shape> {
    let sizes: Vec<_> = shape.iter().map(|&size| size as usize).collect();
    sizes.try_into().map_err(|_| JsError::new("a shape is [channels, height, width]"))
}

fn view(shape: Shape, values: &[f32]) -> Answer<ArrayView3<'_, f32>> {
    Ok(ArrayView3::from_shape(shape, values)?)
}

/// The classic filters.
#[wasm_bindgen]
pub fn filters() -> Answer {
    #[derive(Serialize)]
    struct Filter {
        name: &'static str,
        about: &'static str,
        kernel: Vec<Vec<f32>>,
    }
    let filters: Vec<_> = filters::ALL
        .iter()
        .map(|filter| Filter {
            name: filter.name(),
            about: filter.about(),
            kernel: filter.kernel().outer_iter().map(|row| row.to_vec()).collect(),
        })
        .collect();
    json(&filters)
}

/// What the crate says of each layer, up to the first that is impossible.
#[wasm_bindgen]
pub fn check(shape: &[u32], layers: &str) -> Answer {
    let layers: Vec<Layer> = serde_json::from_str(layers)?;
    json(&check_layers(shape_of(shape)?, &layers))
}

/// The weight of a convolution.
#[wasm_bindgen]
pub fn weight(layer: &str, in_channels: usize) -> Answer {
    #[derive(Serialize)]
    struct Weight<'a> {
        shape: &'a [usize],
        values: Vec<f32>,
    }
    let Layer::Conv2d(layer) = serde_json::from_str(layer)? else {
        return Err(JsError::new("only a Conv2d has a weight"));
    };
    let weight = kernel::weight(&layer, in_channels)?;
    json(&Weight { shape: weight.shape(), values: weight.iter().copied().collect() })
}

/// Where the number of an output cell comes from.
#[wasm_bindgen]
pub fn explain(
    layer: &str,
    shape: &[u32],
    input: &[f32],
    channel: usize,
    y: usize,
    x: usize,
) -> Answer {
    let layer: Layer = serde_json::from_str(layer)?;
    let input = view(shape_of(shape)?, input)?;
    match explain_cell(&layer, input, Cell { channel, y, x })? {
        Some(explanation) => json(&explanation),
        None => Err(JsError::new("there is no such cell")),
    }
}

/// What a cell of the input reaches in a channel of the output.
#[wasm_bindgen]
pub fn reach(
    layer: &str,
    shape: &[u32],
    input: &[f32],
    channel: usize,
    y: usize,
    x: usize,
    out_channel: usize,
) -> Answer {
    let layer: Layer = serde_json::from_str(layer)?;
    let input = view(shape_of(shape)?, input)?;
    json(&reach_of(&layer, input, Cell { channel, y, x }, out_channel)?)
}

/// What of the picture an output cell depends on.
#[wasm_bindgen]
pub fn field(shape: &[u32], layers: &str, y: usize, x: usize) -> Answer {
    let layers: Vec<Layer> = serde_json::from_str(layers)?;
    json(&region(shape_of(shape)?, &layers, y, x)?)
}

/// The cell of an axis whose value a position over padding has; nothing where it is zero.
#[wasm_bindgen]
pub fn source(mode: &str, size: usize, position: i32) -> Answer<Option<usize>> {
    let mode = PaddingMode::ALL.into_iter().find(|each| each.name() == mode);
    let mode = mode.ok_or_else(|| JsError::new("there is no such padding mode"))?;
    Ok(Axis::of(size).source(mode, position as isize))
}

/// A device of the crate.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    device: Device,
}

#[wasm_bindgen]
impl Engine {
    /// `gpu`, which is any adapter that the browser has, or `cpu`.
    pub async fn open(kind: String) -> Answer<Self> {
        let choice = match kind.as_str() {
            "gpu" => DeviceChoice::Named("webgpu".to_owned()),
            _ => DeviceChoice::Cpu,
        };
        Ok(Self { device: Device::open_async(&choice).await? })
    }

    /// The device's words for itself.
    pub fn name(&self) -> String {
        self.device.to_string()
    }

    /// The outputs of all layers, one `Float32Array` each.
    pub async fn run(&self, shape: &[u32], values: &[f32], layers: &str) -> Answer<JsValue> {
        let layers: Vec<Layer> = serde_json::from_str(layers)?;
        let picture = self.upload(shape, values)?;
        // All downloads begin before the first is waited for.
        let downloads: Vec<_> =
            forward(&self.device, &layers, &picture)?.iter().map(Tensor::to_vec_async).collect();
        let outputs = Array::new();
        for download in downloads {
            outputs.push(&Float32Array::from(download.await?.as_slice()));
        }
        Ok(outputs.into())
    }

    /// The median time of the chain on tensors that are on the device, in milliseconds.
    pub async fn time(&self, shape: &[u32], values: &[f32], layers: &str) -> Answer<f64> {
        let layers: Vec<Layer> = serde_json::from_str(layers)?;
        let picture = self.upload(shape, values)?;
        let mut repetitions = 1_u32;
        let mut seconds = Vec::new();
        while seconds.len() < MEASUREMENTS {
            let work = || {
                (0..repetitions)
                    .try_for_each(|_| forward(&self.device, &layers, &picture).map(drop))
            };
            let wall = self.device.time_async(work).await?.wall.as_secs_f64();
            if wall < WORK_SECONDS && repetitions < MOST_REPETITIONS {
                repetitions *= 2;
                continue;
            }
            seconds.push(wall / f64::from(repetitions));
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[MEASUREMENTS / 2] * 1000.0)
    }
}

impl Engine {
    fn upload(&self, shape: &[u32], values: &[f32]) -> Answer<Tensor> {
        let [channels, height, width] = shape_of(shape)?;
        Ok(self.device.upload_slice(values, [1, channels, height, width])?)
    }
}

/// Records the layers and gives their outputs.
fn forward(device: &Device, layers: &[Layer], picture: &Tensor) -> Result<Vec<Tensor>, Error> {
    let mut outputs: Vec<Tensor> = Vec::new();
    for layer in layers {
        let output = layer.forward(device, outputs.last().unwrap_or(picture))?;
        outputs.push(output);
    }
    Ok(outputs)
}
