//! Textures to tensors and back, against the reference, on the CPU and the device.

mod any;
mod bytes;
mod errors;
mod floats;
mod options;

use std::sync::Mutex;

use filtro::wgpu::{self, TextureFormat};
use filtro::{
    DType, Device, FromTexture, TexelChannel, TexelValues, Texels, TexelsMut, ToTexture, reference,
};
use ndarray::Array4;

use crate::tested::{has_f16, wgpu_device};

pub const FORMATS: [TextureFormat; 9] = [
    TextureFormat::Rgba8Unorm,
    TextureFormat::Rgba8UnormSrgb,
    TextureFormat::Bgra8Unorm,
    TextureFormat::Bgra8UnormSrgb,
    TextureFormat::R8Unorm,
    TextureFormat::Rgba16Float,
    TextureFormat::R16Float,
    TextureFormat::R32Float,
    TextureFormat::Rgba32Float,
];

pub const ALL: [TexelChannel; 4] =
    [TexelChannel::Red, TexelChannel::Green, TexelChannel::Blue, TexelChannel::Alpha];

pub const EVERY_USAGE: wgpu::TextureUsages = wgpu::TextureUsages::TEXTURE_BINDING
    .union(wgpu::TextureUsages::COPY_DST)
    .union(wgpu::TextureUsages::COPY_SRC);

pub fn components(format: TextureFormat) -> usize {
    usize::from(format.components())
}

pub fn texel_bytes(format: TextureFormat) -> usize {
    format.block_copy_size(None).unwrap() as usize
}

pub fn is_unorm8(format: TextureFormat) -> bool {
    texel_bytes(format) == components(format)
}

/// A caller's wgpu device, and filtro's around it.
pub struct Application {
    pub raw: wgpu::Device,
    pub queue: wgpu::Queue,
    pub device: Device,
}

impl Application {
    pub fn new(limits: wgpu::Limits) -> Self {
        let (raw, queue) = wgpu_device(&wgpu::DeviceDescriptor {
            required_limits: limits,
            required_features: wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP,
            ..Default::default()
        });
        let device = Device::from_wgpu(raw.clone(), queue.clone());
        Self { raw, queue, device }
    }

    pub fn texture(&self, descriptor: &wgpu::TextureDescriptor<'_>) -> wgpu::Texture {
        self.raw.create_texture(descriptor)
    }

    /// A texture of these texels.
    pub fn of(&self, texels: &Texels<'_>) -> wgpu::Texture {
        let texture = self.texture(&descriptor(texels.format, texels.size));
        self.put(&texture, [0, 0], texels);
        texture
    }

    /// Writes texels into a level of a layer, as a caller does.
    pub fn put(&self, texture: &wgpu::Texture, [level, layer]: [u32; 2], texels: &Texels<'_>) {
        let [height, width] = texels.size.map(|size| size as u32);
        self.queue.write_texture(
            target(texture, level, layer),
            texels.bytes,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(width * texel_bytes(texels.format) as u32),
                rows_per_image: None,
            },
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
    }

    /// What a level of a layer holds, as a caller reads it.
    pub fn get(&self, texture: &wgpu::Texture, [level, layer]: [u32; 2]) -> Vec<u8> {
        self.device.flush().unwrap();
        let [width, height] = [texture.width(), texture.height()].map(|it| (it >> level).max(1));
        let row_bytes = width * texel_bytes(texture.format()) as u32;
        let padded = row_bytes.next_multiple_of(256);
        let buffer = self.raw.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(padded * height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.raw.create_command_encoder(&Default::default());
        encoder.copy_texture_to_buffer(
            target(texture, level, layer),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded),
                    rows_per_image: None,
                },
            },
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
        self.queue.submit([encoder.finish()]);
        buffer.map_async(wgpu::MapMode::Read, .., |mapped| mapped.unwrap());
        self.raw.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let view = buffer.get_mapped_range(..).unwrap();
        let rows = view.chunks(padded as usize);
        rows.flat_map(|row| row[..row_bytes as usize].to_vec()).collect()
    }
}

fn target(texture: &wgpu::Texture, level: u32, layer: u32) -> wgpu::TexelCopyTextureInfo<'_> {
    wgpu::TexelCopyTextureInfo {
        texture,
        mip_level: level,
        origin: wgpu::Origin3d { x: 0, y: 0, z: layer },
        aspect: wgpu::TextureAspect::All,
    }
}

