//! The reference against PyTorch's numbers, frozen by `tests/data/make_goldens.py`.

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d,
    MaxPool2d, Padding, PaddingMode, Shape, reference,
};
use ndarray::{Array1, Array4};
use serde_json::Value;

use crate::compare::{self, Check};
use crate::options::{AvgPooling, Convolution, MaxPooling};

/// One case of a file.
pub struct Golden<'a> {
    pub options: &'a Value,
    tensors: &'a Value,
}

impl Golden<'_> {
    pub fn sizes(value: &Value) -> Vec<usize> {
        let sizes = value.as_array().expect("an array of sizes");
        sizes.iter().map(|size| size.as_u64().expect("a size") as usize).collect()
    }

    /// An option that is a `[height, width]`.
    pub fn pair(&self, option: &str) -> Option<[usize; 2]> {
        let value = self.options.get(option)?;
        Some(Self::sizes(value).try_into().expect("a pair"))
    }

    pub fn flag(&self, option: &str) -> Option<bool> {
        Some(self.options.get(option)?.as_bool().expect("a bool"))
    }

    /// `padding`, or the `sides` that PyTorch lacks.
    fn padding(&self) -> Padding {
        if let Some(sides) = self.options.get("sides") {
            let [top, bottom, left, right] = Self::sizes(sides)[..] else { panic!("four sides") };
            return Padding::sides(top, bottom, left, right);
        }
        match self.options.get("padding") {
            None => Padding::Valid,
            Some(Value::String(name)) => {
                let words = [Padding::Valid, Padding::Same, Padding::SameUpper, Padding::SameLower];
                words.into_iter().find(|padding| padding.to_string() == *name).expect("a padding")
            }
            Some(_) => self.pair("padding").expect("a padding").into(),
        }
    }

    pub fn has(&self, tensor: &str) -> bool {
        self.tensors.get(tensor).is_some()
    }

    fn shape(&self, tensor: &str) -> Vec<usize> {
        Self::sizes(&self.tensors[tensor]["shape"])
    }

    fn data(&self, tensor: &str) -> Vec<f64> {
        let data = self.tensors[tensor]["data"].as_array();
        let number = |value: &Value| match value {
            Value::String(text) => text.parse().expect("nan, inf or -inf"),
            value => value.as_f64().expect("a number"),
        };
        data.unwrap_or_else(|| panic!("no tensor {tensor}")).iter().map(number).collect()
    }

    pub fn array4(&self, tensor: &str) -> Array4<f64> {
        let shape: [usize; 4] = self.shape(tensor).try_into().expect("four axes");
        Array4::from_shape_vec(shape, self.data(tensor)).expect("as many elements as the shape")
    }

    fn array1(&self, tensor: &str) -> Array1<f64> {
        assert_eq!(self.shape(tensor).len(), 1, "{tensor}");
        Array1::from(self.data(tensor))
    }

    fn indices(&self) -> Array4<u32> {
        self.array4("indices").mapv(|index| index as u32)
    }

    fn input_shape(&self) -> Shape {
        <[usize; 4]>::try_from(self.shape("input")).expect("four axes").into()
    }

    /// That an output or gradient is PyTorch's.
    pub fn agrees(&self, tensor: &str, actual: &Array4<f64>) -> Check {
        compare::close(tensor, actual, &self.array4(tensor))
    }
}

