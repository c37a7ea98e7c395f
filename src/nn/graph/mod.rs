//! Networks that are no chain.

mod fold;
mod plan;
mod run;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use self::plan::Plan;
use self::run::Remembered;
use super::{Layer, Sequential, Summary};
use crate::{Activation, Arithmetic, Result, Shape};

/// A network whose layers form a graph: with residuals, branches, gates and concatenations.
///
/// It has one input and one output. Every call that adds something gives a [`Node`], which stands
/// for a value: what comes out there. A graph is a [`Layer`] itself, and networks may be layers of
/// networks.
///
/// A parameter is named by the name of its layer and its name in the layer, as in PyTorch:
/// `layer1.0.conv1.weight`. So a layer gets the name that it has there, and a `state_dict` loads
/// by [`StateDict::load`](super::StateDict::load). Only layers with parameters or buffers need
/// names of their own.
///
/// Building checks nothing. A node of another graph is reported at use, as shapes are that do not
/// fit.
///
/// # Memory
///
/// [`infer`](Layer::infer) lets go of every value after its last use. A chain thus never has more
/// than the input and the output of one layer, so that its largest pair of neighbours says how much
/// it takes; a sum has two summands beside it. The values of ResNet-50 for an image of 224 x 224 are
/// 68 MB in all, of which at most 9.6 MB are there at a time: three of 3.2 MB around the first
/// additions. Scratch of the layers comes on top. On a GPU the memory of a value that is gone is kept
/// for others of its size, and within `infer` for those of a third of its size too, so that ResNet-50
/// takes 13 MB; [`Device::trim`](crate::Device::trim) gives it back.
/// On the CPU the value between a convolution of 1x1 and a depthwise one that alone takes it, as
/// MobileNet and EfficientNet have many, is never there as a whole: both are computed together, some
/// channels at a time.
/// [`forward`](Layer::forward) keeps what the layers remember for the backward pass, and nothing
/// else: of a sum of equal shapes, for one, nothing.
///
/// # Examples
///
/// A residual block: two convolutions, whose result is added to what came in.
///
/// ```
/// use filtro::nn::{self, Graph, Layer, Rng};
/// use filtro::{Activation, Conv2d, Device, Result};
///
/// fn block(device: &Device, channels: usize, rng: &mut Rng) -> Result<Graph> {
///     let options = Conv2d::new(channels, channels, [3, 3]).padding([1, 1]);
///     let first = nn::Conv2d::new(device, options.clone().activation(Activation::Relu), rng)?;
///     let second = nn::Conv2d::new(device, options, rng)?;
///     let mut graph = Graph::new();
///     let x = graph.input();
///     let y = graph.layer("conv1", first, x);
///     let y = graph.layer("conv2", second, y);
///     graph.add_activated(y, x, Activation::Relu);
///     Ok(graph)
/// }
///
/// let device = Device::cpu();
/// let mut rng = Rng::new(7);
/// let mut network = Graph::new();
/// let x = network.input();
/// let x = network.layer("layer1.0", block(&device, 8, &mut rng)?, x);
/// let x = network.layer("layer1.1", block(&device, 8, &mut rng)?, x);
/// network.output(x); // the last node is the output anyway
///
/// let names: Vec<_> = network.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names[..2], ["layer1.0.conv1.weight", "layer1.0.conv1.bias"]);
/// let input = device.upload_vec(vec![1.0; 8 * 12 * 10], [1, 8, 12, 10])?;
/// assert_eq!(network.infer(&input)?.shape(), input.shape());
/// println!("{}", network.summary(input.shape())?);
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug)]
pub struct Graph {
    id: usize,
    nodes: Vec<Entry>,
    output: Option<Node>,
    /// Made at the first use after a change.
    plan: OnceLock<Arc<Plan>>,
    remembered: Option<Vec<Option<Remembered>>>,
}

/// A value in a [`Graph`]: its input, or what comes out of one of its layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    graph: usize,
    index: usize,
}

/// A node: what is done there, and to what.
#[derive(Debug)]
struct Entry {
    name: String,
    operation: Operation,
    inputs: Vec<Node>,
}

#[derive(Debug)]
enum Operation {
    Input,
    Layer(Box<dyn Layer>),
    Arithmetic(Arithmetic),
    Cat,
}

impl Graph {
    /// A network without layers, whose output is its input.
    #[must_use]
    pub fn new() -> Self {
        static GRAPHS: AtomicUsize = AtomicUsize::new(0);
        let id = GRAPHS.fetch_add(1, Ordering::Relaxed);
        let input = Entry { name: "input".into(), operation: Operation::Input, inputs: Vec::new() };
        Self { id, nodes: vec![input], output: None, plan: OnceLock::new(), remembered: None }
    }

    /// The network's input.
    #[must_use]
    pub const fn input(&self) -> Node {
        Node { graph: self.id, index: 0 }
    }

