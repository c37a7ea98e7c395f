//! Files of shapes: those of `benches/workloads.json`, layers of well-known networks, and a user's.

use std::fs;
use std::path::Path;

use filtro::{AvgPool2d, Conv2d, MaxPool2d, Shape};
use ndarray::Array1;
use serde_json::{Map, Value};

use super::sweep::noise;
use crate::failure::Failure;
use crate::layer::{Layer, Pool2d};

const OURS: &str = include_str!("../../../../benches/workloads.json");

/// The keys that a shape may have; those from `batch` on can be left out.
const KEYS: [&str; 14] = [
    "name",
    "op",
    "in_channels",
    "in_height",
    "in_width",
    "out_channels",
    "kernel_size",
    "batch",
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
    "count_include_pad",
];

/// A layer and the shape of its input.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) layer: Layer,
    pub(crate) shape: Shape,
}

/// The 20 shapes.
pub(crate) fn ours() -> Result<Vec<Row>, Failure> {
    parse(OURS).map_err(Failure::input)
}

/// The shapes in a file of the same format.
pub(crate) fn of_file(file: &Path) -> Result<Vec<Row>, Failure> {
    let name = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::input(format!("{name}: it cannot be read: {error}")))?;
    parse(&text).map_err(|error| Failure::input(format!("{name}: {error}")))
}

fn parse(text: &str) -> Result<Vec<Row>, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let rows = value.as_array().ok_or("it must be a list of shapes")?;
    if rows.is_empty() {
        return Err("it has no shapes".into());
    }
    let mut read = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let fields = row.as_object().ok_or_else(|| format!("shape {index} must be an object"))?;
        let name = fields.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| format!("shape {index} must have a name"))?;
        let layer = Fields(fields).row(name).map_err(|error| format!("{name}: {error}"))?;
        if read.iter().any(|row: &Row| row.name == layer.name) {
            return Err(format!("there are two shapes of the name {name}"));
        }
        read.push(layer);
    }
    Ok(read)
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn row(&self, name: &str) -> Result<Row, String> {
        if let Some(key) = self.0.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("it has {key}, but a shape has {}", KEYS.join(", ")));
        }
        let op = self.get("op")?.as_str().unwrap_or_default();
        let in_channels = self.size("in_channels")?;
        let kernel_size = self.pair("kernel_size")?;
        let padding = self.pair_or("padding", [0, 0])?;
        let dilation = self.pair_or("dilation", [1, 1])?;
        let is_conv = op == "conv2d";
        let stride = self.pair_or("stride", if is_conv { [1, 1] } else { kernel_size })?;
        let for_op =
            |keys: &[&str], ops: &str| match keys.iter().find(|&&key| self.0.contains_key(key)) {
                Some(key) => Err(format!("{key} is an option of {ops}, not of {op}")),
                None => Ok(()),
            };
        if !is_conv {
            for_op(&["out_channels", "groups", "bias"], "conv2d")?;
        }
        if op != "avg_pool2d" {
            for_op(&["count_include_pad"], "avg_pool2d")?;
        }
        let layer = match op {
            "conv2d" => {
                let options = Conv2d::new(in_channels, self.size("out_channels")?, kernel_size)
                    .stride(stride)
                    .padding(padding)
                    .dilation(dilation)
                    .groups(self.size_or("groups", 1)?);
                let weight = noise(options.weight_shape().map_err(|error| error.to_string())?);
                let bias = self.flag_or("bias", true)?;
                let bias = bias.then(|| Array1::linspace(-1.0, 1.0, options.out_channels));
                Layer::Conv2d { options, weight, bias }
            }
            "max_pool2d" => Layer::Pool2d(Pool2d::Max(
                MaxPool2d::new(kernel_size).stride(stride).padding(padding).dilation(dilation),
            )),
            "avg_pool2d" => {
                for_op(&["dilation"], "conv2d and max_pool2d")?;
                let pool = AvgPool2d::new(kernel_size).stride(stride).padding(padding);
                let include = self.flag_or("count_include_pad", true)?;
                Layer::Pool2d(Pool2d::Avg(pool.count_include_pad(include)))
            }
            _ => return Err("op must be conv2d, max_pool2d or avg_pool2d".into()),
        };
        let batch = self.size_or("batch", 1)?;
        let shape = Shape::new(batch, in_channels, self.size("in_height")?, self.size("in_width")?);
        layer.output_shape(shape).map_err(|error| error.to_string())?;
        Ok(Row { name: name.into(), layer, shape })
    }

    fn get(&self, key: &str) -> Result<&Value, String> {
        self.0.get(key).ok_or_else(|| format!("it has no {key}"))
    }

    fn size(&self, key: &str) -> Result<usize, String> {
        size(self.get(key)?).ok_or_else(|| format!("{key} must be a whole number of 1 or more"))
    }

    fn size_or(&self, key: &str, default: usize) -> Result<usize, String> {
        if self.0.contains_key(key) { self.size(key) } else { Ok(default) }
    }

    fn pair(&self, key: &str) -> Result<[usize; 2], String> {
        let pair = match self.get(key)?.as_array().map(Vec::as_slice) {
            Some([height, width]) => number(height).zip(number(width)),
            _ => None,
        };
        let wrong = || format!("{key} must be [height, width], two whole numbers");
        pair.map(|(height, width)| [height, width]).ok_or_else(wrong)
    }

    fn pair_or(&self, key: &str, default: [usize; 2]) -> Result<[usize; 2], String> {
        if self.0.contains_key(key) { self.pair(key) } else { Ok(default) }
    }

    fn flag_or(&self, key: &str, default: bool) -> Result<bool, String> {
        match self.0.get(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| format!("{key} must be true or false")),
        }
    }
}

