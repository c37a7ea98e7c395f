//! Where the number of an output cell comes from: every tap of its window, in f64.

use filtro::Result;
use ndarray::{Array3, ArrayView3};
use serde::Serialize;

use crate::kernel;
use crate::layer::{AvgPooling, Convolution, Layer, Shape};

/// A cell of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub channel: usize,
    pub y: usize,
    pub x: usize,
}

/// A tap of a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tap {
    /// Of the input.
    pub channel: usize,
    pub kernel_y: usize,
    pub kernel_x: usize,
    /// In the input's coordinates: below 0 or from the size on over padding.
    pub y: isize,
    pub x: isize,
    /// `input`, the mode of the padding, `skipped` or `beyond`.
    pub from: &'static str,
    /// The cell of the input that is read.
    pub source: Option<[usize; 2]>,
    pub value: f64,
    /// 1 in a pooling.
    pub weight: f64,
    pub product: f64,
}

/// The tap that a maximum is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Maximum {
    /// An index into the taps.
    pub tap: usize,
    /// How many taps have its value; the first wins.
    pub ties: usize,
    /// As `return_indices` gives it.
    pub index: usize,
}

/// What the sum of an average is divided by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Divisor {
    pub value: f64,
    /// Why.
    pub rule: &'static str,
    /// Of the kernel.
    pub taps: usize,
    /// Of them in the input or its padding.
    pub padded: usize,
    /// Of them in the input.
    pub inside: usize,
}

/// Where the number of an output cell comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    #[serde(rename = "type")]
    pub layer: &'static str,
    pub cell: Cell,
    /// In the order of the sum.
    pub taps: Vec<Tap>,
    pub bias: Option<f64>,
    /// Of the products.
    pub sum: f64,
    pub value: f64,
    pub maximum: Option<Maximum>,
    pub divisor: Option<Divisor>,
}

/// Explains a cell of a layer's output; `None` if it has no such cell.
///
/// # Errors
///
/// Those of the layer for an input of this shape.
pub fn explain(
    layer: &Layer,
    input: ArrayView3<'_, f32>,
    cell: Cell,
) -> Result<Option<Explanation>> {
    let shape = shape_of(input);
    let [channels, height, width] = layer.output(shape)?;
    if cell.channel >= channels || cell.y >= height || cell.x >= width {
        return Ok(None);
    }
    let axes = layer.axes(shape)?;
    let mode = layer.padding_mode();
    let outside = match layer {
        Layer::MaxPool2d(_) => "skipped",
        _ => mode.name(),
    };
    let (first, weight) = match layer {
        Layer::Conv2d(layer) => filter(layer, shape[0], cell.channel)?,
        _ => (cell.channel, Array3::ones([1, axes[0].kernel_size, axes[1].kernel_size])),
    };
    let taps: Vec<Tap> = weight
        .indexed_iter()
        .map(|((channel, kernel_y, kernel_x), &weight)| {
            let channel = first + channel;
            let y = axes[0].position(cell.y, kernel_y);
            let x = axes[1].position(cell.x, kernel_x);
            let is_inside = axes[0].inside(y).is_some() && axes[1].inside(x).is_some();
            let from = match is_inside {
                true => "input",
                false if axes[0].is_padded(y) && axes[1].is_padded(x) => outside,
                false => "beyond",
            };
            let source = axes[0].source(mode, y).zip(axes[1].source(mode, x));
            let value = source.map_or(0.0, |(y, x)| input[[channel, y, x]].into());
            let weight = f64::from(weight);
            let product = source.map_or(0.0, |_| value * weight);
            let source = source.map(|(y, x)| [y, x]);
            Tap { channel, kernel_y, kernel_x, y, x, from, source, value, weight, product }
        })
        .collect();
    let sum = taps.iter().map(|tap| tap.product).sum();
    let mut explanation = Explanation {
        layer: layer.name(),
        cell,
        taps,
        bias: None,
        sum,
        value: sum,
        maximum: None,
        divisor: None,
    };
    match layer {
        Layer::Conv2d(layer) => {
            explanation.bias = layer.bias_of(cell.channel).map(f64::from);
            explanation.value += explanation.bias.unwrap_or(0.0);
        }
        Layer::MaxPool2d(_) => {
            explanation.maximum = maximum(&explanation.taps, shape[2]);
            let tap = explanation.maximum.map(|maximum| &explanation.taps[maximum.tap]);
            explanation.value = tap.map_or(f64::NEG_INFINITY, |tap| tap.value);
        }
        Layer::AvgPool2d(layer) => {
            let divisor = divisor(layer, &explanation.taps);
            explanation.value = sum / divisor.value;
            explanation.divisor = Some(divisor);
        }
        // The sign of a zero is kept, and a NaN.
        Layer::ReLU if sum < 0.0 => explanation.value = 0.0,
        Layer::ReLU => {}
    }
    Ok(Some(explanation))
}

