//! The uniform parameters of a shader: four-byte scalars with the names that WGSL uses.

/// The names and WGSL types of the fields, in order; field `i` lies at byte `4 * i`.
pub(crate) type Fields = &'static [(&'static str, &'static str)];

/// A type of four bytes that a shader's parameters are made of.
pub(crate) trait Scalar: bytemuck::Pod {
    /// Its name in WGSL.
    const WGSL: &'static str;
}

impl Scalar for u32 {
    const WGSL: &'static str = "u32";
}

impl Scalar for i32 {
    const WGSL: &'static str = "i32";
}

impl Scalar for f32 {
    const WGSL: &'static str = "f32";
}

/// Declares the parameters of a shader once: the struct, and its fields for the test that compares
/// it with the shader's.
macro_rules! params {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        pub(crate) struct $name { $(pub(crate) $field: $type),+ }

        impl $name {
            pub(crate) const FIELDS: $crate::gpu::runtime::params::Fields = &[
                $((stringify!($field), <$type as $crate::gpu::runtime::params::Scalar>::WGSL)),+
            ];
        }
    };
}

pub(crate) use params;

/// A size as a shader's `u32`. Plans allow no size beyond `i32::MAX` on a GPU.
pub(crate) fn size(operation: &'static str, name: &str, value: usize) -> crate::Result<u32> {
    u32::try_from(value).ok().filter(|&value| i32::try_from(value).is_ok()).ok_or_else(|| {
        crate::Error::DeviceLimit {
            operation,
            quantity: name.into(),
            needed: value as u64,
            allowed: u64::from(u32::MAX / 2),
        }
    })
}

/// The low 32 bits of an element index. Shaders compute indices modulo 2^32 and subtract the start
/// of their binding, and no binding holds 2^32 elements, so that the difference is exact.
#[allow(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
pub(crate) const fn low_bits(index: usize) -> u32 {
    index as u32
}
