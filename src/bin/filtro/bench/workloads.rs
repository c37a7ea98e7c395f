//! The 20 shapes of `benches/workloads.json`: layers of well-known networks.

use filtro::{Algorithm, AvgPool2d, Conv2d, Device, MaxPool2d, Result, Shape};
use ndarray::{Array1, Array4};
use serde_json::Value;

use super::sweep::noise;
use crate::failure::Failure;
use crate::layer::{Layer, Pool2d};

const FILE: &str = include_str!("../../../../benches/workloads.json");

/// One shape: a layer and the input that it is timed on.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) layer: Layer,
    pub(crate) input: Array4<f32>,
    pub(crate) shape: Shape,
    pub(crate) work: Work,
}

/// What a layer has to do at least.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// Two for every multiply-add; of a pooling one for every element of every window.
    pub(crate) operations: f64,
    /// Bytes of the input, the weights and the output, each once.
    pub(crate) bytes: f64,
}

impl Workload {
    /// The workloads whose name contains `only`.
    pub(crate) fn all(only: Option<&str>) -> std::result::Result<Vec<Self>, Failure> {
        let rows: Vec<Value> = serde_json::from_str(FILE).map_err(Failure::input)?;
        let names: Vec<_> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
        let wanted = |row: &&Value| only.is_none_or(|only| text(row, "name").contains(only));
        let workloads: Vec<_> =
            rows.iter().filter(wanted).map(Self::read).collect::<std::result::Result<_, _>>()?;
        if workloads.is_empty() {
            return Err(Failure::input(format!("--only: the shapes are {}", names.join(", "))));
        }
        Ok(workloads)
    }

    fn read(row: &Value) -> std::result::Result<Self, Failure> {
        let [kernel_size, stride, padding, dilation] =
            ["kernel_size", "stride", "padding", "dilation"].map(|name| pair(row, name));
        let in_channels = number(row, "in_channels");
        let layer = match text(row, "op") {
            "conv2d" => {
                let options = Conv2d::new(in_channels, number(row, "out_channels"), kernel_size)
                    .stride(stride)
                    .padding(padding)
                    .dilation(dilation)
                    .groups(number(row, "groups"));
                let weight = noise(options.weight_shape()?);
                let bias = Some(Array1::linspace(-1.0, 1.0, options.out_channels));
                Layer::Conv2d { options, weight, bias }
            }
            "max_pool2d" => Layer::Pool2d(Pool2d::Max(
                MaxPool2d::new(kernel_size).stride(stride).padding(padding).dilation(dilation),
            )),
            "avg_pool2d" => Layer::Pool2d(Pool2d::Avg(
                AvgPool2d::new(kernel_size).stride(stride).padding(padding),
            )),
            other => return Err(Failure::input(format!("workloads.json: no operation {other}"))),
        };
        let shape = Shape::new(
            number(row, "batch"),
            in_channels,
            number(row, "in_height"),
            number(row, "in_width"),
        );
        let work = work(&layer, shape, kernel_size)?;
        Ok(Self { name: text(row, "name").into(), layer, input: noise(shape), shape, work })
    }

    /// What a device does it with; the CPU has no plan.
    pub(crate) fn algorithm(&self, device: &Device) -> Result<Option<Algorithm>> {
        let plan = match &self.layer {
            Layer::Conv2d { options, .. } => options.plan_on(self.shape, device)?,
            Layer::Pool2d(Pool2d::Max(options)) => options.plan_on(self.shape, device)?,
            Layer::Pool2d(Pool2d::Avg(options)) => options.plan_on(self.shape, device)?,
            Layer::Pool2d(Pool2d::AdaptiveMax(options)) => options.plan_on(self.shape, device)?,
            Layer::Pool2d(Pool2d::AdaptiveAvg(options)) => options.plan_on(self.shape, device)?,
        };
        Ok(plan.map(|plan| plan.algorithm()))
    }
}

#[allow(clippy::cast_precision_loss, reason = "rates of three digits")]
fn work(layer: &Layer, input: Shape, kernel_size: [usize; 2]) -> Result<Work> {
    let len = |shape: Shape| shape.dims().iter().product::<usize>();
    let output = len(layer.output_shape(input)?);
    let (weights, operations) = match layer.cost(input)? {
        Some((weights, multiply_adds)) => (weights, 2.0 * multiply_adds as f64),
        None => (0, (output * kernel_size[0] * kernel_size[1]) as f64),
    };
    let bytes = ((len(input) + weights + output) * size_of::<f32>()) as f64;
    Ok(Work { operations, bytes })
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

fn size(value: &Value) -> usize {
    value.as_u64().and_then(|value| usize::try_from(value).ok()).unwrap_or(1)
}

fn number(row: &Value, name: &str) -> usize {
    size(&row[name])
}

fn pair(row: &Value, name: &str) -> [usize; 2] {
    [size(&row[name][0]), size(&row[name][1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_20_shapes_and_a_name_picks_some() {
        let all = Workload::all(None).unwrap();
        assert_eq!(all.len(), 20);
        let multiply_adds = 64.0 * 64.0 * 9.0 * 56.0 * 56.0;
        assert_eq!(all[1].work.operations, 2.0 * multiply_adds);
        assert_eq!(Workload::all(Some("global_avg")).unwrap().len(), 1);
        assert!(Workload::all(Some("no such shape")).is_err());
    }
}
