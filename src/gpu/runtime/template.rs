//! The files of `shaders/`: templates, each declared where it is used, and the parts that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::{LazyLock, PoisonError, RwLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use crate::gpu::runtime::params::Fields;

/// The name by which templates include a part, and its text.
pub(crate) type Include = (&'static str, &'static str);

/// The values of a variant, by their names.
pub(crate) type Values = BTreeMap<&'static str, minijinja::Value>;

/// A file that shaders are composed from.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// What its room has to include, beside what every room has.
    pub(crate) parts: &'static [&'static [Include]],
    /// The parameters that the host passes.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the test that compares both sides"))]
    pub(crate) fields: Fields,
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Template {}

impl Hash for Template {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// The text of a file in a room of `shaders/`.
macro_rules! text {
    ($room:literal, $name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $room, "/", $name, ".wgsl"))
    };
}

/// The template in a file of a room, with the parts that it may include and its parameters.
macro_rules! template {
    ($room:literal, $name:literal, $parts:expr, $params:ty) => {
        $crate::gpu::runtime::template::Template {
            name: $name,
            text: $crate::gpu::runtime::template::text!($room, $name),
            parts: $parts,
            fields: <$params>::FIELDS,
        }
    };
}

/// Parts in files of a room.
macro_rules! parts {
    ($room:literal: $($name:literal),+ $(,)?) => {
        &[$((concat!($room, "/", $name), $crate::gpu::runtime::template::text!($room, $name))),+]
    };
}

pub(crate) use {parts, template, text};

/// The parts that any room may include.
pub(crate) const PARTS: &[Include] = parts!(
    "lib": "activation", "element", "lies_between", "order_key", "padding", "padding_inside", "pre_image",
    "steps_inside", "workgroup_sum",
);

static ENVIRONMENT: LazyLock<RwLock<Environment<'static>>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        Ok(syntax) => environment.set_syntax(syntax),
        Err(error) => log::error!("the template syntax is not accepted: {error:#}"),
    }
    environment.add_function("touched", touched);
    RwLock::new(environment)
});

impl Template {
    /// The text with these values, or the template engine's words.
    pub(crate) fn render(&self, values: &Values) -> Result<String, minijinja::Error> {
        {
            let environment = ENVIRONMENT.read().unwrap_or_else(PoisonError::into_inner);
            if let Ok(template) = environment.get_template(self.name) {
                return template.render(values);
            }
        }
        let mut environment = ENVIRONMENT.write().unwrap_or_else(PoisonError::into_inner);
        let parts = self.parts.iter().copied().chain([PARTS]).flatten();
        for &(name, text) in parts.chain([&(self.name, self.text)]) {
            if environment.get_template(name).is_err() {
                environment.add_template(name, text)?;
            }
        }
        environment.get_template(self.name)?.render(values)
    }
}

/// The distinct vectors of `width` elements that the taps of a tile lie in, along one axis: those
/// at `output * stride + tap * dilation + phase`. The axis is the tile's outputs, the stride, the
/// kernel_size and the dilation.
fn touched(axis: Vec<usize>, phase: usize, width: usize) -> Vec<usize> {
    let [tile, stride, kernel_size, dilation] = axis[..] else { return Vec::new() };
    let taps = |output| (0..kernel_size).map(move |tap| output * stride + tap * dilation + phase);
    let vectors: BTreeSet<_> = (0..tile).flat_map(taps).map(|place| place / width.max(1)).collect();
    vectors.into_iter().collect()
}
