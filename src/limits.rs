//! What a device can do, as far as a plan depends on it.

use crate::DType;

/// The limits of a GPU device that plans depend on; plain values, so that a plan can be made and
/// tested without a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes of a buffer that a shader sees at once.
    pub max_binding_bytes: u64,
    /// The most bytes of one buffer.
    pub max_buffer_bytes: u64,
    /// To how many bytes the start of a binding is aligned.
    pub binding_alignment: u32,
    /// The most bytes of a uniform buffer that a shader sees at once.
    pub max_uniform_bytes: u64,
    /// The most uniform buffers of a shader, and of them those whose start a dispatch sets.
    pub max_uniform_buffers: u32,
    /// To how many bytes the start of a uniform buffer's binding is aligned.
    pub uniform_alignment: u32,
    /// The most texels of a texture along one dimension.
    pub max_texture_size: u32,
    /// The most workgroups along one dimension of a dispatch.
    pub max_workgroups: u32,
    /// The most invocations of one workgroup.
    pub max_workgroup_invocations: u32,
    /// The most bytes of workgroup memory that plans use: those of the device, but less in a browser on an
    /// adapter that is in software or may be.
    pub max_workgroup_memory: u32,
    /// The smallest and the largest subgroup, where shaders can use subgroup operations.
    pub subgroup_sizes: Option<(u32, u32)>,
    /// Whether shaders can compute with 16-bit floats.
    pub shader_f16: bool,
    /// Whether shaders can multiply matrices of 16 x 16 elements of f16, with sums of f32, by the
    /// subgroup: where the device was opened with
    /// [cooperative matrices](crate::DeviceOptions::cooperative_matrices).
    pub cooperative_matrices: bool,
    /// Whether the adapter is a program on the CPU, such as lavapipe.
    pub software: bool,
}

impl Limits {
    /// What every WebGPU device has: the limits to test plans against.
    #[must_use]
    pub const fn webgpu() -> Self {
        Self {
            max_binding_bytes: 128 << 20,
            max_buffer_bytes: 256 << 20,
            binding_alignment: 256,
            max_uniform_bytes: 65_536,
            max_uniform_buffers: 8,
            uniform_alignment: 256,
            max_texture_size: 8_192,
            max_workgroups: 65_535,
            max_workgroup_invocations: 256,
            max_workgroup_memory: 16_384,
            subgroup_sizes: None,
            shader_f16: false,
            cooperative_matrices: false,
            software: false,
        }
    }

    /// The same limits with subgroups of `smallest` to `largest` invocations.
    #[must_use]
    pub const fn with_subgroups(self, smallest: u32, largest: u32) -> Self {
        Self { subgroup_sizes: Some((smallest, largest)), ..self }
    }

    /// The same limits of an adapter that is a program on the CPU.
    #[must_use]
    pub const fn with_software(self) -> Self {
        Self { software: true, ..self }
    }

    /// The same limits of an adapter whose shaders have 16-bit floats.
    #[must_use]
    pub const fn with_shader_f16(self) -> Self {
        Self { shader_f16: true, ..self }
    }

    /// The same limits of a device that was opened with cooperative matrices and has 48 KiB of
    /// workgroup memory, as adapters with such matrices do.
    #[must_use]
    pub const fn with_cooperative_matrices(self) -> Self {
        Self { cooperative_matrices: true, max_workgroup_memory: 49_152, ..self }
    }

    /// The same limits with another largest binding.
    #[must_use]
    pub const fn with_max_binding_bytes(self, max_binding_bytes: u64) -> Self {
        Self { max_binding_bytes, ..self }
    }

    /// The most elements of four bytes that one binding can hold wherever it starts: what is left
    /// beside the bytes that alignment adds before the first.
    pub(crate) fn max_binding_elements(&self) -> usize {
        self.max_elements(DType::F32)
    }

    /// As [`max_binding_elements`](Self::max_binding_elements), of elements of a type.
    pub(crate) fn max_elements(&self, dtype: DType) -> usize {
        let bytes = self.max_binding_bytes.min(u64::from(u32::MAX) & !3);
        let bytes = bytes.saturating_sub(u64::from(self.binding_alignment));
        usize::try_from(bytes).unwrap_or(usize::MAX) / dtype.bytes()
    }
}