/// What a cell of a layer's input reaches in a channel of its output, and the gradient that flows back to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reach {
    pub outputs: Vec<Reader>,
    /// The sum of the weights: the gradient of the sum of the channel.
    pub gradient: f64,
}

/// An output that reads a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reader {
    pub y: usize,
    pub x: usize,
    pub kernel_y: usize,
    pub kernel_x: usize,
    /// By how much the output grows with the cell.
    pub weight: f64,
}

/// What a cell of the input reaches; nothing if there is no such cell or channel.
///
/// # Errors
///
/// Those of the layer for an input of this shape.
pub fn reach(
    layer: &Layer,
    input: ArrayView3<'_, f32>,
    cell: Cell,
    out_channel: usize,
) -> Result<Reach> {
    let shape = shape_of(input);
    let axes = layer.axes(shape)?;
    let is_there = cell.channel < shape[0] && cell.y < shape[1] && cell.x < shape[2];
    let mut outputs = Vec::new();
    if is_there && out_channel < layer.output(shape)?[0] {
        let mode = layer.padding_mode();
        let filter = match layer {
            Layer::Conv2d(layer) => Some(filter(layer, shape[0], out_channel)?),
            _ => None,
        };
        let rows = axes[0].readers(mode, cell.y);
        let columns = axes[1].readers(mode, cell.x);
        for &(y, kernel_y) in &rows {
            for &(x, kernel_x) in &columns {
                let weight = match &filter {
                    Some((first, filter)) => {
                        let channel = cell.channel.wrapping_sub(*first);
                        filter.get([channel, kernel_y, kernel_x]).copied().map(f64::from)
                    }
                    _ if cell.channel != out_channel => None,
                    _ => {
                        let output = Cell { channel: out_channel, y, x };
                        let explained = explain(layer, input, output)?;
                        explained.map(|explained| explained.gradient_of(cell))
                    }
                };
                outputs.extend(weight.map(|weight| Reader { y, x, kernel_y, kernel_x, weight }));
            }
        }
    }
    outputs.sort_by_key(|reader| (reader.y, reader.x, reader.kernel_y, reader.kernel_x));
    let gradient = outputs.iter().map(|reader| reader.weight).sum();
    Ok(Reach { outputs, gradient })
}

impl Explanation {
    /// By how much the output of a pooling or an activation grows with a cell of its window.
    fn gradient_of(&self, cell: Cell) -> f64 {
        if let Some(divisor) = &self.divisor {
            return 1.0 / divisor.value;
        }
        let winner = match self.maximum {
            Some(maximum) => self.taps[maximum.tap].source,
            None => self.taps.first().filter(|tap| tap.value > 0.0).and_then(|tap| tap.source),
        };
        if winner == Some([cell.y, cell.x]) { 1.0 } else { 0.0 }
    }
}

fn shape_of(input: ArrayView3<'_, f32>) -> Shape {
    let (channels, height, width) = input.dim();
    [channels, height, width]
}

/// The filter of an output channel, and the first input channel of its group.
fn filter(
    layer: &Convolution,
    in_channels: usize,
    out_channel: usize,
) -> Result<(usize, Array3<f32>)> {
    let filter = kernel::filter(layer, in_channels, out_channel)?;
    let group = out_channel / (layer.out_channels / layer.groups);
    Ok((group * filter.dim().0, filter))
}

/// The first tap inside with the largest value, or the last NaN, as PyTorch has it.
fn maximum(taps: &[Tap], in_width: usize) -> Option<Maximum> {
    let mut best: Option<(usize, [usize; 2], f64)> = None;
    for (tap, &Tap { source, value, .. }) in taps.iter().enumerate() {
        if let Some(source) = source
            && best.is_none_or(|(_, _, most)| value > most || value.is_nan())
        {
            best = Some((tap, source, value));
        }
    }
    let (tap, [y, x], most) = best?;
    let ties = taps.iter().filter(|tap| tap.source.is_some() && tap.value == most).count();
    Some(Maximum { tap, ties: ties.max(1), index: y * in_width + x })
}

fn divisor(layer: &AvgPooling, taps: &[Tap]) -> Divisor {
    let inside = taps.iter().filter(|tap| tap.from == "input").count();
    let padded = taps.iter().filter(|tap| tap.from != "beyond").count();
    let (value, rule) = match layer.divisor_override {
        Some(divisor) => (divisor as f64, "divisor_override"),
        None if !layer.count_include_pad => (inside as f64, "inside the input"),
        None if padded < taps.len() => (padded as f64, "inside the padding"),
        None => (padded as f64, "kernel"),
    };
    Divisor { value, rule, taps: taps.len(), padded, inside }
}