    /// Adds a layer that works on `input`, and gives its output. The names of its parameters begin
    /// with `name` and a dot; with an empty name they are what they are in the layer.
    pub fn layer(
        &mut self,
        name: impl Into<String>,
        layer: impl Layer + 'static,
        input: Node,
    ) -> Node {
        self.push(name.into(), Operation::Layer(Box::new(layer)), vec![input])
    }

    /// The sum of two values; shapes broadcast as in [`Arithmetic`].
    pub fn add(&mut self, input: Node, other: Node) -> Node {
        self.arithmetic(Arithmetic::add(), input, other)
    }

    /// A function of the sum of two values, in one step.
    pub fn add_activated(&mut self, input: Node, other: Node, activation: Activation) -> Node {
        self.arithmetic(Arithmetic::add().activation(activation), input, other)
    }

    /// The product of two values; shapes broadcast as in [`Arithmetic`], so that a gate of
    /// `[N, C, 1, 1]` scales whole channels.
    pub fn mul(&mut self, input: Node, other: Node) -> Node {
        self.arithmetic(Arithmetic::mul(), input, other)
    }

    /// Any [`Arithmetic`] of two values.
    pub fn arithmetic(&mut self, arithmetic: Arithmetic, input: Node, other: Node) -> Node {
        let name = self.free_name(arithmetic.operator.name());
        self.push(name, Operation::Arithmetic(arithmetic), vec![input, other])
    }

    /// Values one behind the other along their channels; see [`Cat`](crate::Cat).
    pub fn cat(&mut self, inputs: &[Node]) -> Node {
        let name = self.free_name("cat");
        self.push(name, Operation::Cat, inputs.to_vec())
    }

    /// Makes a value the network's output. Without this call it is the value that was added last.
    pub fn output(&mut self, node: Node) {
        self.change();
        self.output = Some(node);
    }

    /// The layers and their names, in the order in which they were added.
    pub fn layers(&self) -> impl Iterator<Item = (&str, &dyn Layer)> {
        self.nodes.iter().filter_map(|node| match &node.operation {
            Operation::Layer(layer) => Some((node.name.as_str(), &**layer)),
            _ => None,
        })
    }

    /// What every layer does to an input of this shape: shapes, parameters, multiply-adds,
    /// receptive fields.
    ///
    /// # Errors
    ///
    /// As [`output_shape`](Layer::output_shape).
    pub fn summary(&self, input: impl Into<Shape>) -> Result<Summary> {
        Summary::new(self, input)
    }

    fn push(&mut self, name: String, operation: Operation, inputs: Vec<Node>) -> Node {
        self.change();
        self.nodes.push(Entry { name, operation, inputs });
        self.last()
    }

    /// Forgets what held for the graph before a change.
    fn change(&mut self) {
        self.plan = OnceLock::new();
        self.remembered = None;
    }

    pub(super) fn last(&self) -> Node {
        Node { graph: self.id, index: self.nodes.len().saturating_sub(1) }
    }

    /// The name of an operation that is no layer: `add`, then `add_1` and so on.
    fn free_name(&self, kind: &str) -> String {
        let alike = self.nodes.iter().filter(|node| match &node.operation {
            Operation::Arithmetic(arithmetic) => arithmetic.operator.name() == kind,
            Operation::Cat => kind == "cat",
            _ => false,
        });
        match alike.count() {
            0 => kind.into(),
            count => format!("{kind}_{count}"),
        }
    }

    fn plan(&self) -> Result<Arc<Plan>> {
        if let Some(plan) = self.plan.get() {
            return Ok(plan.clone());
        }
        let plan = Arc::new(Plan::new(self)?);
        Ok(self.plan.get_or_init(|| plan).clone())
    }

    fn layers_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Layer>> {
        self.nodes.iter_mut().filter_map(|node| match &mut node.operation {
            Operation::Layer(layer) => Some(layer),
            _ => None,
        })
    }
}

impl Default for Graph {
    fn default() -> Self {
        Self::new()
    }
}

/// The chain as a graph; the names stay as they are.
impl From<Sequential> for Graph {
    fn from(chain: Sequential) -> Self {
        chain.into_graph()
    }
}

impl Entry {
    /// What is done, if that is a layer of this kind.
    fn layer<L: Layer>(&self) -> Option<&L> {
        let Operation::Layer(layer) = &self.operation else { return None };
        let any: &dyn Any = &**layer;
        any.downcast_ref()
    }

    /// What is done, as PyTorch prints it, without what it is done to.
    fn describe(&self) -> String {
        match &self.operation {
            Operation::Input => "Input()".into(),
            Operation::Layer(layer) => layer.describe(),
            Operation::Arithmetic(arithmetic) => match arithmetic.activation {
                Some(activation) => {
                    format!("{}(activation={})", arithmetic.operator.name(), activation.name())
                }
                None => format!("{}()", arithmetic.operator.name()),
            },
            Operation::Cat => "cat()".into(),
        }
    }
}
