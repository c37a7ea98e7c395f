//! Textures to tensors and tensors to textures.

use crate::device::Backend;
use crate::ops::Writing;
use crate::{Device, Error, FromTexture, Result, Tensor, Texels, TexelsMut, ToTexture, cpu, gpu};

const READ: &str = "from_texture";
const WRITE: &str = "to_texture";

impl FromTexture {
    /// Reads a texture of the wgpu device that a device was made from
    /// ([`Device::from_wgpu`]). It is recorded like any operation: nothing waits, and what the
    /// texture holds when the recorded work is submitted is what is read.
    ///
    /// The texture needs [`TEXTURE_BINDING`](wgpu::TextureUsages::TEXTURE_BINDING), and must not be
    /// destroyed before the work is submitted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a texture, a level, a layer, channels or a region that cannot
    /// be read, which the message names, for a texture that was destroyed or is another device's (wgpu
    /// cannot tell one of another `wgpu::Instance`, and may panic), and for the CPU, which has no
    /// textures: see [`read_texels`](Self::read_texels). [`Error::UnsupportedDType`] for f16 on a GPU
    /// without. [`Error::DeviceLimit`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn read(&self, device: &Device, texture: &wgpu::Texture) -> Result<Tensor> {
        let Backend::Gpu(context) = device.backend() else {
            return Err(no_textures(READ, device, "read_texels"));
        };
        let reading = self.of_texture(texture)?;
        device.check_dtype(READ, self.dtype)?;
        let buffer = gpu::read_texture(context, &reading, texture)?;
        Ok(Tensor::on_gpu(device, reading.shape(), buffer))
    }

    /// As [`read`](Self::read), of texels in the host's memory: the same numbers on any device. They
    /// are computed on the CPU and then uploaded.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`Error::InvalidArgument`] for another number of bytes than the
    /// texels have.
    pub fn read_texels(&self, device: &Device, texels: &Texels<'_>) -> Result<Tensor> {
        let reading = self.of_texels(texels)?;
        device.check_dtype(READ, self.dtype)?;
        let on_cpu = |device: &Device| {
            Tensor::on_cpu_as(self.dtype, READ, device, reading.shape(), |output| {
                cpu::read_texels(&reading, texels.bytes, output)
            })
        };
        match device.backend() {
            Backend::Cpu => on_cpu(device),
            Backend::Gpu(_) => {
                let tensor = on_cpu(&Device::cpu())?;
                let elements = tensor.elements_of_any_type(READ)?;
                device.upload_slice(elements, reading.shape())?.to_dtype(self.dtype)
            }
        }
    }
}

impl ToTexture {
    /// Writes an image of a tensor into a texture of the wgpu device that the tensor's device was
    /// made from ([`Device::from_wgpu`]). It is recorded like any operation: nothing waits, and the
    /// texture changes when the recorded work has been submitted ([`Device::flush`]) and has run,
    /// before what is submitted later.
    ///
    /// The texture needs [`COPY_DST`](wgpu::TextureUsages::COPY_DST), and
    /// [`TEXTURE_BINDING`](wgpu::TextureUsages::TEXTURE_BINDING) as well where alpha is kept. It must
    /// not be destroyed before the work is submitted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a texture, a level, a layer, channels or an image that cannot
    /// be written, which the message names, for a texture that was destroyed or is another device's
    /// (wgpu cannot tell one of another `wgpu::Instance`, and may panic), and for a tensor on the CPU,
    /// which has no textures: see [`write_texels`](Self::write_texels). [`Error::ShapeMismatch`] for a
    /// tensor without elements. [`Error::DeviceLimit`], [`Error::OutOfMemory`],
    /// [`Error::DeviceLost`].
    pub fn write(&self, tensor: &Tensor, texture: &wgpu::Texture) -> Result<()> {
        let device = tensor.device();
        let Backend::Gpu(context) = device.backend() else {
            return Err(no_textures(WRITE, device, "write_texels"));
        };
        let writing = self.of_texture(tensor.shape(), texture)?;
        gpu::write_texture(context, &writing, tensor.buffer_of_any_type(WRITE)?, texture)
    }

    /// As [`write`](Self::write), into texels in the host's memory. A tensor of a GPU is downloaded.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write) and [`Tensor::download`], and [`Error::InvalidArgument`] for
    /// another number of bytes than the texels have.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn write_texels(&self, tensor: &Tensor, texels: &mut TexelsMut<'_>) -> Result<()> {
        let writing = self.of_texels(tensor.shape(), texels)?;
        match tensor.device().backend() {
            Backend::Cpu => on_host(&writing, tensor.elements_of_any_type(WRITE)?, texels),
            Backend::Gpu(_) => on_host(&writing, &tensor.to_vec()?, texels),
        }
    }

    /// As [`write_texels`](Self::write_texels), without blocking; the only form in a browser.
    ///
    /// # Errors
    ///
    /// As [`write_texels`](Self::write_texels).
    pub async fn write_texels_async(
        &self,
        tensor: &Tensor,
        texels: &mut TexelsMut<'_>,
    ) -> Result<()> {
        let writing = self.of_texels(tensor.shape(), texels)?;
        match tensor.device().backend() {
            Backend::Cpu => on_host(&writing, tensor.elements_of_any_type(WRITE)?, texels),
            Backend::Gpu(_) => {
                let (elements, _) = tensor.download_async().await?.into_raw_vec_and_offset();
                on_host(&writing, &elements, texels)
            }
        }
    }
}

fn on_host(writing: &Writing, elements: &[f32], texels: &mut TexelsMut<'_>) -> Result<()> {
    cpu::write_texels(writing, elements, texels.bytes).map_err(|missing| missing.during(WRITE))
}

fn no_textures(operation: &'static str, device: &Device, instead: &str) -> Error {
    let rule = format!("textures are a GPU's; {instead} takes texels in the host's memory");
    Error::argument(operation, "the device", device, rule)
}
