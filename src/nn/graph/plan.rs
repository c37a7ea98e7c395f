//! In which order the nodes of a graph run, and when a value was used for the last time.

use super::{Graph, Node};
use crate::{Error, Result};

/// What a graph does, without what is done at its nodes.
#[derive(Debug)]
pub(super) struct Plan {
    /// Those that the output depends on, in order.
    pub(super) steps: Vec<Step>,
    /// The node whose value is the output.
    pub(super) output: usize,
    nodes: usize,
}

/// A node.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) node: usize,
    /// The nodes whose values it takes.
    pub(super) inputs: Vec<usize>,
    /// Those of them that nobody takes later.
    last_used: Vec<usize>,
}

impl Plan {
    pub(super) fn new(graph: &Graph) -> Result<Self> {
        let own = |node: Node, argument, name: &str| {
            if node.graph == graph.id {
                return Ok(node.index);
            }
            let rule = "a graph can use its own nodes alone";
            let value = format!("one of another graph, at `{name}`");
            Err(Error::argument("graph", argument, value, rule))
        };
        let output = own(graph.output.unwrap_or(graph.last()), "the output", "output")?;
        let mut inputs = Vec::with_capacity(graph.nodes.len());
        for entry in &graph.nodes {
            let nodes = entry.inputs.iter().map(|&node| own(node, "a node", &entry.name));
            inputs.push(nodes.collect::<Result<Vec<_>>>()?);
        }
        // Whoever uses a node comes after it, so that one pass from the end meets its last use first.
        let mut used = vec![false; graph.nodes.len()];
        used[output] = true;
        let mut steps = Vec::with_capacity(graph.nodes.len());
        for (node, inputs) in inputs.into_iter().enumerate().skip(1).rev() {
            if !used[node] {
                continue;
            }
            let mut last_used = Vec::new();
            for &input in &inputs {
                if !used[input] {
                    last_used.push(input);
                }
                used[input] = true;
            }
            steps.push(Step { node, inputs, last_used });
        }
        steps.reverse();
        Ok(Self { steps, output, nodes: graph.nodes.len() })
    }

    /// The value of the output, given that of the input and what a node makes of the values that it
    /// takes. A value is let go of after its last use.
    pub(super) fn run<T: Clone>(
        &self,
        input: T,
        mut compute: impl FnMut(usize, &[&T]) -> Result<T>,
    ) -> Result<T> {
        let mut values = vec![None; self.nodes];
        values[0] = Some(input);
        for step in &self.steps {
            let inputs: Vec<&T> =
                step.inputs.iter().filter_map(|&at| values[at].as_ref()).collect();
            let value = compute(step.node, &inputs)?;
            for &input in &step.last_used {
                values[input] = None;
            }
            values[step.node] = Some(value);
        }
        let no_output = || Error::argument("graph", "the output", "nothing", "it must be a node");
        values[self.output].take().ok_or_else(no_output)
    }
}
