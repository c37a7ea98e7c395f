//! A graph forward and backward.

use super::{Entry, Graph, Operation};
use crate::gpu::short_lived;
use crate::nn::layer::{Layer, join, take};
use crate::nn::{self, Buffer, Parameter, SummaryRow};
use crate::{Arithmetic, Cat, Error, Operator, ReceptiveField, Result, Shape, Tensor};

/// What a node that is no layer needs to go backward.
#[derive(Debug)]
pub(super) enum Remembered {
    Arithmetic {
        operands: Operands,
        /// The values before the activation, where there is one.
        before_activation: Option<Tensor>,
    },
    /// The shapes of the inputs.
    Cat(Vec<Shape>),
}

/// What was computed with.
#[derive(Debug)]
pub(super) enum Operands {
    /// Summands of one shape, whose gradients are that of the sum.
    Summands,
    Any(Tensor, Tensor),
}

fn arithmetic_forward(
    arithmetic: &Arithmetic,
    input: &Tensor,
    other: &Tensor,
) -> Result<(Tensor, Remembered)> {
    let linear = arithmetic.activation(None);
    let (mut output, mut before_activation) = (linear.forward(input, other)?, None);
    if let Some(activation) = arithmetic.activation {
        let activated = activation.forward(&output)?;
        before_activation = Some(std::mem::replace(&mut output, activated));
    }
    let operands = match arithmetic.operator {
        Operator::Add if input.shape() == other.shape() => Operands::Summands,
        _ => Operands::Any(input.clone(), other.clone()),
    };
    Ok((output, Remembered::Arithmetic { operands, before_activation }))
}

fn arithmetic_backward(
    arithmetic: &Arithmetic,
    operands: Operands,
    before_activation: Option<Tensor>,
    wanted: &[bool],
    gradient: &Tensor,
) -> Result<Vec<Option<Tensor>>> {
    let gradient = match (arithmetic.activation, before_activation) {
        (Some(activation), Some(before)) => activation.grad_input(&before, gradient)?,
        _ => gradient.clone(),
    };
    let Operands::Any(input, other) = operands else {
        return Ok(vec![Some(gradient.clone()), Some(gradient)]);
    };
    let linear = arithmetic.activation(None);
    let wants = |at: usize| wanted.get(at) == Some(&true);
    let grad_input = wants(0).then(|| linear.grad_input(&input, &other, &gradient));
    let grad_other = wants(1).then(|| linear.grad_other(&input, &other, &gradient));
    Ok(vec![grad_input.transpose()?, grad_other.transpose()?])
}

impl Entry {
    pub(super) fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape> {
        match (&self.operation, inputs) {
            (Operation::Layer(layer), [input]) => layer.output_shape(**input),
            (Operation::Arithmetic(arithmetic), [input, other]) => {
                arithmetic.output_shape(**input, **other)
            }
            _ => Cat.output_shape(&inputs.iter().map(|&&input| input).collect::<Vec<_>>()),
        }
    }

    fn infer(&self, inputs: &[&Tensor]) -> Result<Tensor> {
        match (&self.operation, inputs) {
            (Operation::Layer(layer), [input]) => layer.infer(input),
            (Operation::Arithmetic(arithmetic), [input, other]) => arithmetic.forward(input, other),
            _ => Cat.forward(inputs),
        }
    }

    /// What comes out of the only node that takes its value, where they are computed together.
    fn infer_with(&self, user: &Self, inputs: &[&Tensor]) -> Result<Option<Tensor>> {
        match (self.layer::<nn::Conv2d>(), user.layer(), inputs) {
            (Some(first), Some(second), [input]) => {
                first.infer_pair(second, input).map_err(|error| error.at(&user.name))
            }
            _ => Ok(None),
        }
    }

    fn forward(&mut self, inputs: &[&Tensor]) -> Result<(Tensor, Option<Remembered>)> {
        match (&mut self.operation, inputs) {
            (Operation::Layer(layer), [input]) => Ok((layer.forward(input)?, None)),
            (Operation::Arithmetic(arithmetic), [input, other]) => {
                let (output, remembered) = arithmetic_forward(arithmetic, input, other)?;
                Ok((output, Some(remembered)))
            }
            _ => {
                let shapes = inputs.iter().map(|input| input.shape()).collect();
                Ok((Cat.forward(inputs)?, Some(Remembered::Cat(shapes))))
            }
        }
    }

