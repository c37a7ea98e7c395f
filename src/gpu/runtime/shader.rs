//! Shader composition: a template and the values of a variant become WGSL.

use std::collections::HashSet;

use crate::DType;
use crate::gpu::runtime::template::Template;
use crate::gpu::runtime::texture::TexelFormat;

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
pub(crate) enum ShaderTexture {
    /// Read, whatever its format.
    Sampled,
    Storage {
        format: TexelFormat,
        written: bool,
    },
}

impl ShaderTexture {
    pub(crate) const fn is_written(self) -> bool {
        matches!(self, Self::Storage { written: true, .. })
    }
}

/// A shader in one variant: the key of the pipeline cache, and all that composition sees.
///
/// Binding 0 holds the parameters, then come `uniforms` uniform buffers, the textures, `reads`
/// storage buffers that are read and `writes` that are written. Every uniform buffer has a dynamic
/// offset.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shader {
    pub(crate) template: &'static Template,
    pub(crate) values: Vec<(&'static str, Value)>,
    pub(crate) uniforms: u32,
    pub(crate) textures: &'static [ShaderTexture],
    pub(crate) reads: u32,
    pub(crate) writes: u32,
}

impl Shader {
    /// The WGSL of this variant, or the template engine's words.
    pub(crate) fn compose(&self) -> Result<String, String> {
        let values = self.values.iter().map(|&(name, value)| {
            let value = match value {
                Value::Number(number) | Value::Derived(number) => minijinja::Value::from(number),
                Value::Pair(pair) => minijinja::Value::from(pair.to_vec()),
                Value::Flag(flag) => minijinja::Value::from(flag),
                Value::Name(name) => minijinja::Value::from(name),
            };
            (name, value)
        });
        self.template.render(&values.collect()).map_err(|error| {
            let mut message = format!("shader {}: {error:#}", self.template.name);
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                message.push_str(&format!(": {error:#}"));
                cause = error.source();
            }
            message
        })
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
        let mut label = self.template.name.to_string();
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

/// Each shader once.
pub(crate) fn distinct(mut shaders: Vec<Shader>) -> Vec<Shader> {
    let mut known = HashSet::new();
    shaders.retain(|shader| known.insert(shader.clone()));
    shaders
}