/// Checks every case of a file, and that it holds at least so many.
pub fn each(file: &str, at_least: usize, check: impl Fn(&Golden<'_>) -> Check) {
    let file: Value = serde_json::from_str(file).unwrap();
    let cases = file["cases"].as_array().expect("cases");
    assert!(cases.len() >= at_least, "the file holds {} cases", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let golden = Golden { options: &case["options"], tensors: &case["tensors"] };
            check(&golden).err().map(|message| format!("{}: {message}", case["name"]))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn text(error: filtro::Error) -> String {
    error.to_string()
}

fn conv2d_options(golden: &Golden<'_>) -> Conv2d {
    let [_, in_channels, ..] = golden.shape("input")[..] else { panic!("four axes") };
    let [out_channels, group_in_channels, ..] = golden.shape("weight")[..] else {
        panic!("four axes")
    };
    let mut options =
        Conv2d::new(in_channels, out_channels, golden.pair("kernel_size").expect("kernel_size"));
    options = options.groups(in_channels / group_in_channels);
    if let Some(stride) = golden.pair("stride") {
        options = options.stride(stride);
    }
    if let Some(dilation) = golden.pair("dilation") {
        options = options.dilation(dilation);
    }
    options = options.padding(golden.padding());
    match golden.options.get("padding_mode") {
        None => options,
        Some(name) => {
            let mode = PaddingMode::ALL.into_iter().find(|mode| mode.name() == name);
            options.padding_mode(mode.expect("a padding mode"))
        }
    }
}

fn is_convolution(golden: &Golden<'_>, options: &dyn Convolution) -> Check {
    let (input, weight) = (golden.array4("input"), golden.array4("weight"));
    let bias = golden.has("bias").then(|| golden.array1("bias"));
    let bias_view = bias.as_ref().map(|bias| bias.view());
    let output = options.reference(input.view(), weight.view(), bias_view);
    golden.agrees("output", &output.map_err(text)?)?;
    let grad_output = golden.array4("grad_output");
    let gradients = options
        .reference_backward(input.view(), weight.view(), grad_output.view())
        .map_err(text)?;
    golden.agrees("grad_input", &gradients.grad_input)?;
    golden.agrees("grad_weight", &gradients.grad_weight)?;
    if bias.is_some() {
        compare::close("grad_bias", &gradients.grad_bias, &golden.array1("grad_bias"))?;
    }
    Ok(())
}

fn is_maximum(golden: &Golden<'_>, options: &dyn MaxPooling) -> Check {
    let input = golden.array4("input");
    let (output, indices) = options.reference_with_indices(input.view()).map_err(text)?;
    let as_f32 = |array: &Array4<f64>| array.mapv(|value| value as f32);
    compare::identical("output", &as_f32(&output), &as_f32(&golden.array4("output")))?;
    compare::indices("indices", &indices, &golden.indices())?;
    let grad_output = golden.array4("grad_output");
    let grad_input = options.reference_backward(golden.input_shape(), &indices, grad_output.view());
    golden.agrees("grad_input", &grad_input.map_err(text)?)
}

fn is_average(golden: &Golden<'_>, options: &dyn AvgPooling) -> Check {
    let output = options.reference(golden.array4("input").view());
    golden.agrees("output", &output.map_err(text)?)?;
    let grad_output = golden.array4("grad_output");
    let grad_input = options.reference_backward(golden.input_shape(), grad_output.view());
    golden.agrees("grad_input", &grad_input.map_err(text)?)
}

#[test]
fn conv2d_and_its_gradients_are_pytorchs() {
    each(include_str!("../data/conv2d.json"), 70, |golden| {
        is_convolution(golden, &conv2d_options(golden))
    });
}

#[test]
fn conv_transpose2d_and_its_gradients_are_pytorchs() {
    each(include_str!("../data/conv_transpose2d.json"), 13, |golden| {
        let [_, in_channels, ..] = golden.shape("input")[..] else { panic!("four axes") };
        let [_, out_channels, ..] = golden.shape("output")[..] else { panic!("four axes") };
        let [_, group_out_channels, ..] = golden.shape("weight")[..] else { panic!("four axes") };
        let kernel_size = golden.pair("kernel_size").expect("kernel_size");
        let mut options = ConvTranspose2d::new(in_channels, out_channels, kernel_size);
        options.groups = out_channels / group_out_channels;
        options.stride = golden.pair("stride").unwrap_or(options.stride);
        options.padding = golden.pair("padding").unwrap_or(options.padding);
        options.dilation = golden.pair("dilation").unwrap_or(options.dilation);
        let output_padding = golden.pair("output_padding");
        options.output_padding = output_padding.unwrap_or(options.output_padding);
        is_convolution(golden, &options)
    });
}

#[test]
fn max_pool2d_its_indices_and_its_gradient_are_pytorchs() {
    each(include_str!("../data/max_pool2d.json"), 47, |golden| {
        let mut options = MaxPool2d::new(golden.pair("kernel_size").expect("kernel_size"));
        options.stride = golden.pair("stride").unwrap_or(options.stride);
        options.padding = golden.padding();
        options.dilation = golden.pair("dilation").unwrap_or(options.dilation);
        options.ceil_mode = golden.flag("ceil_mode").unwrap_or(options.ceil_mode);
        is_maximum(golden, &options)
    });
}

#[test]
fn avg_pool2d_and_its_gradient_are_pytorchs() {
    each(include_str!("../data/avg_pool2d.json"), 63, |golden| {
        let mut options = AvgPool2d::new(golden.pair("kernel_size").expect("kernel_size"));
        options.stride = golden.pair("stride").unwrap_or(options.stride);
        options.padding = golden.padding();
        options.ceil_mode = golden.flag("ceil_mode").unwrap_or(options.ceil_mode);
        let include = golden.flag("count_include_pad");
        options.count_include_pad = include.unwrap_or(options.count_include_pad);
        let divisor = golden.options.get("divisor_override");
        options.divisor_override = divisor.map(|value| value.as_i64().expect("a divisor"));
        is_average(golden, &options)
    });
}

#[test]
fn adaptive_avg_pool2d_and_its_gradient_are_pytorchs() {
    each(include_str!("../data/adaptive_avg_pool2d.json"), 9, |golden| {
        let options = AdaptiveAvgPool2d::new(golden.pair("output_size").expect("output_size"));
        is_average(golden, &options)
    });
}

#[test]
fn adaptive_max_pool2d_its_indices_and_its_gradient_are_pytorchs() {
    each(include_str!("../data/adaptive_max_pool2d.json"), 11, |golden| {
        let options = AdaptiveMaxPool2d::new(golden.pair("output_size").expect("output_size"));
        is_maximum(golden, &options)
    });
}

fn activation_option(golden: &Golden<'_>) -> Activation {
    let negative_slope = match golden.options.get("negative_slope") {
        Some(slope) => slope.as_f64().expect("a slope") as f32,
        None => 0.01,
    };
    let name = golden.options["activation"].as_str().expect("a name");
    let all = [
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu { negative_slope },
        Activation::Silu,
        Activation::HardSwish,
        Activation::HardSigmoid,
        Activation::Sigmoid,
        Activation::Tanh,
    ];
    all.into_iter().find(|function| function.name() == name).expect("an activation")
}

#[test]
fn activations_and_their_gradients_are_pytorchs() {
    each(include_str!("../data/activation.json"), 9, |golden| {
        let function = activation_option(golden);
        let (input, grad_output) = (golden.array4("input"), golden.array4("grad_output"));
        golden.agrees("output", &reference::activation(function, input.view()))?;
        let grad_input = reference::activation_backward(function, input.view(), grad_output.view());
        golden.agrees("grad_input", &grad_input.map_err(text)?)
    });
}