/// A texture of one level and one layer that can be read and written.
pub fn descriptor(format: TextureFormat, size: [usize; 2]) -> wgpu::TextureDescriptor<'static> {
    let [height, width] = size.map(|size| size as u32);
    wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: EVERY_USAGE,
        view_formats: &[],
    }
}

/// The application of this test; a later test takes it over, with what was compiled.
pub fn application() -> &'static Application {
    thread_local!(static TAKEN: Taken = Taken::new());
    TAKEN.with(|taken| taken.0)
}

static FREE: Mutex<Vec<&'static Application>> = Mutex::new(Vec::new());

struct Taken(&'static Application);

impl Taken {
    fn new() -> Self {
        let free = FREE.lock().unwrap().pop();
        let new = || Box::leak(Box::new(Application::new(wgpu::Limits::default())));
        Self(free.unwrap_or_else(|| new()))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        FREE.lock().unwrap().push(self.0);
    }
}

/// The same bits, or both NaN, of which there are many.
pub fn same(one: f32, other: f32) -> bool {
    one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
}

pub fn assert_same(one: &Array4<f32>, other: &Array4<f32>, what: &str) {
    assert_eq!(one.dim(), other.dim(), "{what}");
    for ((place, &one), &other) in one.indexed_iter().zip(other) {
        assert!(same(one, other), "{what} at {place:?}: {one:e} instead of {other:e}");
    }
}

/// The types of tensors that the device has.
pub fn dtypes() -> Vec<DType> {
    if has_f16() { vec![DType::F32, DType::F16] } else { vec![DType::F32] }
}

/// Reads a texture of these texels on the device and the CPU, and compares with the reference.
pub fn check_read(on: &Application, options: &FromTexture, texels: &Texels<'_>) {
    check_read_of(on, options, &on.of(texels), texels);
}

/// As [`check_read`], of a texture that holds these texels where the options look.
pub fn check_read_of(
    on: &Application,
    options: &FromTexture,
    texture: &wgpu::Texture,
    texels: &Texels<'_>,
) {
    let what = format!("{options:?} of {:?} {:?}", texels.format, texels.size);
    let level = options.clone().mip_level(0).layer(0);
    let expected = reference::from_texture(&level, texels).unwrap();
    let of_cpu = level.read_texels(&Device::cpu(), texels).unwrap();
    let of_gpu = options.read(&on.device, texture).unwrap();
    assert_eq!([of_cpu.dtype(), of_gpu.dtype()], [options.dtype; 2], "{what}");
    assert_eq!(of_gpu.shape(), of_cpu.shape(), "{what}");
    let [of_cpu, of_gpu] = [of_cpu, of_gpu].map(|tensor| tensor.download().unwrap());
    let is_plain = options.scale.is_empty() && options.bias.is_empty();
    if is_plain && options.values == TexelValues::Stored && options.dtype == DType::F32 {
        assert_same(&of_cpu, &expected.mapv(|value| value as f32), &format!("CPU: {what}"));
        assert_same(&of_gpu, &of_cpu, &what);
        return;
    }
    let plain = level.clone().scale([]).bias([]);
    let plain = reference::from_texture(&plain, texels).unwrap();
    let of_channel = |given: &[f32], channel: usize, default| {
        f64::from(given.get(channel).or(given.first()).copied().unwrap_or(default))
    };
    // The value, its product and the sum round once each.
    let rounding = 3.0 * 2_f64.powi(-24);
    let is_curve = options.values == TexelValues::Linear;
    let of_curve = if is_curve { 2_f64.powi(-17) } else { rounding };
    for (name, found, unit) in [("CPU", of_cpu, rounding), ("GPU", of_gpu, of_curve)] {
        for ((place, &found), (&expected, &value)) in
            found.indexed_iter().zip(expected.iter().zip(&plain))
        {
            let scaled = of_channel(&level.scale, place.1, 1.0) * value;
            let sum = scaled.abs() + of_channel(&level.bias, place.1, 0.0).abs();
            let error = unit * sum + f64::from(f32::MIN_POSITIVE);
            let tolerance = match options.dtype {
                DType::F16 => error + 2_f64.powi(-11) * (expected.abs() + error) + 2_f64.powi(-25),
                _ => error,
            };
            let difference = (f64::from(found) - expected).abs();
            let is_nan = found.is_nan() && expected.is_nan();
            let is_infinite = f64::from(found) == expected;
            let is_overflow = options.dtype == DType::F16 && expected.abs() >= 65_500.0;
            assert!(
                difference <= tolerance || is_nan || is_infinite || is_overflow,
                "{name}: {what} at {place:?}: {found:e} instead of {expected:e}"
            );
        }
    }
}

/// Writes a tensor over these texels on the device and the CPU, and compares with the reference.
pub fn check_write(
    on: &Application,
    options: &ToTexture,
    dtype: DType,
    input: &Array4<f32>,
    texels: &Texels<'_>,
) {
    check_write_of(on, options, dtype, input, &on.of(texels), texels);
}

/// As [`check_write`], into a texture that holds these texels where the options look.
pub fn check_write_of(
    on: &Application,
    options: &ToTexture,
    dtype: DType,
    input: &Array4<f32>,
    texture: &wgpu::Texture,
    texels: &Texels<'_>,
) {
    let (format, size) = (texels.format, texels.size);
    let what = format!("{options:?} of {dtype} {:?} to {format:?} {size:?}", input.dim());
    let level = options.clone().mip_level(0).layer(0);
    let on_gpu = on.device.upload(input).unwrap().to_dtype(dtype).unwrap();
    let held = on_gpu.download().unwrap();
    let on_cpu = Device::cpu().upload(&held).unwrap();
    let wide = held.mapv(f64::from);
    let mut expected = texels.bytes.to_vec();
    let mut target = TexelsMut::new(&mut expected, format, size);
    reference::to_texture(&level, wide.view(), &mut target).unwrap();
    let mut of_cpu = texels.bytes.to_vec();
    level.write_texels(&on_cpu, &mut TexelsMut::new(&mut of_cpu, format, size)).unwrap();
    options.write(&on_gpu, texture).unwrap();
    let of_gpu = on.get(texture, [options.mip_level, options.layer]);
    let is_exact = options.values == TexelValues::Stored
        && options.scale.is_empty()
        && options.bias.is_empty();
    let is_exact_on_cpu = options.scale.is_empty() && options.bias.is_empty();
    for (name, found, is_exact) in [("CPU", of_cpu, is_exact_on_cpu), ("GPU", of_gpu, is_exact)] {
        let [found, expected] = [&found, &expected].map(|bytes| numbers(format, bytes));
        let mut others = 0;
        for (place, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
            let difference = (found - expected).abs();
            let is_near = match is_unorm8(format) {
                _ if is_exact => false,
                // The line's rounding may take a number over the middle of two bytes.
                true => difference <= 1.0,
                false => difference <= step(format) * expected.abs() + 1e-6,
            };
            let text = format!("{name}: {what} at {place}: {found} instead of {expected}");
            assert!(same(found, expected) || is_near, "{text}");
            others += usize::from(difference == 1.0 && is_unorm8(format));
        }
        assert!(others <= 1 + found.len() / 50, "{name}: {what}: {others} of {}", found.len());
    }
}

/// The relative distance of two numbers of a format.
fn step(format: TextureFormat) -> f32 {
    let bits = if texel_bytes(format) == 4 * components(format) { 21 } else { 10 };
    2_f32.powi(-bits)
}

/// The components that bytes store; of a byte itself.
pub fn numbers(format: TextureFormat, bytes: &[u8]) -> Vec<f32> {
    match texel_bytes(format) / components(format) {
        1 => bytes.iter().map(|&byte| byte.into()).collect(),
        2 => bytes.as_chunks().0.iter().map(|&it| half::f16::from_le_bytes(it).to_f32()).collect(),
        _ => bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
    }
}

/// Texels of a format with all kinds of numbers.
pub fn noise(format: TextureFormat, size: [usize; 2], seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(12_345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let count = size[0] * size[1] * components(format);
    match texel_bytes(format) / components(format) {
        1 => (0..count).map(|_| (next() >> 8) as u8).collect(),
        2 => (0..count).flat_map(|_| ((next() % 0x7c00) as u16).to_le_bytes()).collect(),
        _ => (0..count).flat_map(|_| (next() as f32 / 4_194_304.0 - 2.0).to_le_bytes()).collect(),
    }
}
