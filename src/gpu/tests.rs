//! Every shader in every variant, without a GPU.

use std::collections::{BTreeSet, HashSet};

use super::ir::{Parsed, VARIANTS};
use crate::DType;
use crate::gpu::runtime::shader::ShaderTexture;
use crate::gpu::runtime::template::PARTS;
use crate::gpu::runtime::texture::TexelFormat;

/// Whether a shader has a buffer of f16.
fn stores_f16(module: &naga::Module) -> bool {
    let half = naga::Scalar { kind: naga::ScalarKind::Float, width: 2 };
    module.global_variables.iter().any(|(_, variable)| match module.types[variable.ty].inner {
        naga::TypeInner::Array { base, .. } => module.types[base].inner.scalar() == Some(half),
        _ => false,
    })
}

#[test]
fn every_shader_in_every_variant_is_valid_wgsl_of_its_type() {
    let mut of_f16 = std::collections::BTreeSet::new();
    for (shader, parsed) in &*VARIANTS {
        let is_f16 = shader.values.contains(&DType::F16.value());
        assert_eq!(stores_f16(&parsed.module), is_f16, "{}", shader.label());
        let enables = parsed.source.contains("enable f16;");
        assert_eq!(enables, is_f16, "{}", shader.label());
        if is_f16 {
            of_f16.insert(shader.template.name);
        }
    }
    let expected = [
        "activation",
        "avg_pool2d_general",
        "avg_pool2d_global",
        "avg_pool2d_strip",
        "avg_pool2d_workgroup",
        "batch_norm2d_apply",
        "conv2d_depthwise",
        "conv2d_gemm",
        "conv2d_general",
        "conv2d_halo",
        "conv2d_pack",
        "conv2d_tiled",
        "convert",
        "copy",
        "max_pool2d_general",
        "max_pool2d_strip",
        "max_pool2d_workgroup",
        "pairwise",
        "softmax",
        "resample_bilinear",
        "resample_blocks",
        "resample_copy",
        "texture_read",
        "texture_write",
    ];
    assert_eq!(of_f16, expected.into());
}

#[test]
fn the_parameters_have_the_same_names_types_and_offsets_on_both_sides() {
    for (shader, Parsed { module, .. }) in &*VARIANTS {
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
        let of_host: Vec<_> = shader
            .template
            .fields
            .iter()
            .zip(0..)
            .map(|(&(name, ty), index)| (name.to_string(), ty == "f32", 4 * index))
            .collect();
        assert_eq!(of_shader, of_host, "{}", shader.label());
    }
}

#[test]
fn no_loop_and_no_condition_depends_on_the_first_parameter_alone() {
    for (shader, parsed) in &*VARIANTS {
        let conditions = super::first_word::conditions(&parsed.module);
        assert_eq!(conditions, [""; 0], "{}", shader.label());
    }
}

#[test]
fn the_bindings_are_those_that_the_pipeline_layout_declares() {
    for (shader, Parsed { module, .. }) in &*VARIANTS {
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
                        } => (written(access), Some(format!("{format:?}"))),
                        naga::TypeInner::Image {
                            dim: naga::ImageDimension::D2,
                            arrayed: false,
                            class:
                                naga::ImageClass::Sampled {
                                    kind: naga::ScalarKind::Float,
                                    multi: false,
                                },
                        } => (None, Some("sampled".to_string())),
                        ref other => panic!("{}: a binding of {other:?}", shader.label()),
                    },
                    other => panic!("{}: a binding in {other:?}", shader.label()),
                };
                Some((binding, kind))
            })
            .collect();
        bindings.sort_unstable_by_key(|&(binding, _)| binding);
        let textures = shader.textures.iter().map(|texture| match *texture {
            ShaderTexture::Sampled => (None, Some("sampled".to_string())),
            ShaderTexture::Storage { format, written } => {
                let format = match format {
                    TexelFormat::One => naga::StorageFormat::R32Float,
                    TexelFormat::Four => naga::StorageFormat::Rgba32Float,
                };
                (Some(written), Some(format!("{format:?}")))
            }
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
    let mut files = BTreeSet::new();
    for room in std::fs::read_dir(&root).unwrap() {
        let room = room.unwrap().path();
        // What was composed is no source.
        if room.is_dir() && !room.ends_with("composed") {
            for file in std::fs::read_dir(room).unwrap() {
                files.insert(std::fs::read_to_string(file.unwrap().path()).unwrap());
            }
        }
    }
    let templates: HashSet<_> = VARIANTS.iter().map(|(shader, _)| shader.template).collect();
    let mut used = BTreeSet::new();
    for template in templates {
        used.insert(template.text.to_string());
        let parts = template.parts.iter().copied().chain([PARTS]).flatten();
        used.extend(parts.map(|(_, text)| text.to_string()));
        let header = template.text.lines().take_while(|line| line.starts_with("//")).count();
        let name = template.name;
        assert!((1..=15).contains(&header), "{name}: a header of {header} lines");
        for part in ["Computes:", "Owns:", "Padding:", "Host guarantees:", "Reference:"] {
            assert!(template.text.contains(&format!("// {part}")), "{name} lacks {part}");
        }
    }
    let first_line = |text: &&String| text.lines().next().unwrap_or_default().to_string();
    let stray: Vec<_> = files.difference(&used).collect();
    assert!(
        stray.is_empty(),
        "used by no variant: {:?}",
        stray.iter().map(first_line).collect::<Vec<_>>()
    );
}
