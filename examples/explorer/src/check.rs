//! What the crate says of each layer of a chain.

use filtro::{Error, ReceptiveField, Result};
use serde::Serialize;

use crate::layer::{Layer, Shape};

/// More numbers than a page can show; what would take a browser's memory is refused before it does.
const MOST_NUMBERS: usize = 4_000_000;

/// What the crate says of a layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Checked {
    Fine(Box<Sizes>),
    Wrong {
        ok: bool,
        /// The parameter.
        argument: String,
        /// The crate's text.
        message: String,
    },
}

/// The sizes of a layer that is in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sizes {
    pub ok: bool,
    pub input: Shape,
    pub output: Shape,
    /// `[[top, bottom], [left, right]]`.
    pub pads: [[usize; 2]; 2],
    pub unvisited: [usize; 2],
    pub overhang: [usize; 2],
    pub weights: usize,
    // In f64, which JSON has.
    pub dense_weights: f64,
    pub multiply_adds: f64,
    pub field: Field,
}

/// A receptive field: its size, and how far those of neighbours are apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    pub size: [usize; 2],
    pub jump: [usize; 2],
}

/// Checks the layers in their order, up to the first that is impossible.
pub fn check(mut shape: Shape, layers: &[Layer]) -> Vec<Checked> {
    let mut field = ReceptiveField::new();
    let mut checked = Vec::new();
    for layer in layers {
        match sizes(layer, shape, &mut field) {
            Ok(sizes) => {
                shape = sizes.output;
                checked.push(Checked::Fine(Box::new(sizes)));
            }
            Err(error) => {
                let (argument, message) = (argument_of(&error), error.to_string());
                checked.push(Checked::Wrong { ok: false, argument, message });
                break;
            }
        }
    }
    checked
}

fn sizes(layer: &Layer, input: Shape, field: &mut ReceptiveField) -> Result<Sizes> {
    let output = layer.output(input)?;
    let numbers = output.iter().product::<usize>();
    if numbers > MOST_NUMBERS {
        return Err(Error::InvalidArgument {
            operation: "this page",
            argument: "output",
            value: format!("{output:?}"),
            rule: format!("at most {MOST_NUMBERS} numbers are shown"),
        });
    }
    let axes = layer.axes(input)?;
    *field = layer.field(*field);
    let batch = [1, input[0], input[1], input[2]];
    let (weights, multiply_adds) = match layer {
        Layer::Conv2d(layer) => {
            let options = layer.options(input[0]);
            (options.weights()?, options.multiply_adds(batch)? as f64)
        }
        _ => (0, 0.0),
    };
    Ok(Sizes {
        ok: true,
        input,
        output,
        pads: axes.map(|axis| axis.pads),
        unvisited: axes.map(|axis| axis.unvisited()),
        overhang: axes.map(|axis| axis.overhang()),
        weights,
        dense_weights: input.iter().product::<usize>() as f64 * numbers as f64,
        multiply_adds,
        field: Field { size: field.size(), jump: field.jump() },
    })
}

/// The parameter that an error is about, as the page calls it.
fn argument_of(error: &Error) -> String {
    match error {
        // What reaches a layer is not its own: the groups are.
        Error::InvalidArgument { argument: "in_channels", .. } => "groups".to_owned(),
        Error::InvalidArgument { argument, .. } | Error::ShapeMismatch { argument, .. } => {
            (*argument).to_owned()
        }
        Error::NoOutput { .. } => "kernel_size".to_owned(),
        _ => String::new(),
    }
}

/// Rows and columns from first to last; they can lie beyond the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    pub top: isize,
    pub left: isize,
    pub bottom: isize,
    pub right: isize,
}

/// What of the input of a chain an output cell depends on.
///
/// # Errors
///
/// Those of the layers for an input of this shape.
pub fn region(mut shape: Shape, layers: &[Layer], y: usize, x: usize) -> Result<Region> {
    let mut windows = Vec::new();
    for layer in layers {
        windows.push(layer.axes(shape)?);
        shape = layer.output(shape)?;
    }
    let signed = |size: usize| isize::try_from(size).unwrap_or(isize::MAX);
    let mut cells = [y, x].map(|cell| [signed(cell); 2]);
    for axes in windows.iter().rev() {
        for (axis, [first, last]) in axes.iter().zip(&mut cells) {
            let (stride, before) = (signed(axis.stride), signed(axis.pads[0]));
            *first = *first * stride - before;
            *last = *last * stride - before + signed(axis.dilation * (axis.kernel_size - 1));
        }
    }
    let [[top, bottom], [left, right]] = cells;
    Ok(Region { top, left, bottom, right })
}
