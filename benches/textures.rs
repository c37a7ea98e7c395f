//! A picture of 1920 x 1080 from a texture to a tensor and back, on every device, and the same of
//! texels in the host's memory on the CPU.
//!
//! What comes back is compared with the picture before it is timed.

#![allow(missing_docs, reason = "a bench has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use filtro::wgpu::{self, TextureFormat, TextureUsages};
use filtro::{Device, FromTexture, Texels, TexelsMut, ToTexture};

const SIZE: [usize; 2] = [1080, 1920];
const FORMAT: TextureFormat = TextureFormat::Rgba8Unorm;

/// Opaque texels of all colours.
fn picture() -> Vec<u8> {
    let texel = |index: u32| {
        let [low, middle, high, _] = index.wrapping_mul(2_654_435_769).to_le_bytes();
        [low, middle, high, 255]
    };
    (0..SIZE[0] * SIZE[1]).flat_map(|index| texel(u32::try_from(index).unwrap())).collect()
}

/// The adapters that are there, with a wgpu device of each.
fn adapters() -> Vec<(wgpu::Device, wgpu::Queue)> {
    let instance = wgpu::Instance::default();
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let open = |adapter: &wgpu::Adapter| {
        pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap()
    };
    adapters.iter().map(open).collect()
}

fn texture(device: &wgpu::Device) -> wgpu::Texture {
    let [height, width] = SIZE.map(|size| u32::try_from(size).unwrap());
    device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: FORMAT,
        usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

fn textures(criterion: &mut Criterion) {
    let (from, to) = (FromTexture::new(), ToTexture::new());
    let bytes = picture();
    let texels = Texels::new(&bytes, FORMAT, SIZE);
    let cpu = Device::cpu();
    let tensor = from.read_texels(&cpu, &texels).unwrap();
    let expected = tensor.to_vec().unwrap();
    let mut back = vec![0; bytes.len()];
    to.write_texels(&tensor, &mut TexelsMut::new(&mut back, FORMAT, SIZE)).unwrap();
    assert!(back == bytes, "the CPU does not give the picture back");

    let mut group = criterion.benchmark_group("texture 1920x1080 Rgba8Unorm, 3 channels");
    group.sample_size(20);
    group.throughput(Throughput::Elements(u64::try_from(expected.len()).unwrap()));
    group.bench_function(BenchmarkId::new("read", "cpu"), |bencher| {
        bencher.iter(|| from.read_texels(&cpu, &texels).unwrap());
    });
    group.bench_function(BenchmarkId::new("write", "cpu"), |bencher| {
        bencher.iter(|| {
            to.write_texels(&tensor, &mut TexelsMut::new(&mut back, FORMAT, SIZE)).unwrap();
        });
    });
    for (number, (raw, queue)) in adapters().into_iter().enumerate() {
        let device = Device::from_wgpu(raw.clone(), queue.clone());
        println!("{number}: {device}");
        let (source, target) = (texture(&raw), texture(&raw));
        queue.write_texture(
            source.as_image_copy(),
            &bytes,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * source.width()),
                rows_per_image: None,
            },
            source.size(),
        );
        let tensor = from.read(&device, &source).unwrap();
        assert!(tensor.to_vec().unwrap() == expected, "{device} reads something else");
        to.write(&tensor, &target).unwrap();
        let again = from.read(&device, &target).unwrap();
        assert!(again.to_vec().unwrap() == expected, "{device} writes something else");
        let name = format!("{number}: {}", device.info().name);
        group.bench_function(BenchmarkId::new("read", &name), |bencher| {
            bencher.iter(|| {
                let tensor = from.read(&device, &source).unwrap();
                device.synchronize().unwrap();
                tensor
            });
        });
        group.bench_function(BenchmarkId::new("write", &name), |bencher| {
            bencher.iter(|| {
                to.write(&tensor, &target).unwrap();
                device.synchronize().unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, textures);
criterion_main!(benches);
