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
    /// The node that takes each one's value, if nobody else does.
    pub(super) sole_users: Vec<Option<usize>>,
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
        let mut uses = vec![0_usize; graph.nodes.len()];
        let mut sole_users = vec![None; graph.nodes.len()];
        uses[output] = 1;
        let mut steps = Vec::with_capacity(graph.nodes.len());
        for (node, inputs) in inputs.into_iter().enumerate().skip(1).rev() {
            if uses[node] == 0 {
                continue;
            }
            let mut last_used = Vec::new();
            for &input in &inputs {
                if uses[input] == 0 {
                    last_used.push(input);
                }
                uses[input] += 1;
                sole_users[input] = (uses[input] == 1).then_some(node);
            }
            steps.push(Step { node, inputs, last_used });
        }
        steps.reverse();
        Ok(Self { steps, output, sole_users })
    }

    /// The value of the output, given that of the input and what a node makes of the values that it
    /// takes. A value is let go of after its last use.
    pub(super) fn run<T>(
        &self,
        input: T,
        mut compute: impl FnMut(usize, &[&T]) -> Result<T>,
    ) -> Result<T> {
        let mut values: Vec<Option<T>> = self.sole_users.iter().map(|_| None).collect();
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
