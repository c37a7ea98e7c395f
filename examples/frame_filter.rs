//! An application with a GPU of its own filters each of its frames, between two of its passes.
//!
//!     cargo run --release --example frame_filter
//!     cargo run --release --example frame_filter -- --device software --frames 60
//!
//! The application draws a scene into a texture. filtro reads the texture, convolves it with a bank of
//! Sobel filters and takes maxima, and writes the result into another texture. The application draws
//! the scene with its edges on top. All of a frame lies in one command encoder, and goes to the GPU in
//! one submit; nothing comes back to the host.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use filtro::wgpu::{self, util::DeviceExt};
use filtro::{
    Activation, Conv2d, Device, FromTexture, MaxPool2d, Tensor, ToTexture, filters, picture,
};
use ndarray::{Array4, s};

#[derive(Parser)]
struct Arguments {
    /// The adapter: gpu, software, or a part of its name; without it, the first one.
    #[arg(long, env = "FILTRO_DEVICE", default_value = "")]
    device: String,
    /// Frames to draw.
    #[arg(long, default_value_t = 300)]
    frames: u32,
    /// `WIDTHxHEIGHT` of a frame.
    #[arg(long, default_value = "1280x720")]
    size: String,
    /// Few and small frames, to see that everything works.
    #[arg(long)]
    quick: bool,
    /// Where the last frame is written.
    #[arg(long, default_value = "target/frame_filter.png")]
    output: PathBuf,
}

/// So many frames are on the GPU at once, as with a screen.
const IN_FLIGHT: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    env_logger::init();
    let arguments = Arguments::parse();
    let (frames, size) = if arguments.quick {
        (30, [320, 180])
    } else {
        (arguments.frames.max(1), size(&arguments.size)?)
    };
    let adapter = pollster::block_on(adapter(&arguments.device))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&Default::default()))?;
    let app = App::new(device, queue, size)?;
    println!("{}: {frames} frames of {} x {}", app.filtro, size[0], size[1]);

    let mut times = Vec::new();
    let mut waiting = std::collections::VecDeque::new();
    let mut allocations = Vec::new();
    let submits = app.filtro.submits();
    for number in 0..frames {
        if waiting.len() == IN_FLIGHT
            && let Some(submission_index) = waiting.pop_front()
        {
            app.device.poll(wgpu::PollType::Wait {
                submission_index: Some(submission_index),
                timeout: Some(Duration::from_secs(60)),
            })?;
        }
        let start = Instant::now();
        let commands = app.frame(number as f32 / 60.0)?;
        times.push((start.elapsed(), start));
        waiting.push_back(app.queue.submit([commands]));
        allocations.push(app.filtro.memory_use().allocations);
    }
    app.device.poll(wgpu::PollType::wait_indefinitely())?;

    let submits = app.filtro.submits() - submits;
    let encoding = median(times.iter().map(|(encoding, _)| *encoding).collect());
    let frame = median(times.windows(2).map(|pair| pair[1].1 - pair[0].1).collect());
    let from_third =
        allocations.last().zip(allocations.get(2)).map_or(0, |(last, third)| last - third);
    println!("a frame          {:8.3} ms (median)", 1e3 * frame.as_secs_f64());
    println!("encoding it      {:8.3} ms (median), on the host", 1e3 * encoding.as_secs_f64());
    println!("submits          {frames} by the application, {submits} by filtro");
    println!("GPU allocations  {from_third} from the third frame on");

    let composed = FromTexture::new().read(&app.filtro, &app.composed)?.download()?;
    if let Some(folder) = arguments.output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&arguments.output, picture::encode_png(&picture::to_image(&composed))?)?;
    println!("the last frame   {}", arguments.output.display());
    if submits > 0 || (frames > 3 && from_third > 0) {
        return Err("a frame must take one submit and no new memory".into());
    }
    Ok(())
}

