//! What cannot be read or written says why, before anything is recorded.

use filtro::{Alpha, Error, Result};

use super::*;
use crate::tested::adapter;

fn says<T: std::fmt::Debug>(result: Result<T>, text: &str) {
    assert_eq!(result.unwrap_err().to_string(), text);
}

fn reading(options: &FromTexture, texture: &wgpu::Texture, text: &str) {
    says(options.read(&application().device, texture), text);
}

fn writing(options: &ToTexture, shape: [usize; 4], texture: &wgpu::Texture, text: &str) {
    let tensor = application().device.upload(&Array4::zeros(shape)).unwrap();
    says(options.write(&tensor, texture), text);
}

#[test]
fn a_texture_that_is_not_served_says_why() {
    let on = application();
    let plain = descriptor(TextureFormat::Rgba8Unorm, [4, 6]);
    let listed = "must be one of Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb, R8Unorm, \
                  Rgba16Float, R16Float, R32Float, Rgba32Float";
    let usage = EVERY_USAGE | wgpu::TextureUsages::RENDER_ATTACHMENT;
    let extent = |depth| wgpu::Extent3d { width: 6, height: 4, depth_or_array_layers: depth };
    let cases = [
        (
            wgpu::TextureDescriptor { format: TextureFormat::Depth32Float, ..plain.clone() },
            format!("the texture's format is Depth32Float, but {listed}"),
        ),
        (
            wgpu::TextureDescriptor { format: TextureFormat::Rg8Unorm, ..plain.clone() },
            format!("the texture's format is Rg8Unorm, but {listed}"),
        ),
        (
            wgpu::TextureDescriptor { format: TextureFormat::Rgba8Uint, ..plain.clone() },
            format!("the texture's format is Rgba8Uint, but {listed}"),
        ),
        (
            wgpu::TextureDescriptor {
                dimension: wgpu::TextureDimension::D3,
                size: extent(3),
                ..plain.clone()
            },
            "the texture's dimension is D3, but must be D2".into(),
        ),
        (
            wgpu::TextureDescriptor { sample_count: 4, usage, ..plain.clone() },
            "the texture's sample_count is 4, but must be 1; resolve the texture first".into(),
        ),
    ];
    for (descriptor, text) in cases {
        let texture = on.texture(&descriptor);
        reading(&FromTexture::new(), &texture, &format!("from_texture: {text}"));
        writing(&ToTexture::new(), [1, 3, 4, 6], &texture, &format!("to_texture: {text}"));
    }
    let with = |usage| on.texture(&wgpu::TextureDescriptor { usage, ..plain.clone() });
    let only_copied = with(wgpu::TextureUsages::COPY_SRC | wgpu::TextureUsages::COPY_DST);
    reading(
        &FromTexture::new(),
        &only_copied,
        "from_texture: the texture's usage is COPY_SRC | COPY_DST, but must have TEXTURE_BINDING",
    );
    writing(
        &ToTexture::new().alpha(Alpha::Kept),
        [1, 3, 4, 6],
        &only_copied,
        "to_texture: the texture's usage is COPY_SRC | COPY_DST, but must have TEXTURE_BINDING as \
         well, since alpha is kept",
    );
    // Where alpha is not kept, or there is none, that is enough.
    let tensor = on.device.upload(&Array4::zeros([1, 4, 4, 6])).unwrap();
    ToTexture::new().alpha(Alpha::Kept).write(&tensor, &only_copied).unwrap();
    ToTexture::new().channels([0]).write(&tensor, &only_copied).unwrap();
    let only_bound = with(wgpu::TextureUsages::TEXTURE_BINDING);
    FromTexture::new().read(&on.device, &only_bound).unwrap();
    writing(
        &ToTexture::new(),
        [1, 3, 4, 6],
        &only_bound,
        "to_texture: the texture's usage is TEXTURE_BINDING, but must have COPY_DST",
    );
}