    /// The gradients of the inputs, of those that are wanted at least.
    fn backward(
        &mut self,
        remembered: Option<Remembered>,
        wanted: &[bool],
        gradient: &Tensor,
    ) -> Result<Vec<Option<Tensor>>> {
        match (&mut self.operation, remembered) {
            (
                Operation::Arithmetic(arithmetic),
                Some(Remembered::Arithmetic { operands, before_activation }),
            ) => arithmetic_backward(arithmetic, operands, before_activation, wanted, gradient),
            (Operation::Cat, Some(Remembered::Cat(shapes))) => {
                Ok(Cat.grad_inputs(&shapes, gradient)?.into_iter().map(Some).collect())
            }
            (Operation::Layer(layer), _) if wanted == [true] => {
                Ok(vec![Some(layer.backward_to_input(gradient)?)])
            }
            (Operation::Layer(layer), _) => layer.backward(gradient).map(|()| vec![None]),
            _ => Err(Error::NoForward { layer: NETWORK }),
        }
    }
}

const NETWORK: &str = "the network";

impl Graph {
    /// The gradient of the input, if that is wanted.
    fn backward_through(&mut self, grad_output: &Tensor, to_input: bool) -> Result<Option<Tensor>> {
        let mut remembered = take(&mut self.remembered, NETWORK)?;
        let plan = self.plan()?;
        let mut wanted = vec![false; self.nodes.len()];
        wanted[0] = to_input;
        for step in &plan.steps {
            wanted[step.node] = self.nodes[step.node].is_trained()
                || step.inputs.iter().any(|&input| wanted[input]);
        }
        let mut gradients = vec![None; self.nodes.len()];
        gradients[plan.output] = wanted[plan.output].then(|| grad_output.clone());
        for step in plan.steps.iter().rev() {
            let entry = &mut self.nodes[step.node];
            // Whoever takes the value comes later, so that its gradient is complete.
            let Some(gradient) = gradients[step.node].take() else {
                entry.forget();
                continue;
            };
            let wants: Vec<_> = step.inputs.iter().map(|&input| wanted[input]).collect();
            let remembered = remembered.get_mut(step.node).and_then(Option::take);
            let found = entry.backward(remembered, &wants, &gradient);
            let found = found.map_err(|error| error.at(&entry.name))?;
            for (&input, gradient) in step.inputs.iter().zip(found) {
                let Some(gradient) = gradient.filter(|_| wanted[input]) else { continue };
                gradients[input] = Some(match gradients[input].take() {
                    Some(before) => Arithmetic::add().forward(&before, &gradient)?,
                    None => gradient,
                });
            }
        }
        Ok(gradients[0].take())
    }
}

impl Entry {
    fn is_trained(&self) -> bool {
        matches!(&self.operation, Operation::Layer(layer) if !layer.named_parameters().is_empty())
    }

    fn forget(&mut self) {
        if let Operation::Layer(layer) = &mut self.operation {
            layer.forget();
        }
    }
}

