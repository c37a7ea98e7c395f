//! Every shader in every variant, without a GPU.

use super::params::Fields;
use super::shader::{SOURCES, Shader};
use super::texture::TexelFormat;
use crate::{Activation, PaddingMode};

/// Every variant that an operation can ask for, with the parameters that the host passes.
fn variants() -> Vec<(Shader, Fields)> {
    let mut variants = Vec::new();
    let activations = [
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu { negative_slope: 0.1 },
        Activation::Silu,
        Activation::HardSwish,
        Activation::Sigmoid,
        Activation::Tanh,
    ]
    .map(Activation::name);
    for name in activations {
        variants.push((super::activation::shader(name), super::activation::Params::FIELDS));
        variants.push((super::activation::grad_shader(name), super::activation::Params::FIELDS));
    }
    for padding_mode in PaddingMode::ALL {
        for activation in activations.into_iter().chain(["none"]) {
            for bias in [false, true] {
                let shader = super::conv2d::general::shader(padding_mode, activation, bias);
                variants.push((shader, super::conv2d::general::Params::FIELDS));
            }
        }
    }
    variants.extend(super::conv2d::tests::variants());
    for adaptive in [false, true] {
        for indices in [false, true] {
            let shader = super::pool2d::general::max_shader(adaptive, indices);
            variants.push((shader, super::pool2d::general::Params::FIELDS));
        }
        for divisor in ["padded", "inside", "override"] {
            let shader = super::pool2d::general::avg_shader(adaptive, divisor);
            variants.push((shader, super::pool2d::general::Params::FIELDS));
        }
    }
    variants.extend(gradients());
    variants.extend(training());
    variants.extend(strips());
    for accumulators in super::ceiling::ACCUMULATORS {
        let shader = super::ceiling::multiply_add_shader(accumulators);
        variants.push((shader, super::ceiling::MultiplyAddParams::FIELDS));
    }
    variants.push((super::ceiling::copy_shader(), super::ceiling::CopyParams::FIELDS));
    variants
}

fn gradients() -> Vec<(Shader, Fields)> {
    use super::conv2d_grad::{
        bias, input, phases, sum, turned, weight, weight_filters, weight_texel, weight_tiled,
    };
    let mut variants = vec![
        (bias::shader(), bias::Params::FIELDS),
        (sum::shader(), sum::Params::FIELDS),
        (turned::shader(), turned::Params::FIELDS),
    ];
    for padding_mode in PaddingMode::ALL {
        for bias in [false, true] {
            variants.push((input::shader(padding_mode, bias), input::Params::FIELDS));
            for placed in [false, true] {
                let shader = phases::shader(padding_mode, placed, bias);
                variants.push((shader, phases::Params::FIELDS));
            }
        }
        variants.push((weight::shader(padding_mode), weight::Params::FIELDS));
    }
    for padding_mode in PaddingMode::ALL {
        for [kernel_height, kernel_width, rows, channels, filters] in
            [[3, 3, 3, 1, 8], [1, 1, 1, 8, 8], [5, 7, 1, 1, 3]]
        {
            let tile = weight_tiled::Tile {
                kernel_height,
                kernel_width,
                rows,
                channels,
                filters,
                padding_mode,
                masked: padding_mode == PaddingMode::Zeros,
            };
            variants.push((weight_tiled::shader(&tile), weight_tiled::Params::FIELDS));
        }
    }
    let software = crate::Limits::webgpu().with_subgroups(8, 8).with_software();
    for (conv, input) in super::conv2d::tests::problems() {
        let problem = conv.problem(input.into()).unwrap();
        let filters = weight_filters::plan(&problem, &software).unwrap();
        let texel = weight_texel::plan(&problem, &software).unwrap();
        let filters = filters.into_iter().flat_map(|plan| plan.shaders());
        let texel = texel.into_iter().flat_map(|plan| plan.shaders());
        for shader in filters.chain(texel) {
            let fields = match shader.template {
                "conv2d_texel_pad" => super::conv2d::texel::PadParams::FIELDS,
                "conv2d_grad_weight_filters" => weight_filters::Params::FIELDS,
                _ => weight_texel::Params::FIELDS,
            };
            variants.push((shader, fields));
        }
    }
    for adaptive in [false, true] {
        let params = super::pool2d::general::Params::FIELDS;
        variants.push((super::pool2d::grad::max_shader(adaptive), params));
        for divisor in ["padded", "inside", "override"] {
            variants.push((super::pool2d::grad::avg_shader(adaptive, divisor), params));
        }
    }
    variants
}

fn training() -> Vec<(Shader, Fields)> {
    use super::{loss, optimizer, select};
    let mut variants = vec![
        (select::shader(), select::Params::FIELDS),
        (loss::cross_entropy_shader(), loss::CrossEntropyParams::FIELDS),
        (loss::squared_error_shader(), loss::SquaredErrorParams::FIELDS),
        (loss::sum_shader(), loss::SumParams::FIELDS),
        (optimizer::adam_shader(), optimizer::AdamParams::FIELDS),
    ];
    for (momentum, nesterov) in [(false, false), (true, false), (true, true)] {
        let shader = optimizer::sgd_shader(momentum, nesterov);
        variants.push((shader, optimizer::SgdParams::FIELDS));
    }
    variants
}