#[test]
fn options_that_do_not_fit_the_texture_say_why() {
    let on = application();
    let of = |format| on.texture(&descriptor(format, [4, 6]));
    let (colours, red) = (of(TextureFormat::Rgba8Unorm), of(TextureFormat::R16Float));
    let new = FromTexture::new;
    for (options, text) in [
        (new().mip_level(1), "mip_level is 1, but the number of levels is 1"),
        (new().layer(1), "layer is 1, but the number of layers is 1"),
        (new().layer(u32::MAX), "layer is 4294967295, but the number of layers is 1"),
        (
            new().region([0, 0], [4, 0]),
            "region is [4, 0] texels from [0, 0] on, but must be at least one texel and lie in the \
             level's [4, 6] texels",
        ),
        (
            new().region([3, 5], [1, 2]),
            "region is [1, 2] texels from [3, 5] on, but must be at least one texel and lie in the \
             level's [4, 6] texels",
        ),
        (
            new().region([1, 1], [usize::MAX, 1]),
            "region is [18446744073709551615, 1] texels from [1, 1] on, but must be at least one \
             texel and lie in the level's [4, 6] texels",
        ),
        (
            new().scale([1.0, 2.0]),
            "scale is 2 numbers, but must be one for all channels, or one for each of the 3",
        ),
        (
            new().channels([ALL[3]]).bias([1.0; 3]),
            "bias is 3 numbers, but must be one for all channels, or one for each of the 1",
        ),
    ] {
        reading(&options, &colours, &format!("from_texture: {text}"));
    }
    for (options, text) in [
        (
            new().channels([ALL[0], ALL[3]]),
            "channels is [Red, Alpha], but must be Red alone, since the format is R16Float",
        ),
        (
            new().values(TexelValues::Linear),
            "values is Linear, but must be Stored, since the format is R16Float, of floats",
        ),
    ] {
        reading(&options, &red, &format!("from_texture: {text}"));
    }
    let new = ToTexture::new;
    let three = [2, 3, 4, 6];
    for (options, shape, text) in [
        (new().mip_level(7), three, "mip_level is 7, but the number of levels is 1"),
        (new().layer(2), three, "layer is 2, but the number of layers is 1"),
        (new().image(2), three, "image is 2, but the number of images is 2"),
        (
            new().origin([1, 0]),
            three,
            "what is written is [4, 6] texels from [1, 0] on, but must be at least one texel and \
             lie in the level's [4, 6] texels",
        ),
        (
            new().origin([0, usize::MAX]),
            three,
            "what is written is [4, 6] texels from [0, 18446744073709551615] on, but must be at \
             least one texel and lie in the level's [4, 6] texels",
        ),
        (
            new().bias([1.0; 4]),
            three,
            "bias is 4 numbers, but must be one for all channels, or one for each of the 3",
        ),
        (
            new(),
            [1, 2, 4, 6],
            "channels is empty for 2 channels, but must name one, three or four of the tensor's \
             channels, which are not as many themselves",
        ),
        (
            new().channels([0, 1]),
            three,
            "channels is [0, 1], but must be one, three or four channels",
        ),
        (
            new().channels([0, 3, 1]),
            three,
            "channels is [0, 3, 1], but the number of channels is 3",
        ),
        (new(), [1, 3, 0, 6], "the tensor has shape [1, 3, 0, 6], but must have elements"),
    ] {
        writing(&options, shape, &colours, &format!("to_texture: {text}"));
    }
    writing(
        &new(),
        three,
        &red,
        "to_texture: channels is [0, 1, 2], but must be one channel, since the format is R16Float",
    );
    writing(
        &new().channels([0]).values(TexelValues::Linear),
        three,
        &red,
        "to_texture: values is Linear, but must be Stored, since the format is R16Float, of floats",
    );
}

#[test]
fn the_cpu_says_that_it_has_no_textures() {
    let on = application();
    let texture = on.texture(&descriptor(TextureFormat::Rgba8Unorm, [4, 6]));
    let cpu = Device::cpu();
    let rule = |twin| {
        format!("is {cpu}, but textures are a GPU's; {twin} takes texels in the host's memory")
    };
    says(
        FromTexture::new().read(&cpu, &texture),
        &format!("from_texture: the device {}", rule("read_texels")),
    );
    let tensor = cpu.upload(&Array4::zeros([1, 3, 4, 6])).unwrap();
    says(
        ToTexture::new().write(&tensor, &texture),
        &format!("to_texture: the device {}", rule("write_texels")),
    );
}

#[test]
fn bytes_that_are_no_texels_say_why() {
    let cpu = Device::cpu();
    let read = |bytes: &[u8], size| {
        FromTexture::new().read_texels(&cpu, &Texels::new(bytes, TextureFormat::Rgba8Unorm, size))
    };
    says(
        read(&[0; 23], [2, 3]),
        "from_texture: the number of bytes is 23, but [2, 3] texels of Rgba8Unorm have 24 bytes",
    );
    says(
        read(&[], [0, 3]),
        "from_texture: region is [0, 3] texels from [0, 0] on, but must be at least one texel and \
         lie in the level's [0, 3] texels",
    );
    assert!(matches!(read(&[], [usize::MAX, 3]), Err(Error::Overflow { .. })));
    let tensor = cpu.upload(&Array4::zeros([1, 1, 1, 1])).unwrap();
    let mut bytes = [0; 3];
    let mut texels = TexelsMut::new(&mut bytes, TextureFormat::R16Float, [1, 1]);
    says(
        ToTexture::new().write_texels(&tensor, &mut texels),
        "to_texture: the number of bytes is 3, but [1, 1] texels of R16Float have 2 bytes",
    );
}

#[test]
fn f16_that_a_device_lacks_is_an_error() {
    let (raw, queue) = crate::tested::wgpu_device(&Default::default());
    let texture = raw.create_texture(&descriptor(TextureFormat::R8Unorm, [4, 6]));
    let device = Device::from_wgpu(raw, queue);
    let result = FromTexture::new().dtype(DType::F16).read(&device, &texture);
    says(result, &format!("from_texture: the device {device} has no shaders with f16"));
    // A texture of f16 needs none.
    let half = device.upload(&Array4::ones([1, 1, 4, 6])).unwrap();
    let read = FromTexture::new().read(&device, &texture).unwrap();
    assert_eq!(read.shape(), half.shape());
}

