//! Shader composition: a template and the values of a variant become WGSL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use crate::DType;
use crate::gpu::runtime::texture::TexelFormat;

/// Declares every file of `shaders/` that this crate uses.
macro_rules! sources {
    ($($name:literal),+ $(,)?) => {
        /// Every file of `shaders/`, by its name without the ending.
        pub(crate) const SOURCES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../shaders/", $name, ".wgsl")))),+];
    };
}

sources![
    "activation",
    "activation_grad_input",
    "adam",
    "avg_pool2d_general",
    "avg_pool2d_global",
    "avg_pool2d_global_windows",
    "avg_pool2d_grad_input",
    "avg_pool2d_strip",
    "avg_pool2d_workgroup",
    "conv2d_depthwise",
    "convert",
    "bench_copy",
    "bench_fma",
    "conv2d_general",
    "conv2d_grad_bias",
    "conv2d_grad_fold",
    "conv2d_grad_input",
    "conv2d_grad_sum",
    "conv2d_grad_weight",
    "conv2d_grad_weight_filters",
    "conv2d_grad_weight_texel",
    "conv2d_grad_weight_tiled",
    "conv2d_halo",
    "conv2d_pack",
    "conv2d_texel",
    "conv2d_texel_pad",
    "conv2d_tiled",
    "conv2d_turned_weight",
    "cross_entropy",
    "lib/activation",
    "lib/conv2d_params",
    "lib/conv2d_skipping",
    "lib/conv2d_store",
    "lib/conv2d_sums",
    "lib/conv2d_totals",
    "lib/element",
    "lib/max_pool2d_bindings",
    "lib/order_key",
    "lib/padding",
    "lib/padding_inside",
    "lib/pool_bits",
    "lib/pool_divisor",
    "lib/pool_grad",
    "lib/pool_output",
    "lib/pool_params",
    "lib/pool_window",
    "lib/pool_windows_of",
    "lib/pre_image",
    "lib/steps_inside",
    "lib/strip",
    "lib/strip_params",
    "lib/texel_position",
    "lib/workgroup_sum",
    "max_pool2d_general",
    "max_pool2d_grad_columns",
    "max_pool2d_grad_input",
    "max_pool2d_strip",
    "max_pool2d_workgroup",
    "select",
    "sgd",
    "squared_error",
    "sum",
];

/// A value of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Number(u32),
    /// `[height, width]`.
    Pair([u32; 2]),
    /// A number that follows from the others, and has no place in a name.
    Derived(u32),
    Flag(bool),
    Name(&'static str),
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<[u32; 2]> for Value {
    fn from(pair: [u32; 2]) -> Self {
        Self::Pair(pair)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&'static str> for Value {
    fn from(name: &'static str) -> Self {
        Self::Name(name)
    }
}

impl DType {
    /// The value of a variant whose elements are of this type.
    pub(crate) fn value(self) -> (&'static str, Value) {
        ("f16", (self == Self::F16).into())
    }
}

/// A texture that a shader reads or writes texel by texel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StorageTexture {
    pub(crate) format: TexelFormat,
    pub(crate) written: bool,
}

/// A shader in one variant: the key of the pipeline cache, and all that composition sees.
///
/// Binding 0 holds the parameters, then come `uniforms` uniform buffers, the textures, `reads`
/// storage buffers that are read and `writes` that are written. Every uniform buffer has a dynamic
/// offset.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shader {
    pub(crate) template: &'static str,
    pub(crate) values: Vec<(&'static str, Value)>,
    pub(crate) uniforms: u32,
    pub(crate) textures: &'static [StorageTexture],
    pub(crate) reads: u32,
    pub(crate) writes: u32,
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        Ok(syntax) => environment.set_syntax(syntax),
        Err(error) => log::error!("the template syntax is not accepted: {error:#}"),
    }
    environment.add_function("touched", touched);
    for (name, source) in SOURCES {
        if let Err(error) = environment.add_template(name, source) {
            log::error!("shaders/{name}.wgsl does not parse as a template: {error:#}");
        }
    }
    environment
});

/// The distinct vectors of `width` elements that the taps of a tile lie in, along one axis: those
/// at `output * stride + tap * dilation + phase`. The axis is the tile's outputs, the stride, the
/// kernel_size and the dilation.
fn touched(axis: Vec<usize>, phase: usize, width: usize) -> Vec<usize> {
    let [tile, stride, kernel_size, dilation] = axis[..] else { return Vec::new() };
    let taps = |output| (0..kernel_size).map(move |tap| output * stride + tap * dilation + phase);
    let vectors: BTreeSet<_> = (0..tile).flat_map(taps).map(|place| place / width.max(1)).collect();
    vectors.into_iter().collect()
}

impl Shader {
    /// The WGSL of this variant, or the template engine's words.
    pub(crate) fn compose(&self) -> Result<String, String> {
        let values: BTreeMap<_, _> = self
            .values
            .iter()
            .map(|&(name, value)| {
                let value = match value {
                    Value::Number(number) | Value::Derived(number) => {
                        minijinja::Value::from(number)
                    }
                    Value::Pair(pair) => minijinja::Value::from(pair.to_vec()),
                    Value::Flag(flag) => minijinja::Value::from(flag),
                    Value::Name(name) => minijinja::Value::from(name),
                };
                (name, value)
            })
            .collect();
        TEMPLATES.get_template(self.template).and_then(|template| template.render(values)).map_err(
            |error| {
                let mut message = format!("shader {}: {error:#}", self.template);
                let mut cause = std::error::Error::source(&error);
                while let Some(error) = cause {
                    message.push_str(&format!(": {error:#}"));
                    cause = error.source();
                }
                message
            },
        )
    }

    /// As [`compose`](Self::compose), with what standard WGSL wants and naga does not know: the
    /// directive that allows subgroup operations.
    pub(crate) fn standalone(&self) -> Result<String, String> {
        let source = self.compose()?;
        let enable = if source.contains("subgroupBroadcast(") { "enable subgroups;\n" } else { "" };
        Ok(format!("{enable}{source}"))
    }

    /// A name for files and messages: the template and its values.
    pub(crate) fn label(&self) -> String {
        let mut label = self.template.to_string();
        for (name, value) in &self.values {
            match value {
                Value::Number(0) => {}
                Value::Number(number) => label.push_str(&format!("-{name}{number}")),
                Value::Pair([height, width]) => {
                    label.push_str(&format!("-{name}{height}x{width}"));
                }
                Value::Flag(true) => label.push_str(&format!("-{name}")),
                Value::Flag(false) | Value::Derived(_) => {}
                Value::Name(text) => label.push_str(&format!("-{text}")),
            }
        }
        label
    }
}