fn strips() -> Vec<(Shader, Fields)> {
    let mut variants = Vec::new();
    let strips = super::strip::tests::pool_shaders().into_iter();
    for shader in strips.chain(super::strip::tests::depthwise_shaders()) {
        let fields = match shader.template {
            "avg_pool2d_global" => super::pool2d::global::Params::FIELDS,
            "avg_pool2d_global_windows" => super::pool2d::global::WindowParams::FIELDS,
            "max_pool2d_strip" | "avg_pool2d_strip" | "conv2d_depthwise" => {
                super::strip::Params::FIELDS
            }
            _ => continue,
        };
        variants.push((shader, fields));
    }
    variants
}

fn parse(shader: &Shader) -> naga::Module {
    let source = shader.compose().unwrap();
    let module = naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{}: {}", shader.label(), error.emit_to_string(&source)));
    let capabilities = naga::valid::Capabilities::all();
    naga::valid::Validator::new(naga::valid::ValidationFlags::all(), capabilities)
        .validate(&module)
        .unwrap_or_else(|error| panic!("{}: {}", shader.label(), error.emit_to_string(&source)));
    module
}

#[test]
fn every_shader_in_every_variant_is_valid_wgsl() {
    for (shader, _) in variants() {
        parse(&shader);
    }
}

#[test]
fn the_parameters_have_the_same_names_types_and_offsets_on_both_sides() {
    for (shader, fields) in variants() {
        let module = parse(&shader);
        let (_, params) = module
            .types
            .iter()
            .find(|(_, ty)| ty.name.as_deref() == Some("Params"))
            .unwrap_or_else(|| panic!("{} has no struct Params", shader.label()));
        let naga::TypeInner::Struct { members, .. } = &params.inner else {
            panic!("{}: Params is no struct", shader.label());
        };
        let of_shader: Vec<_> = members
            .iter()
            .map(|member| {
                let name = member.name.clone().unwrap_or_default();
                let ty = match module.types[member.ty].inner {
                    naga::TypeInner::Scalar(naga::Scalar { kind, width: 4 }) => kind,
                    ref other => panic!("{}: {name} is {other:?}", shader.label()),
                };
                (name, ty == naga::ScalarKind::Float, member.offset)
            })
            .collect();
        let of_host: Vec<_> = fields
            .iter()
            .zip(0..)
            .map(|(&(name, ty), index)| (name.to_string(), ty == "f32", 4 * index))
            .collect();
        assert_eq!(of_shader, of_host, "{}", shader.label());
    }
}

#[test]
fn the_bindings_are_those_that_the_pipeline_layout_declares() {
    for (shader, _) in variants() {
        let module = parse(&shader);
        let mut bindings: Vec<_> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| {
                let binding = variable.binding?.binding;
                let written =
                    |access: naga::StorageAccess| Some(access.contains(naga::StorageAccess::STORE));
                let kind = match variable.space {
                    naga::AddressSpace::Uniform => (None, None),
                    naga::AddressSpace::Storage { access } => (written(access), None),
                    naga::AddressSpace::Handle => match module.types[variable.ty].inner {
                        naga::TypeInner::Image {
                            class: naga::ImageClass::Storage { format, access },
                            ..
                        } => (written(access), Some(format)),
                        ref other => panic!("{}: a binding of {other:?}", shader.label()),
                    },
                    other => panic!("{}: a binding in {other:?}", shader.label()),
                };
                Some((binding, kind))
            })
            .collect();
        bindings.sort_unstable_by_key(|&(binding, _)| binding);
        let textures = shader.textures.iter().map(|texture| {
            let format = match texture.format {
                TexelFormat::One => naga::StorageFormat::R32Float,
                TexelFormat::Four => naga::StorageFormat::Rgba32Float,
            };
            (Some(texture.written), Some(format))
        });
        let buffers = 0..shader.reads + shader.writes;
        let expected: Vec<_> = std::iter::repeat_n((None, None), 1 + shader.uniforms as usize)
            .chain(textures)
            .chain(buffers.map(|index| (Some(index >= shader.reads), None)))
            .zip(0..)
            .map(|(kind, binding)| (binding, kind))
            .collect();
        assert_eq!(bindings, expected, "{}", shader.label());
    }
}

#[test]
fn every_file_of_shaders_is_used_and_has_a_short_header() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut files = Vec::new();
    for folder in ["", "lib/"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let Some(stem) = name.strip_suffix(".wgsl") {
                files.push(format!("{folder}{stem}"));
            }
        }
    }
    files.sort();
    let mut declared: Vec<_> = SOURCES.iter().map(|(name, _)| name.to_string()).collect();
    declared.sort();
    assert_eq!(files, declared);
    let used: Vec<_> = variants().into_iter().map(|(shader, _)| shader.template).collect();
    for (name, source) in SOURCES.iter().filter(|(name, _)| !name.starts_with("lib/")) {
        assert!(used.contains(name), "no variant uses shaders/{name}.wgsl");
        let header = source.lines().take_while(|line| line.starts_with("//")).count();
        assert!((1..=15).contains(&header), "shaders/{name}.wgsl: a header of {header} lines");
        for part in ["Computes:", "Owns:", "Padding:", "Host guarantees:", "Reference:"] {
            assert!(source.contains(&format!("// {part}")), "shaders/{name}.wgsl lacks {part}");
        }
    }
}