fn number(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|value| usize::try_from(value).ok())
}

fn size(value: &Value) -> Option<usize> {
    number(value).filter(|&size| size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_the_shape_and_the_key() {
        let shape = |more: &str| {
            format!(
                r#"[{{"name": "mine", "op": "conv2d", "in_channels": 4, "in_height": 9,
                "in_width": 8, "out_channels": 6, "kernel_size": [3, 3]{more}}}]"#
            )
        };
        let rows = parse(&shape("")).unwrap();
        let Layer::Conv2d { options, bias, .. } = &rows[0].layer else { panic!("{rows:?}") };
        assert_eq!(*options, Conv2d::new(4, 6, [3, 3]).padding([0, 0]));
        assert_eq!((rows[0].shape, bias.is_some()), (Shape::new(1, 4, 9, 8), true));
        for (text, message) in [
            ("{}".into(), "it must be a list of shapes"),
            ("[]".into(), "it has no shapes"),
            ("[3]".into(), "shape 0 must be an object"),
            ("[{}]".into(), "shape 0 must have a name"),
            (r#"[{"name": "a"}]"#.into(), "a: it has no op"),
            (shape(r#", "strides": [1, 1]"#), "mine: it has strides, but a shape has name, op,"),
            (shape(r#", "stride": 2"#), "mine: stride must be [height, width], two whole numbers"),
            (shape(r#", "batch": 0"#), "mine: batch must be a whole number of 1 or more"),
            (shape(r#", "bias": 1"#), "mine: bias must be true or false"),
            (
                shape(r#", "count_include_pad": true"#),
                "mine: count_include_pad is an option of avg_pool2d, not of conv2d",
            ),
            (
                shape(r#", "groups": 4"#),
                "mine: conv2d: out_channels is 6, but must be a multiple of groups 4",
            ),
            (shape(r#", "dilation": [5, 1]"#), "mine: conv2d: "),
            (
                r#"[{"name": "b", "op": "pool", "in_channels": 1, "kernel_size": [1, 1]}]"#.into(),
                "b: op must be conv2d, max_pool2d or avg_pool2d",
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
        let twice = shape("").replace("[{", "{").replace("}]", "}");
        let error = parse(&format!("[{twice}, {twice}]")).unwrap_err();
        assert_eq!(error, "there are two shapes of the name mine");
    }
}