fn size(text: &str) -> Result<[u32; 2], Box<dyn Error>> {
    let sizes = text.split_once('x').and_then(|(width, height)| {
        let size = |text: &str| text.parse().ok().filter(|size| (4..=8192).contains(size));
        Some([size(width)?, size(height)?])
    });
    sizes
        .ok_or_else(|| format!("--size takes WIDTHxHEIGHT, each from 4 to 8192, not {text}").into())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

async fn adapter(name: &str) -> Result<wgpu::Adapter, Box<dyn Error>> {
    let instance = wgpu::Instance::default();
    let adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    let is_wanted = |adapter: &wgpu::Adapter| {
        let info = adapter.get_info();
        let is_software = info.device_type == wgpu::DeviceType::Cpu;
        match name {
            "" | "auto" => true,
            "software" => is_software,
            "gpu" => !is_software,
            name => info.name.to_lowercase().contains(&name.to_lowercase()),
        }
    };
    let found = adapters.into_iter().filter(is_wanted);
    let first = found.min_by_key(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu);
    first.ok_or_else(|| format!("there is no adapter {name}").into())
}

/// The application: its textures and pipelines, and filtro on its device.
struct App {
    device: wgpu::Device,
    queue: wgpu::Queue,
    time: wgpu::Buffer,
    aspect: f32,
    scene: Pass,
    compose: Pass,
    picture: wgpu::Texture,
    edges: wgpu::Texture,
    composed: wgpu::Texture,
    filtro: Device,
    sobel: Tensor,
}

/// A pass of the application's own: a triangle over a texture.
struct Pass {
    pipeline: wgpu::RenderPipeline,
    bind_group: wgpu::BindGroup,
    target: wgpu::TextureView,
}

const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

impl App {
    fn new(
        device: wgpu::Device,
        queue: wgpu::Queue,
        [width, height]: [u32; 2],
    ) -> Result<Self, Box<dyn Error>> {
        let filtro = Device::from_wgpu(device.clone(), queue.clone());
        let texture = |label, [width, height]: [u32; 2], usage| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some(label),
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: FORMAT,
                usage,
                view_formats: &[],
            })
        };
        let (drawn, sampled, written) = (
            wgpu::TextureUsages::RENDER_ATTACHMENT,
            wgpu::TextureUsages::TEXTURE_BINDING,
            wgpu::TextureUsages::COPY_DST,
        );
        let picture = texture("picture", [width, height], drawn | sampled);
        // What a pooling of 2 x 2 leaves of it.
        let edges = texture("edges", [width / 2, height / 2], sampled | written);
        let composed = texture("composed", [width, height], drawn | sampled);
        let time = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("frame"),
            contents: &[0; 8],
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        });
        let module = device.create_shader_module(wgpu::include_wgsl!("frame_filter.wgsl"));
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        let pass = |name, inputs: &[&wgpu::Texture], target: &wgpu::Texture| {
            let pipeline = pipeline(&device, &module, name);
            let views: Vec<_> =
                inputs.iter().map(|input| input.create_view(&Default::default())).collect();
            let mut entries = Vec::new();
            if name == "scene" {
                entries
                    .push(wgpu::BindGroupEntry { binding: 0, resource: time.as_entire_binding() });
            } else {
                let views = views.iter().map(wgpu::BindingResource::TextureView);
                let resources = views.chain([wgpu::BindingResource::Sampler(&sampler)]);
                let entry = |(binding, resource)| wgpu::BindGroupEntry { binding, resource };
                entries.extend((1..).zip(resources).map(entry));
            }
            let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(name),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            Pass { pipeline, bind_group, target: target.create_view(&Default::default()) }
        };
        let scene = pass("scene", &[], &picture);
        let compose = pass("compose", &[&picture, &edges], &composed);
        let sobel = filtro.upload(&sobel())?;
        let aspect = width as f32 / height as f32;
        Ok(Self {
            device,
            queue,
            time,
            aspect,
            scene,
            compose,
            picture,
            edges,
            composed,
            filtro,
            sobel,
        })
    }

    /// One frame: three parts in one encoder.
    fn frame(&self, seconds: f32) -> Result<wgpu::CommandBuffer, Box<dyn Error>> {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let time = [seconds.to_ne_bytes(), self.aspect.to_ne_bytes()].concat();
        self.queue.write_buffer(&self.time, 0, &time);
        self.scene.draw(&mut encoder);

        let x = FromTexture::new().read(&self.filtro, &self.picture)?;
        let edges = Conv2d::new(3, 3, [3, 3])
            .padding([1, 1])
            .padding_mode(filtro::PaddingMode::Replicate)
            .activation(Activation::Relu)
            .forward(&x, &self.sobel, None)?;
        let strongest = MaxPool2d::new([2, 2]).forward(&edges)?;
        ToTexture::new().write(&strongest, &self.edges)?;
        self.filtro.encode(&mut encoder)?;

        self.compose.draw(&mut encoder);
        Ok(encoder.finish())
    }
}

/// Edges to the right in red, downwards in green, to the left in blue, of what is grey.
fn sobel() -> Array4<f32> {
    let [x, y] = [filters::SOBEL_X, filters::SOBEL_Y].map(|filter| filter.kernel());
    let bank = [x.clone(), y, -x];
    let mut weight = Array4::zeros((3, 3, 3, 3));
    for (output, kernel) in bank.iter().enumerate() {
        for channel in 0..3 {
            weight.slice_mut(s![output, channel, .., ..]).assign(&(kernel / 3.0));
        }
    }
    weight
}

fn pipeline(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    fragment: &str,
) -> wgpu::RenderPipeline {
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(fragment),
        layout: None,
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("corner"),
            compilation_options: Default::default(),
            buffers: &[],
        },
        primitive: Default::default(),
        depth_stencil: None,
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(fragment),
            compilation_options: Default::default(),
            targets: &[Some(FORMAT.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}

impl Pass {
    fn draw(&self, encoder: &mut wgpu::CommandEncoder) {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: None,
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        pass.draw(0..3, 0..1);
    }
}
