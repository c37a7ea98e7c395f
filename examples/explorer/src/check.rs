//! What the crate says of each layer of a chain.

use std::collections::BTreeSet;

use filtro::{Error, PaddingMode, ReceptiveField, Result};
use serde::Serialize;

use crate::axis::Axis;
use crate::layer::{Layer, Shape};

/// More numbers than a page can show, and more products than it can wait for on one thread: what would take
/// a browser's memory or time is refused before it does.
const MOST_NUMBERS: usize = 4_000_000;
const MOST_PRODUCTS: u128 = 2_000_000_000;

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
    let too_much = |value: String, rule: String| {
        Err(Error::InvalidArgument { operation: "this page", argument: "output", value, rule })
    };
    if numbers > MOST_NUMBERS {
        return too_much(
            format!("{output:?}"),
            format!("at most {MOST_NUMBERS} numbers are shown"),
        );
    }
    let axes = layer.axes(input)?;
    let batch = [1, input[0], input[1], input[2]];
    let taps = axes.iter().map(|axis| axis.kernel_size as u128).product::<u128>();
    let (weights, multiply_adds, products) = match layer {
        Layer::Conv2d(layer) => {
            let options = layer.options(input[0]);
            let products = options.multiply_adds(batch)?;
            (options.weights()?, products as f64, products)
        }
        _ => (0, 0.0, numbers as u128 * taps),
    };
    if products > MOST_PRODUCTS {
        let rule = format!("at most {MOST_PRODUCTS} are calculated");
        return too_much(format!("{products} products"), rule);
    }
    *field = layer.field(*field);
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

/// What of a picture an output cell depends on: the pixels of these rows in these columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    /// From first to last, as the windows lie; they can lie beyond the picture.
    pub top: isize,
    pub left: isize,
    pub bottom: isize,
    pub right: isize,
    /// Those that are read, through the padding too.
    pub rows: BTreeSet<usize>,
    pub columns: BTreeSet<usize>,
}

/// What of the input of a chain an output cell depends on.
///
/// # Errors
///
/// Those of the layers for an input of this shape.
pub fn region(mut shape: Shape, layers: &[Layer], y: usize, x: usize) -> Result<Region> {
    let mut windows = Vec::new();
    for layer in layers {
        windows.push((layer.axes(shape)?, layer.padding_mode()));
        shape = layer.output(shape)?;
    }
    let [rows, columns] = [(0, y), (1, x)].map(|(axis, cell)| {
        windows
            .iter()
            .rev()
            .fold(Span::of(cell), |span, &(axes, mode)| span.before(&axes[axis], mode))
    });
    Ok(Region {
        top: rows.first,
        left: columns.first,
        bottom: rows.last,
        right: columns.last,
        rows: rows.cells,
        columns: columns.cells,
    })
}

/// What is read along an axis.
struct Span {
    first: isize,
    last: isize,
    cells: BTreeSet<usize>,
}

impl Span {
    fn of(cell: usize) -> Self {
        let at = isize::try_from(cell).unwrap_or(isize::MAX);
        Self { first: at, last: at, cells: BTreeSet::from([cell]) }
    }

    /// The same in the input of a layer.
    fn before(self, axis: &Axis, mode: PaddingMode) -> Self {
        let signed = |size: usize| isize::try_from(size).unwrap_or(isize::MAX);
        let first = |out: isize| out * signed(axis.stride) - signed(axis.pads[0]);
        let positions = self.cells.iter().flat_map(|&out| {
            (0..axis.kernel_size).filter_map(move |tap| axis.source(mode, axis.position(out, tap)))
        });
        Self {
            first: first(self.first),
            last: first(self.last) + signed(axis.dilation * (axis.kernel_size - 1)),
            cells: positions.collect(),
        }
    }
}
