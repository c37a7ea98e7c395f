//! Functions of the elements of two tensors that broadcast, on the GPU.

use std::sync::Arc;

use crate::gpu::elementwise::activation::ACTIVATIONS;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::{Shader, Value};
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::ops::broadcast::Broadcast;
use crate::ops::{Function, Pairwise};
use crate::{Activation, DType, Result};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;
/// Elements of a vector.
const VECTOR: usize = 4;

params!(Params {
    grid_width: u32,
    count: u32,
    activation_parameter: f32,
    output_first: u32,
    input_first: u32,
    other_first: u32,
    input_run: u32,
    input_values: u32,
    other_run: u32,
    other_values: u32,
    size_1: u32,
    size_2: u32,
    size_3: u32,
    input_stride_0: u32,
    input_stride_1: u32,
    input_stride_2: u32,
    input_stride_3: u32,
    other_stride_0: u32,
    other_stride_1: u32,
    other_stride_2: u32,
    other_stride_3: u32,
});

static PAIRWISE: Template = template!("elementwise", "pairwise", &[], Params);

/// How the elements of a tensor lie over those of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One for each.
    Each,
    /// One for a run of cells, so many one behind another, and over again.
    Spread { run: usize, values: usize },
    /// By four strides; whole cells are loaded.
    Strided([usize; 4]),
    /// By four strides; an element is for a whole cell.
    StridedSpread([usize; 4]),
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::Spread { .. } => "spread",
            Self::Strided(_) => "strided",
            Self::StridedSpread(_) => "strided_spread",
        }
    }

    /// The form of a tensor over cells of `width` elements.
    fn new(places: &Broadcast<2>, operand: usize, width: usize) -> Self {
        if places.is_each(operand) {
            return Self::Each;
        }
        let strides = places.strides[operand];
        match run_and_values(places, operand) {
            Some((run, values)) if run % width == 0 => Self::Spread { run: run / width, values },
            _ if width > 1 && strides[3] == 0 => Self::StridedSpread(strides),
            _ => {
                let [image, channel, row, column] = strides;
                Self::Strided([image / width, channel / width, row / width, column])
            }
        }
    }

    /// What of it a shader is given: run, values and strides.
    fn numbers(self) -> (usize, usize, [usize; 4]) {
        match self {
            Self::Each => (1, 1, [0; 4]),
            Self::Spread { run, values } => (run, values, [0; 4]),
            Self::Strided(strides) | Self::StridedSpread(strides) => (1, 1, strides),
        }
    }
}

/// For how many outputs in a row each element of an operand serves, and how many elements there are,
/// where that is all that is to say.
fn run_and_values(places: &Broadcast<2>, operand: usize) -> Option<(usize, usize)> {
    let (mut run, mut values, mut again) = (1, 1, false);
    for axis in (0..4).rev().filter(|&axis| places.sizes[axis] != 1) {
        match places.strides[operand][axis] {
            0 if values == 1 => run *= places.sizes[axis],
            0 => again = true,
            stride if stride == values && !again => values *= places.sizes[axis],
            _ => return None,
        }
    }
    Some((run, values))
}

/// Some neighbouring outputs, whose operands lie in one binding each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// The first output, and the first element of each operand.
    first: usize,
    starts: [usize; 2],
    places: Broadcast<2>,
}

impl Part {
    /// Elements of a cell.
    fn width(&self) -> usize {
        let Broadcast { sizes, strides } = self.places;
        let in_vectors = |number: usize| number.is_multiple_of(VECTOR);
        let loads = |operand: usize| {
            let [image, channel, row, column] = strides[operand];
            column == 0 || [self.starts[operand], image, channel, row].into_iter().all(in_vectors)
        };
        if in_vectors(self.first) && in_vectors(sizes[3]) && loads(0) && loads(1) {
            VECTOR
        } else {
            1
        }
    }
}

/// The parts of an output, none with more elements of a tensor than `most`.
fn parts(places: Broadcast<2>, most: usize) -> impl Iterator<Item = Part> {
    let Broadcast { sizes, strides } = places;
    let cut = move |axis: usize, len: usize| {
        let mut cut = sizes;
        cut[..axis].fill(1);
        cut[axis] = len;
        Broadcast { sizes: cut, strides }
    };
    let fits = |axis: usize, len: usize| {
        let part = cut(axis, len);
        part.len() <= most && part.reach(0) <= most && part.reach(1) <= most
    };
    let of_axis = |axis: usize| Some((axis, largest(sizes[axis], |len| fits(axis, len))?));
    // Rows are cut at multiples of every alignment, so that no binding begins before its part.
    let (axis, step) = (0..3).find_map(of_axis).unwrap_or((3, (most / 128 * 128).max(128)));
    let before: usize = sizes[..axis].iter().product();
    let behind: usize = sizes[axis + 1..].iter().product();
    (0..before).flat_map(move |index| {
        chunks(sizes[axis], step).map(move |range| {
            let first = (index * sizes[axis] + range.start) * behind;
            let starts = [0, 1].map(|operand| places.place(operand, first));
            let part = cut(axis, range.len());
            Part { first, starts, places: Broadcast::of(part.sizes, part.strides) }
        })
    })
}

