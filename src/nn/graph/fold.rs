//! A graph for use alone: without what training needs between its layers.

use std::any::Any;

use super::{Entry, Graph, Node, Operation};
use crate::Result;
use crate::nn::layer::join;
use crate::nn::{self, Layer, Sequential};

impl Graph {
    /// The same network for inference, in fewer steps: every batch normalisation behind a
    /// convolution becomes part of the convolution's weight and bias, and every activation behind a
    /// convolution, an addition or another [`Arithmetic`](crate::Arithmetic) is done in its step.
    ///
    /// Networks within the network are taken apart first, so that the result has their layers as its
    /// own, under the names that they had: `layer1.0.conv1`. A value that is used twice stays as it
    /// is, and so does a batch normalisation without running statistics.
    ///
    /// Outputs differ by rounding alone. A folded convolution has a bias, and the batch
    /// normalisation's parameters are gone: load a file first, then fold.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a node of another graph, what
    /// [`BatchNorm2d::fold`](crate::BatchNorm2d::fold) reports, and what the device reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::nn::{self, Graph, Layer, Rng, Sequential};
    /// use filtro::{Activation, BatchNorm2d, Conv2d, Device};
    ///
    /// let device = Device::cpu();
    /// let conv = nn::Conv2d::new(&device, Conv2d::new(3, 8, [3, 3]), &mut Rng::new(7))?;
    /// let network = Sequential::new()
    ///     .push_named("conv1", conv)
    ///     .push_named("bn1", nn::BatchNorm2d::new(&device, BatchNorm2d::new(8))?)
    ///     .push_named("relu", nn::Activation::new(Activation::Relu));
    /// let network = Graph::from(network).fold_batch_norms()?;
    /// let layers: Vec<_> = network.layers().map(|(name, layer)| (name, layer.describe())).collect();
    /// let conv = "Conv2d(3, 8, kernel_size=[3, 3], activation=relu)".to_string();
    /// assert_eq!(layers, [("conv1", conv)]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn fold_batch_norms(self) -> Result<Self> {
        self.plan()?; // that all nodes are its own
        let mut folded = Self::new();
        let input = folded.input();
        let output = folded.copy(self, "", input)?;
        folded.output(output);
        while folded.fold_one()? {}
        Ok(folded)
    }

    /// Adds all of another graph, taken apart, and gives the node of its output.
    fn copy(&mut self, graph: Self, name: &str, input: Node) -> Result<Node> {
        graph.plan()?;
        let output = graph.output.unwrap_or(graph.last());
        let mut copies = Vec::with_capacity(graph.nodes.len());
        for entry in graph.nodes {
            let inputs: Vec<_> = entry.inputs.iter().map(|node| copies[node.index]).collect();
            let name = join(name, &entry.name);
            copies.push(match (entry.operation, inputs.as_slice()) {
                (Operation::Input, _) => input,
                (Operation::Layer(layer), &[input]) => match network(layer) {
                    Ok(graph) => self.copy(graph, &name, input)?,
                    Err(layer) => self.push(name, Operation::Layer(layer), inputs),
                },
                (operation, _) => self.push(name, operation, inputs),
            });
        }
        Ok(copies[output.index])
    }

    /// Makes one of two nodes, if there are two that can be one.
    fn fold_one(&mut self) -> Result<bool> {
        for index in 1..self.nodes.len() {
            let &[Node { index: before, .. }] = self.nodes[index].inputs.as_slice() else {
                continue;
            };
            if self.uses(before) != 1 {
                continue;
            }
            let Some(operation) = joint(&self.nodes[before], &self.nodes[index])? else { continue };
            self.nodes[before].operation = operation;
            self.remove(index, before);
            return Ok(true);
        }
        Ok(false)
    }

    /// How often a node's value is used.
    fn uses(&self, index: usize) -> usize {
        let output = self.output.unwrap_or(self.last());
        let nodes = self.nodes.iter().flat_map(|node| &node.inputs).chain([&output]);
        nodes.filter(|node| node.index == index).count()
    }

    /// Takes a node away; whoever used its value uses that of an earlier one.
    fn remove(&mut self, index: usize, instead: usize) {
        self.change();
        self.nodes.remove(index);
        let nodes = self.nodes.iter_mut().flat_map(|node| &mut node.inputs).chain(&mut self.output);
        for node in nodes {
            if node.index == index {
                node.index = instead;
            } else if node.index > index {
                node.index -= 1;
            }
        }
    }
}

/// The graph of a layer that is a network, or the layer.
fn network(layer: Box<dyn Layer>) -> std::result::Result<Graph, Box<dyn Layer>> {
    let any: &dyn Any = &*layer;
    if !any.is::<Graph>() && !any.is::<Sequential>() {
        return Err(layer);
    }
    let any: Box<dyn Any> = layer;
    let graph = any.downcast::<Sequential>().map(|chain| chain.into_graph());
    Ok(graph.or_else(|any| any.downcast::<Graph>().map(|graph| *graph)).unwrap_or_default())
}

/// What does the work of a node and of the one behind it, if anything can.
fn joint(before: &Entry, behind: &Entry) -> Result<Option<Operation>> {
    let activation = behind.layer::<nn::Activation>().map(nn::Activation::function);
    if let Operation::Arithmetic(arithmetic) = before.operation {
        let free = activation.filter(|_| arithmetic.activation.is_none());
        return Ok(free.map(|it| Operation::Arithmetic(arithmetic.activation(it))));
    }
    let Some(conv) = before.layer::<nn::Conv2d>() else { return Ok(None) };
    if conv.options().activation.is_some() {
        return Ok(None);
    }
    let folded = match (activation, behind.layer::<nn::BatchNorm2d>()) {
        (Some(activation), _) => Some(conv.with_activation(activation)?),
        (None, Some(norm)) => norm.fold(conv)?,
        (None, None) => None,
    };
    Ok(folded.map(|conv| Operation::Layer(Box::new(conv))))
}