impl Layer for Graph {
    fn describe(&self) -> String {
        let layers: Vec<_> =
            self.layers().map(|(name, layer)| format!("{name}: {}", layer.describe())).collect();
        format!("Graph({})", layers.join(", "))
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        self.plan()?.run(input, |node, inputs| {
            let entry = &self.nodes[node];
            entry.output_shape(inputs).map_err(|error| error.at(&entry.name))
        })
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        let plan = self.plan()?;
        let mut remembered: Vec<_> = self.nodes.iter().map(|_| None).collect();
        self.remembered = None;
        let output = plan.run(input.clone(), |node, inputs| {
            let entry = &mut self.nodes[node];
            let (output, left) = entry.forward(inputs).map_err(|error| error.at(&entry.name))?;
            remembered[node] = left;
            Ok(output)
        });
        match &output {
            Ok(_) => self.remembered = Some(remembered),
            Err(_) => self.forget(),
        }
        output
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        let plan = self.plan()?;
        // What was computed together with the value before it, which then never is there.
        let mut ahead = vec![None; self.nodes.len()];
        let output = plan.run(Some(input.clone()), |node, inputs| {
            if let Some(value) = ahead[node].take() {
                return Ok(Some(value));
            }
            let inputs: Vec<_> = inputs.iter().filter_map(|&input| input.as_ref()).collect();
            let entry = &self.nodes[node];
            if let Some(user) = plan.sole_users[node]
                && let Some(value) = entry.infer_with(&self.nodes[user], &inputs)?
            {
                ahead[user] = Some(value);
                return Ok(None);
            }
            let output = short_lived(node != plan.output, || entry.infer(&inputs));
            output.map(Some).map_err(|error| error.at(&entry.name))
        })?;
        output.ok_or(Error::NoForward { layer: NETWORK })
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        self.backward_through(grad_output, false).map(drop)
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        let gradient = self.backward_through(grad_output, true)?;
        gradient.ok_or(Error::NoForward { layer: NETWORK })
    }

    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        named(self.layers().map(|(name, layer)| (name, layer.named_parameters())))
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.layers_mut().flat_map(|layer| layer.parameters_mut()).collect()
    }

    fn named_buffers(&self) -> Vec<(String, &Buffer)> {
        named(self.layers().map(|(name, layer)| (name, layer.named_buffers())))
    }

    fn buffers_mut(&mut self) -> Vec<&mut Buffer> {
        self.layers_mut().flat_map(|layer| layer.buffers_mut()).collect()
    }

    fn forget(&mut self) {
        self.remembered = None;
        self.layers_mut().for_each(|layer| layer.forget());
    }

    fn multiply_adds(&self, input: Shape) -> Result<u128> {
        Ok(self.summary(input)?.multiply_adds())
    }

    fn receptive_field(&self, input: Option<ReceptiveField>) -> Option<ReceptiveField> {
        let plan = self.plan().ok()?;
        let field = plan.run(input, |node, inputs| Ok(self.nodes[node].receptive_field(inputs)));
        field.ok().flatten()
    }

    fn summary_rows(&self, input: Shape, field: Option<ReceptiveField>) -> Result<Vec<SummaryRow>> {
        let plan = self.plan()?;
        let mut rows = Vec::new();
        let mut before = 0;
        plan.run((input, field), |node, inputs| {
            let entry = &self.nodes[node];
            let (shapes, fields): (Vec<_>, Vec<_>) =
                inputs.iter().map(|(shape, field)| (shape, field)).unzip();
            let shape = entry.output_shape(&shapes).map_err(|error| error.at(&entry.name))?;
            let field = entry.receptive_field(&fields);
            let mut added = match (&entry.operation, inputs) {
                (Operation::Layer(layer), [(shape, field)]) => {
                    let rows = layer.summary_rows(*shape, *field);
                    rows.map_err(|error| error.at(&entry.name))?
                }
                _ => vec![SummaryRow {
                    name: String::new(),
                    layer: entry.describe(),
                    output: shape,
                    parameters: 0,
                    multiply_adds: 0,
                    receptive_field: field.map(|field| field.size()),
                }],
            };
            for row in &mut added {
                row.name = join(&entry.name, &row.name);
            }
            let is_next = entry.inputs.iter().all(|input| input.index == before);
            if let Some(row) = added.first_mut().filter(|_| !is_next) {
                let names = entry.inputs.iter().map(|input| self.nodes[input.index].name.as_str());
                row.layer = format!("{} of {}", row.layer, names.collect::<Vec<_>>().join(", "));
            }
            before = node;
            rows.extend(added);
            Ok((shape, field))
        })?;
        Ok(rows)
    }
}

impl Entry {
    /// What the largest of the inputs sees, and the layer around it.
    fn receptive_field(&self, inputs: &[&Option<ReceptiveField>]) -> Option<ReceptiveField> {
        let field = inputs.iter().copied().copied();
        let field = field.reduce(|field, other| Some(field?.beside(other?))).flatten();
        match &self.operation {
            Operation::Layer(layer) => layer.receptive_field(field),
            _ => field,
        }
    }
}

/// What the layers hold, under the names of the layers.
fn named<'a, T: 'a>(layers: impl Iterator<Item = (&'a str, Vec<(String, T)>)>) -> Vec<(String, T)> {
    let held = |(layer, held): (&'a str, Vec<(String, T)>)| {
        held.into_iter().map(move |(name, value)| (join(layer, &name), value))
    };
    layers.flat_map(held).collect()
}
