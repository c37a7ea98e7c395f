//! Problems as the lines of a tuning name them.

use std::fmt;

use crate::PaddingMode;
use crate::ops::Conv2dProblem;
use crate::ops::pool2d::{Divisor, Pool2dProblem, Window};
use crate::window::Axis;

/// All of a problem that the choice of an algorithm depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    operation: &'static str,
    values: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    /// As many as the field has; the others are zero.
    Numbers([usize; 4]),
    Word(&'static str),
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// So many whole numbers with an `x` between them.
    Numbers(usize),
    Word(&'static [&'static str]),
}

struct Schema {
    operation: &'static str,
    fields: &'static [(&'static str, Kind)],
}

const DIVISORS: &[&str] =
    &[Divisor::Padded.name(), Divisor::Inside.name(), Divisor::Override(0.0).name()];
const MODES: &[&str] = &[
    PaddingMode::Zeros.name(),
    PaddingMode::Reflect.name(),
    PaddingMode::Replicate.name(),
    PaddingMode::Circular.name(),
];

const SCHEMAS: &[Schema] = &[
    Schema {
        operation: "conv2d",
        fields: &[
            ("input", Kind::Numbers(4)),
            ("out_channels", Kind::Numbers(1)),
            ("kernel_size", Kind::Numbers(2)),
            ("stride", Kind::Numbers(2)),
            ("padding", Kind::Numbers(4)),
            ("padding_mode", Kind::Word(MODES)),
            ("dilation", Kind::Numbers(2)),
            ("groups", Kind::Numbers(1)),
        ],
    },
    Schema {
        operation: "max_pool2d",
        fields: &[
            ("input", Kind::Numbers(4)),
            ("output", Kind::Numbers(2)),
            ("kernel_size", Kind::Numbers(2)),
            ("stride", Kind::Numbers(2)),
            ("padding", Kind::Numbers(4)),
            ("dilation", Kind::Numbers(2)),
        ],
    },
    Schema {
        operation: "avg_pool2d",
        fields: &[
            ("input", Kind::Numbers(4)),
            ("output", Kind::Numbers(2)),
            ("kernel_size", Kind::Numbers(2)),
            ("stride", Kind::Numbers(2)),
            ("padding", Kind::Numbers(4)),
            ("divisor", Kind::Word(DIVISORS)),
        ],
    },
    Schema {
        operation: "adaptive_max_pool2d",
        fields: &[("input", Kind::Numbers(4)), ("output", Kind::Numbers(2))],
    },
    Schema {
        operation: "adaptive_avg_pool2d",
        fields: &[("input", Kind::Numbers(4)), ("output", Kind::Numbers(2))],
    },
];

/// `[height, width]` of something of two axes.
fn pair(axes: [&Axis; 2], of: impl Fn(&Axis) -> usize) -> Value {
    Value::Numbers([of(axes[0]), of(axes[1]), 0, 0])
}

/// Top, bottom, left, right.
fn padding([vertical, horizontal]: [&Axis; 2]) -> Value {
    let [top, bottom] = [vertical.pad_begin, vertical.pad_end];
    Value::Numbers([top, bottom, horizontal.pad_begin, horizontal.pad_end])
}

impl From<&Conv2dProblem> for Key {
    fn from(problem: &Conv2dProblem) -> Self {
        let axes = [&problem.vertical, &problem.horizontal];
        let values = vec![
            Value::Numbers(problem.input_shape().dims()),
            Value::Numbers([problem.out_channels, 0, 0, 0]),
            pair(axes, |axis| axis.kernel_size),
            pair(axes, |axis| axis.stride),
            padding(axes),
            Value::Word(problem.padding_mode.name()),
            pair(axes, |axis| axis.dilation),
            Value::Numbers([problem.groups, 0, 0, 0]),
        ];
        Self { operation: "conv2d", values }
    }
}

impl From<&Pool2dProblem> for Key {
    fn from(problem: &Pool2dProblem) -> Self {
        let mut values = vec![
            Value::Numbers(problem.input.dims()),
            Value::Numbers([problem.output.height, problem.output.width, 0, 0]),
        ];
        if let Window::Fixed { vertical, horizontal } = &problem.window {
            let axes = [vertical, horizontal];
            values.extend([
                pair(axes, |axis| axis.kernel_size),
                pair(axes, |axis| axis.stride),
                padding(axes),
            ]);
            values.push(match problem.divisor() {
                None => pair(axes, |axis| axis.dilation),
                Some(divisor) => Value::Word(divisor.name()),
            });
        }
        Self { operation: problem.operation, values }
    }
}

impl Key {
    /// The key that starts a line, and what follows it; or the rule that the line breaks.
    pub(crate) fn parse(line: &str) -> Result<(Self, Option<&str>), String> {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let Some(schema) = SCHEMAS.iter().find(|schema| schema.operation == name) else {
            let names: Vec<_> = SCHEMAS.iter().map(|schema| schema.operation).collect();
            return Err(format!("it must start with one of {}", names.join(", ")));
        };
        let mut values = Vec::with_capacity(schema.fields.len());
        for &(field, kind) in schema.fields {
            let rule = || format!("{field} must follow, as {field}={}", kind.form());
            let text = words.next().and_then(|word| word.strip_prefix(field)?.strip_prefix('='));
            values.push(text.and_then(|text| kind.parse(text)).ok_or_else(rule)?);
        }
        let rest = words.next();
        match words.next() {
            Some(word) => Err(format!("nothing may follow the algorithm, but {word} does")),
            None => Ok((Self { operation: schema.operation, values }, rest)),
        }
    }
}

impl Kind {
    fn form(self) -> String {
        match self {
            Self::Numbers(count) => ["NUMBER"].repeat(count).join("x"),
            Self::Word(words) => words.join("|"),
        }
    }

    fn parse(self, text: &str) -> Option<Value> {
        match self {
            Self::Word(words) => words.iter().find(|word| **word == text).copied().map(Value::Word),
            Self::Numbers(count) => {
                let mut numbers = [0; 4];
                let mut parts = text.split('x');
                for number in numbers.iter_mut().take(count) {
                    *number = parts.next()?.parse().ok()?;
                }
                parts.next().is_none().then_some(Value::Numbers(numbers))
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)?;
        let schema = SCHEMAS.iter().find(|schema| schema.operation == self.operation);
        let fields = schema.map_or(&[][..], |schema| schema.fields);
        for (&(name, kind), value) in fields.iter().zip(&self.values) {
            match (kind, value) {
                (Kind::Numbers(count), Value::Numbers(numbers)) => {
                    let numbers: Vec<_> =
                        numbers.iter().take(count).map(usize::to_string).collect();
                    write!(f, " {name}={}", numbers.join("x"))?;
                }
                (_, Value::Word(word)) => write!(f, " {name}={word}")?,
                (Kind::Word(_), Value::Numbers(_)) => return Err(fmt::Error),
            }
        }
        Ok(())
    }
}