/// That a call fails as wgpu's, and that what was recorded before is still done.
fn spoils_nothing<T: std::fmt::Debug>(device: &Device, call: impl FnOnce() -> Result<T>) {
    let x = device.upload(&Array4::from_elem([1, 1, 2, 2], -1.0)).unwrap();
    let y = filtro::Activation::Relu6.forward(&x).unwrap();
    let error = call().unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { argument: "the texture", .. }), "{error:?}");
    assert_eq!(y.to_vec().unwrap(), [0.0; 4]);
}

#[test]
fn a_texture_that_was_destroyed_is_an_error_and_spoils_nothing() {
    let on = application();
    for alpha in [Alpha::Kept, Alpha::Set(0.5)] {
        let texture = on.texture(&descriptor(TextureFormat::Rgba8Unorm, [4, 6]));
        texture.destroy();
        spoils_nothing(&on.device, || FromTexture::new().read(&on.device, &texture));
        let tensor = on.device.upload(&Array4::zeros([1, 3, 4, 6])).unwrap();
        spoils_nothing(&on.device, || ToTexture::new().alpha(alpha).write(&tensor, &texture));
    }
}

#[test]
fn a_texture_that_is_destroyed_before_the_submit_is_an_error_of_the_submit() {
    let on = Application::new(wgpu::Limits::default());
    for kept in [true, false] {
        let texture = on.texture(&descriptor(TextureFormat::Rgba8Unorm, [4, 6]));
        let tensor = on.device.upload(&Array4::zeros([1, 3, 4, 6])).unwrap();
        let read = FromTexture::new().read(&on.device, &texture).unwrap();
        if kept {
            ToTexture::new().alpha(Alpha::Kept).write(&tensor, &texture).unwrap();
        } else {
            ToTexture::new().write(&tensor, &texture).unwrap();
        }
        texture.destroy();
        let error = read.download().unwrap_err();
        assert!(matches!(error, Error::Gpu { .. }), "{error:?}");
        // The device goes on.
        assert_eq!(tensor.to_vec().unwrap(), [0.0; 72]);
    }
}

#[test]
fn a_texture_of_another_device_is_an_error_and_spoils_nothing() {
    let adapter = adapter();
    let [one, other] = [(); 2].map(|()| {
        let request = adapter.request_device(&Default::default());
        pollster::block_on(request).unwrap()
    });
    let device = Device::from_wgpu(one.0, one.1);
    let texture = other.0.create_texture(&descriptor(TextureFormat::Rgba8Unorm, [4, 6]));
    spoils_nothing(&device, || FromTexture::new().read(&device, &texture));
    let tensor = device.upload(&Array4::zeros([1, 3, 4, 6])).unwrap();
    spoils_nothing(&device, || ToTexture::new().write(&tensor, &texture));
    spoils_nothing(&device, || ToTexture::new().alpha(Alpha::Kept).write(&tensor, &texture));
}

#[test]
fn a_device_that_is_lost_or_has_no_sampled_textures_says_so() {
    let on = Application::new(wgpu::Limits {
        max_sampled_textures_per_shader_stage: 0,
        ..Default::default()
    });
    let texture = on.texture(&descriptor(TextureFormat::Rgba8Unorm, [4, 6]));
    let tensor = on.device.upload(&Array4::zeros([1, 3, 4, 6])).unwrap();
    says(
        FromTexture::new().read(&on.device, &texture),
        "from_texture: the number of sampled textures of the shader texture_read is 1, but the \
         device allows 0",
    );
    says(
        ToTexture::new().alpha(Alpha::Kept).write(&tensor, &texture),
        "to_texture: the number of sampled textures of the shader texture_write is 1, but the \
         device allows 0",
    );
    ToTexture::new().write(&tensor, &texture).unwrap();
    on.raw.destroy();
    for result in [
        FromTexture::new().read(&on.device, &texture).map(drop),
        ToTexture::new().write(&tensor, &texture),
        ToTexture::new().alpha(Alpha::Kept).write(&tensor, &texture),
    ] {
        assert!(matches!(result, Err(Error::DeviceLost { .. })), "{result:?}");
    }
}

#[test]
fn a_row_that_exceeds_a_binding_is_a_limit() {
    let on = Application::new(wgpu::Limits {
        max_storage_buffer_binding_size: 1024,
        ..Default::default()
    });
    let texture = on.texture(&descriptor(TextureFormat::Rgba8Unorm, [2, 300]));
    let result = FromTexture::new().read(&on.device, &texture);
    assert!(matches!(result, Err(Error::DeviceLimit { needed: 300, .. })), "{result:?}");
    let texture = on.texture(&descriptor(TextureFormat::Rgba32Float, [2, 300]));
    let tensor = on.device.upload(&Array4::zeros([1, 3, 2, 60])).unwrap();
    let result = ToTexture::new().write(&tensor, &texture);
    assert!(matches!(result, Err(Error::DeviceLimit { needed: 1024, .. })), "{result:?}");
}