/// A shader: the names of the function, of the activation and of the forms.
fn shader(
    function: Function,
    activation: &'static str,
    forms: [&'static str; 2],
    width: u32,
    dtype: DType,
) -> Shader {
    Shader {
        template: &PAIRWISE,
        values: vec![
            ("operator", function.name().into()),
            ("activation", Value::Name(activation)),
            ("input_form", forms[0].into()),
            ("other_form", forms[1].into()),
            ("width", width.into()),
            dtype.value(),
        ],
        uniforms: 0,
        textures: &[],
        reads: if function == Function::PReluGradient { 3 } else { 2 },
        writes: 1,
    }
}

/// Variants that between them take every branch.
pub(crate) fn variants() -> Vec<Shader> {
    let mut variants = Vec::new();
    let forms = ["each", "spread", "strided", "strided_spread"];
    for dtype in [DType::F32, DType::F16] {
        for (one, other) in forms.into_iter().flat_map(|one| forms.map(|other| (one, other))) {
            variants.push(shader(Function::Add, "none", [one, other], 4, dtype));
            if one != "strided_spread" && other != "strided_spread" {
                variants.push(shader(Function::Mul, "none", [one, other], 1, dtype));
            }
        }
        for function in [Function::Sub, Function::PRelu] {
            let of_width = |width| shader(function, "none", ["each", "spread"], width, dtype);
            variants.extend([1, 4].map(of_width));
        }
        for activation in ACTIVATIONS.map(Activation::name) {
            variants.push(shader(Function::Add, activation, ["each", "each"], 4, dtype));
        }
    }
    for width in [1, 4] {
        let function = Function::PReluGradient;
        variants.push(shader(function, "none", ["each", "spread"], width, DType::F32));
    }
    variants
}

/// A dispatch.
#[derive(Debug)]
struct Step {
    shader: Shader,
    params: Params,
    grid: Grid,
    part: Part,
}

/// The dispatch of a part, whose bindings begin at multiples of `alignment` elements.
fn step(problem: &Pairwise, part: Part, dtype: DType, limits: &crate::Limits) -> Result<Step> {
    let operation = problem.operation;
    let width = part.width();
    let forms = [0, 1].map(|operand| Form::new(&part.places, operand, width));
    let count = part.places.len() / width;
    let grid = Grid::new(operation, count.div_ceil(WORKGROUP), NO_LOOP, limits)?;
    let alignment = (limits.binding_alignment as usize / dtype.bytes()).max(1);
    let first = |start: usize, in_cells: bool| {
        low_bits(start % alignment / if in_cells { width } else { 1 })
    };
    let in_cells = forms.map(|form| matches!(form, Form::Each | Form::Strided(_)));
    let [(input_run, input_values, input), (other_run, other_values, other)] =
        forms.map(Form::numbers);
    let [_, size_1, size_2, columns] = part.places.sizes;
    let params = Params {
        grid_width: grid.width,
        count: size(operation, "the elements of one dispatch", count)?,
        activation_parameter: problem.activation.map_or(0.0, Activation::parameter),
        output_first: first(part.first, true),
        input_first: first(part.starts[0], in_cells[0]),
        other_first: first(part.starts[1], in_cells[1]),
        input_run: low_bits(input_run),
        input_values: low_bits(input_values),
        other_run: low_bits(other_run),
        other_values: low_bits(other_values),
        size_1: low_bits(size_1),
        size_2: low_bits(size_2),
        size_3: low_bits(columns / width),
        input_stride_0: low_bits(input[0]),
        input_stride_1: low_bits(input[1]),
        input_stride_2: low_bits(input[2]),
        input_stride_3: low_bits(input[3]),
        other_stride_0: low_bits(other[0]),
        other_stride_1: low_bits(other[1]),
        other_stride_2: low_bits(other[2]),
        other_stride_3: low_bits(other[3]),
    };
    let names = forms.map(Form::name);
    let activation = problem.activation.map_or("none", Activation::name);
    let width = if width == VECTOR { 4 } else { 1 };
    let shader = shader(problem.function, activation, names, width, dtype);
    Ok(Step { shader, params, grid, part })
}

/// The shaders of a function of two tensors.
#[cfg(test)]
pub(crate) fn shaders(problem: &Pairwise, dtype: DType, limits: &crate::Limits) -> Vec<Shader> {
    let parts = parts(problem.places(), limits.max_elements(dtype));
    parts.map(|part| step(problem, part, dtype, limits).unwrap().shader).collect()
}

/// Records a function of the elements of two tensors, and of a gradient of the output if it is one of
/// that; the output is not empty.
pub(crate) fn pairwise(
    context: &Arc<Context>,
    problem: &Pairwise,
    operands: [&GpuBuffer; 2],
    gradient: Option<&GpuBuffer>,
) -> Result<GpuBuffer> {
    let (dtype, limits) = (operands[0].dtype, context.limits());
    let places = problem.places();
    let output = context.allocate_elements(problem.operation, places.len(), dtype)?;
    for part in parts(places, limits.max_elements(dtype)) {
        let Step { shader, params, grid, part } = step(problem, part, dtype, limits)?;
        let bound = |buffer, first, len| Binding::range(limits, buffer, first..first + len).0;
        let operands = [0, 1].map(|operand| {
            bound(operands[operand], part.starts[operand], part.places.reach(operand))
        });
        let of_output = gradient.into_iter().chain([&output]);
        let of_output = of_output.map(|buffer| bound(buffer, part.first, part.places.len()));
        let bindings: Vec<_> = operands.into_iter().chain(of_output).collect();
        context.record(problem.operation, &shader, &params, &bindings, grid)?;
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(output: [usize; 4], operands: [[usize; 4]; 2]) -> Broadcast<2> {
        Broadcast::new(output.into(), operands.map(crate::Shape::from))
    }

    #[test]
    fn planes_and_channels_are_runs_and_vectors_where_they_can_be() {
        let form = |output: [usize; 4], other: [usize; 4]| {
            let places = over(output, [output, other]);
            let part = parts(places, 1 << 20).next().unwrap();
            let width = part.width();
            let forms = [0, 1].map(|operand| Form::new(&part.places, operand, width));
            assert_eq!(forms[0], Form::Each);
            (width, forms[1])
        };
        let (even, odd) = ([2, 3, 5, 8], [2, 3, 5, 7]);
        assert_eq!(form(even, even), (4, Form::Each));
        assert_eq!(form(odd, odd), (1, Form::Each));
        assert_eq!(form(even, [2, 3, 1, 1]), (4, Form::Spread { run: 10, values: 6 }));
        assert_eq!(form(odd, [1, 3, 1, 1]), (1, Form::Spread { run: 35, values: 3 }));
        assert_eq!(form(even, [1, 1, 1, 1]), (4, Form::Spread { run: 60, values: 1 }));
        assert_eq!(form(odd, [1, 3, 5, 7]), (1, Form::Spread { run: 1, values: 105 }));
        assert_eq!(form(even, [1, 3, 5, 8]), (4, Form::Strided([0, 0, 0, 1])));
        assert_eq!(form(even, [2, 1, 5, 8]), (4, Form::Strided([0, 10, 0, 1])));
        assert_eq!(form(odd, [2, 1, 5, 7]), (1, Form::Strided([0, 35, 0, 1])));
    }

    #[test]
    fn parts_cover_every_output_once_and_see_no_more_than_a_binding() {
        for (output, operands) in [
            ([3, 4, 5, 7], [[3, 4, 5, 7], [1, 4, 1, 1]]),
            ([2, 3, 10, 70], [[2, 3, 10, 70], [1, 3, 10, 70]]),
            ([2, 3, 10, 70], [[2, 1, 10, 70], [1, 3, 1, 1]]),
            ([2, 3, 1, 2_000], [[1, 3, 1, 2_000], [2, 1, 1, 1]]),
            ([2, 700, 1, 3], [[2, 700, 1, 3], [2, 700, 1, 1]]),
            ([2, 700, 1, 3], [[1, 700, 1, 1], [2, 1, 1, 3]]),
        ] {
            let places = over(output, operands);
            for most in [448, 1_000, 1 << 20] {
                let mut covered = vec![0; places.len()];
                for part in parts(places, most) {
                    let reaches = [0, 1].map(|operand| part.places.reach(operand));
                    assert!(part.places.len().max(reaches[0]).max(reaches[1]) <= most);
                    for index in 0..part.places.len() {
                        covered[part.first + index] += 1;
                        for operand in [0, 1] {
                            let place = part.starts[operand] + part.places.place(operand, index);
                            assert_eq!(place, places.place(operand, part.first + index));
                        }
                    }
                }
                assert!(covered.iter().all(|&times| times == 1), "{output:?} in {most}");
            }
        }
    }
}
