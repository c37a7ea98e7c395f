//! Frames of an application: texture to texture in its own encoder, many of them.

use filtro::wgpu::{self, TextureFormat};
use filtro::{
    Activation, AvgPool2d, Conv2d, Device, FromTexture, MaxPool2d, Tensor, Texels, ToTexture,
};

use crate::devices::ramp;
#[cfg(target_os = "linux")]
use crate::repetitions::{memory, runs_alone};
#[cfg(target_os = "linux")]
use crate::strategies::is_sweep;
use crate::tested::is_software;
use crate::textures::{Application, EVERY_USAGE};

const FORMAT: TextureFormat = TextureFormat::Rgba8Unorm;
const SIZE: [usize; 2] = [12, 20];

struct Frames {
    app: Application,
    /// What the application draws, and what it shows.
    picture: wgpu::Texture,
    shown: wgpu::Texture,
    weight: Tensor,
}

fn network(x: &Tensor, weight: &Tensor) -> filtro::Result<Tensor> {
    let y = Conv2d::new(3, 4, [3, 3]).padding([1, 1]).forward(x, weight, None)?;
    let y = Activation::Silu.forward(&y)?;
    let y = MaxPool2d::new([2, 2]).forward(&y)?;
    AvgPool2d::new([3, 3]).stride([1, 1]).padding([1, 1]).forward(&y)
}

fn texels(number: usize) -> Vec<u8> {
    let [height, width] = SIZE;
    (0..height * width * 4).map(|at| ((at * (number % 7 + 3) + number * 11) % 251) as u8).collect()
}

/// A quarter of what the network gives, as the application shows it.
fn writes() -> ToTexture {
    ToTexture::new().channels([2, 0, 3]).scale([0.01]).bias([0.5])
}

impl Frames {
    fn new() -> Self {
        let app = Application::new(wgpu::Limits::default());
        let texture = |[height, width]: [usize; 2]| {
            app.texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d {
                    width: width as u32,
                    height: height as u32,
                    depth_or_array_layers: 1,
                },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: FORMAT,
                usage: EVERY_USAGE,
                view_formats: &[],
            })
        };
        let (picture, shown) = (texture(SIZE), texture(SIZE.map(|size| size / 2)));
        let weight = app.device.upload(&ramp([4, 3, 3, 3])).unwrap();
        Self { app, picture, shown, weight }
    }

    /// The application draws by a copy in the encoder, filtro filters, all in one submit.
    fn frame(&self, drawn: &wgpu::Texture) {
        let Self { app, picture, shown, weight } = self;
        let mut encoder = app.raw.create_command_encoder(&Default::default());
        let size = picture.size();
        encoder.copy_texture_to_texture(drawn.as_image_copy(), picture.as_image_copy(), size);
        let x = FromTexture::new().read(&app.device, picture).unwrap();
        let y = network(&x, weight).unwrap();
        writes().write(&y, shown).unwrap();
        app.device.encode(&mut encoder).unwrap();
        app.queue.submit([encoder.finish()]);
    }

    fn drawn(&self, number: usize) -> wgpu::Texture {
        self.app.of(&Texels::new(&texels(number), FORMAT, SIZE))
    }

    fn check(&self, number: usize) {
        let cpu = Device::cpu();
        let x = FromTexture::new().read_texels(&cpu, &Texels::new(&texels(number), FORMAT, SIZE));
        let y = network(&x.unwrap(), &cpu.upload(&ramp([4, 3, 3, 3])).unwrap()).unwrap();
        let mut expected = vec![0; 12 * 20];
        let size = SIZE.map(|size| size / 2);
        let mut target = filtro::TexelsMut::new(&mut expected, FORMAT, size);
        writes().write_texels(&y, &mut target).unwrap();
        let actual = self.app.get(&self.shown, [0, 0]);
        // A byte more or less where a sum of other order lies beside the middle of two.
        let far = actual.iter().zip(&expected).filter(|(a, b)| a.abs_diff(**b) > 1).count();
        assert!(far == 0 && actual.len() == expected.len(), "{number}: {actual:?} {expected:?}");
    }
}

#[test]
fn a_picture_drawn_filtered_and_shown_in_one_submit_is_that_of_the_cpu() {
    let frames = Frames::new();
    let drawn: Vec<_> = (0..4).map(|number| frames.drawn(number)).collect();
    let mut allocations = Vec::new();
    for number in 0..12 {
        let submits = frames.app.device.submits();
        frames.frame(&drawn[number % 4]);
        assert_eq!(frames.app.device.submits(), submits);
        allocations.push(frames.app.device.memory_use().allocations);
        if number % 5 == 2 {
            frames.check(number % 4);
        }
    }
    assert!(allocations[2..].iter().all(|&it| it == allocations[2]), "{allocations:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_frames_leave_the_memory_where_it_was_after_a_hundred() {
    if !runs_alone(
        "interop_frames::ten_thousand_frames_leave_the_memory_where_it_was_after_a_hundred",
    ) {
        return;
    }
    let frames = Frames::new();
    let drawn = frames.drawn(0);
    let count = if is_sweep() { 10_000 } else { 1000 };
    let (mut before, mut allocations) = ((0, 0), 0);
    for number in 1..=count {
        frames.frame(&drawn);
        if number % 100 == 0 {
            frames.app.raw.poll(wgpu::PollType::wait_indefinitely()).unwrap();
            let (mappings, kilobytes) = memory();
            if number == 100 {
                before = (mappings, kilobytes);
                allocations = frames.app.device.memory_use().allocations;
            }
            assert!(
                mappings <= before.0 + 16 && kilobytes <= before.1 + 4096,
                "frame {number}: {before:?} grew to {mappings} mappings and {kilobytes} KB"
            );
        }
    }
    // A GPU is several frames behind, by another number each time.
    let more = frames.app.device.memory_use().allocations - allocations;
    assert!(if is_software() { more == 0 } else { more <= 32 }, "{more} more");
    frames.check(0);
}
