//! Recorded work in the caller's encoders: its order, and what happens to memory and results when
//! the caller submits late, in twos, or never.

use filtro::{Activation, Conv2d, DType, Device, Error, MaxPool2d, Tensor};
use ndarray::Array4;

use crate::devices::ramp;
use crate::interop::{callers_device, read, readable};
use crate::recorder::lend;
use crate::tested::tell;

const SHAPE: [usize; 4] = [1, 2, 8, 8];
const BYTES: u64 = 2 * 8 * 8 * 4;

/// An application: its picture is a buffer that its own work fills, frame by frame.
struct App {
    device: Device,
    picture: wgpu::Buffer,
    offset: u64,
    x: Tensor,
    w: Tensor,
}

/// A frame that was recorded.
struct Frame {
    encoder: wgpu::CommandEncoder,
    /// What the application's last pass takes of the result.
    seen: wgpu::Buffer,
    expected: Vec<f32>,
}

fn image(number: u16) -> Array4<f32> {
    ramp(SHAPE) * f32::from(number % 5) + f32::from(number)
}

fn network(x: &Tensor, w: &Tensor) -> Tensor {
    let y = Conv2d::new(2, 3, [3, 3]).padding([1, 1]).forward(x, w, None).unwrap();
    let y = Activation::Relu.forward(&y).unwrap();
    MaxPool2d::new([2, 2]).forward(&y).unwrap()
}

/// What the network makes of an image.
fn expected(number: u16) -> Vec<f32> {
    let [x, w] =
        [image(number), ramp([3, 2, 3, 3])].map(|array| Device::cpu().upload(&array).unwrap());
    network(&x, &w).to_vec().unwrap()
}

impl App {
    fn new() -> Self {
        let device = callers_device();
        let (picture, offset) = lend(&device, &[0.0_f32; 128]);
        let x = Tensor::from_wgpu_buffer(&device, &picture, offset, SHAPE, DType::F32).unwrap();
        let w = device.upload(&ramp([3, 2, 3, 3])).unwrap();
        Self { device, picture, offset, x, w }
    }

    /// The application draws, filtro filters, the application takes the result: all in one encoder.
    fn frame(&self, number: u16) -> Frame {
        let (raw, _) = self.device.wgpu().unwrap();
        let mut encoder = raw.create_command_encoder(&Default::default());
        let (drawn, first) = lend(&self.device, image(number).as_slice().unwrap());
        encoder.copy_buffer_to_buffer(&drawn, first, &self.picture, self.offset, BYTES);
        let y = network(&self.x, &self.w);
        let result = y.wgpu_buffer_in(&mut encoder).unwrap();
        let seen = readable(&self.device, result.size());
        encoder.copy_buffer_to_buffer(result.buffer(), result.offset(), &seen, 0, result.size());
        Frame { encoder, seen, expected: expected(number) }
    }

    fn submit(&self, frames: impl IntoIterator<Item = Frame>) -> Vec<(wgpu::Buffer, Vec<f32>)> {
        let (mut commands, mut seen) = (Vec::new(), Vec::new());
        for frame in frames {
            commands.push(frame.encoder.finish());
            seen.push((frame.seen, frame.expected));
        }
        self.device.wgpu().unwrap().1.submit(commands);
        seen
    }

    fn check(&self, seen: Vec<(wgpu::Buffer, Vec<f32>)>) {
        for (seen, expected) in seen {
            assert_eq!(read::<f32>(&self.device, &seen), expected);
        }
    }

    /// Work of others that takes memory of the sizes that frames take, with other parameters; what
    /// it gave, to be checked once a frame was submitted, and what it has to be.
    fn other_work(&self) -> Vec<(Tensor, Vec<f32>)> {
        let work = |number| {
            let device = &self.device;
            let (x, w) = (device.upload(&image(number)).unwrap(), &self.w);
            let y = Activation::LeakyRelu { negative_slope: 1.0 }.forward(&x).unwrap();
            let z = network(&y, w);
            let raw = |array: Array4<f32>| array.into_raw_vec_and_offset().0;
            [(x, raw(image(number))), (y, raw(image(number))), (z, expected(number))]
        };
        let tensors = (0..3).flat_map(work).collect();
        self.device.flush().unwrap();
        tensors
    }
}

fn check(others: Vec<(Tensor, Vec<f32>)>) {
    for (tensor, expected) in others {
        assert_eq!(tensor.to_vec().unwrap(), expected);
    }
}

#[test]
fn a_frame_lies_between_the_callers_passes_and_needs_no_memory_from_the_third_on() {
    let app = App::new();
    let mut allocations = Vec::new();
    for number in 0..40 {
        let frame = app.frame(number);
        let seen = app.submit([frame]);
        if number % 7 == 0 {
            app.check(seen);
        }
        allocations.push(app.device.memory_use().allocations);
    }
    assert!(allocations[2..].iter().all(|&count| count == allocations[2]), "{allocations:?}");
}

#[test]
fn a_caller_who_submits_late_or_in_twos_or_in_sixes_gets_every_frame() {
    let app = App::new();
    for at_once in [1, 2, 6] {
        let mut next = 0;
        let mut frames: Vec<_> = (0..at_once).map(|number| app.frame(number)).collect();
        let mut allocations = Vec::new();
        for _ in 0..8 {
            // Between recording and submit, others use the device.
            let others = app.other_work();
            let submitted = std::mem::take(&mut frames);
            let seen = app.submit(submitted);
            check(others);
            for _ in 0..at_once {
                next += 1;
                frames.push(app.frame(next));
            }
            app.check(seen);
            allocations.push(app.device.memory_use().allocations);
        }
        app.check(app.submit(frames));
        assert!(allocations[3..].iter().all(|&it| it == allocations[3]), "{allocations:?}");
    }
}

#[test]
fn frames_that_wait_take_memory_of_their_own_and_give_it_back() {
    let app = App::new();
    app.check(app.submit([app.frame(1)]));
    check(app.other_work());
    let quiet = app.device.memory_use().allocated;
    let frames: Vec<_> = (0..10).map(|number| app.frame(number)).collect();
    let waiting = app.device.memory_use().allocated;
    assert!(waiting > quiet);
    app.check(app.submit(frames));
    for number in 0..20 {
        app.check(app.submit([app.frame(number)]));
    }
    assert_eq!(app.device.memory_use().allocated, waiting);
    app.device.trim();
    assert!(app.device.memory_use().allocated < quiet);
}

#[test]
fn a_caller_who_never_submits_holds_up_nobody_else() {
    let app = App::new();
    let waits = app.frame(1);
    check(app.other_work());
    let allocations = app.device.memory_use().allocations;
    for _ in 0..20 {
        check(app.other_work());
    }
    assert_eq!(app.device.memory_use().allocations, allocations);
    drop(waits);
    check(app.other_work());
    app.check(app.submit([app.frame(2)]));
    drop(app.device.upload(&ramp(SHAPE)).unwrap());
    let App { device, x, w, .. } = app;
    drop((x, w));
    device.trim();
    assert_eq!(device.memory_use().allocated, 0);
}

#[test]
fn what_needs_an_encoder_that_was_not_submitted_says_so_and_works_afterwards() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    let array = ramp(SHAPE);
    let x = device.upload(&array).unwrap();
    let y = Activation::Relu.forward(&x).unwrap();
    let mut encoder = raw.create_command_encoder(&Default::default());
    device.encode(&mut encoder).unwrap();
    let waits = |operation| Error::NotSubmitted { operation };
    assert_eq!(y.download().unwrap_err(), waits("download"));
    assert_eq!(pollster::block_on(y.download_async()).unwrap_err(), waits("download"));
    // More can be recorded, and what is there already does not wait for it.
    let z = MaxPool2d::new([2, 2]).forward(&y).unwrap();
    assert_eq!(x.download().unwrap(), array);
    let beside = Activation::Tanh.forward(&x).unwrap();
    assert_eq!(beside.download().unwrap_err(), waits("download"));
    assert_eq!(device.flush().unwrap_err(), waits("flush"));
    assert_eq!(device.upload(&array).unwrap().download().unwrap(), array);
    let commands = encoder.finish();
    assert_eq!(z.download().unwrap_err(), waits("download"));
    queue.submit([commands]);
    assert_eq!(y.download().unwrap(), array.mapv(|value| value.max(0.0)));
    let cpu = Device::cpu().upload(&array.mapv(|value| value.max(0.0))).unwrap();
    let expected = MaxPool2d::new([2, 2]).forward(&cpu).unwrap().download().unwrap();
    assert_eq!(z.download().unwrap(), expected);
    assert_eq!(x.download().unwrap(), array);
}

#[test]
fn a_tensor_is_for_passes_of_the_encoder_that_its_work_is_in() {
    let device = callers_device();
    let (raw, _) = device.wgpu().unwrap();
    let x = device.upload(&ramp(SHAPE)).unwrap();
    let relu = || Activation::Relu.forward(&x).unwrap();
    let [mut one, mut other] = [(); 2].map(|()| raw.create_command_encoder(&Default::default()));
    let y = relu();
    assert!(y.wgpu_buffer_in(&mut one).is_ok() && y.wgpu_buffer_in(&mut one).is_ok());
    assert!(y.wgpu_buffer().is_ok());
    let error = y.wgpu_buffer_in(&mut other).unwrap_err();
    assert_eq!(error, Error::NotSubmitted { operation: "wgpu_buffer_in" });
    // What was uploaded lies in no encoder.
    assert!(x.wgpu_buffer_in(&mut other).is_ok());
}

#[test]
fn a_submit_that_wgpu_refuses_loses_what_was_in_it_and_no_more() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    raw.on_uncaptured_error(std::sync::Arc::new(|_| {}));
    // The weight is packed in the first encoder.
    let x = device.upload(&Array4::<f32>::ones([1, 16, 8, 8])).unwrap();
    let w = device.upload(&Array4::<f32>::ones([32, 16, 3, 3])).unwrap();
    let conv = Conv2d::new(16, 32, [3, 3]);
    let own = || {
        raw.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 16,
            usage: wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    };
    let mut allocations = 0;
    for frame in 0..12 {
        let y = conv.forward(&x, &w, None).unwrap();
        let mut encoder = raw.create_command_encoder(&Default::default());
        device.encode(&mut encoder).unwrap();
        let fails = frame % 3 == 0;
        let own = own();
        encoder.clear_buffer(&own, 0, None);
        if fails {
            own.destroy();
        }
        let commands = encoder.finish();
        // Of one call with others, or alone.
        match frame % 2 {
            0 => queue.submit([commands]),
            _ => queue.submit([raw.create_command_encoder(&Default::default()).finish(), commands]),
        };
        match y.to_vec() {
            Ok(sums) => assert!(!fails && sums.iter().all(|&sum| sum == 144.0), "{frame} {sums:?}"),
            Err(error) => {
                assert!(fails, "{frame} {error}");
                assert_eq!(error, Error::LostWork { operation: "download" });
            }
        }
        match frame {
            5 => allocations = device.memory_use().allocations,
            6.. => assert_eq!(device.memory_use().allocations, allocations, "{frame}"),
            _ => {}
        }
    }
}

#[test]
fn what_was_in_a_dropped_encoder_is_lost_and_only_that() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    let array = ramp(SHAPE);
    let (x, w) = (device.upload(&array).unwrap(), device.upload(&ramp([3, 2, 3, 3])).unwrap());
    let conv = Conv2d::new(2, 3, [3, 3]);
    let cpu = Device::cpu();
    let expected = conv
        .forward(&cpu.upload(&array).unwrap(), &cpu.upload(&ramp([3, 2, 3, 3])).unwrap(), None)
        .unwrap()
        .download()
        .unwrap();
    // What is made of the weight, once, is in it as well.
    let y = conv.forward(&x, &w, None).unwrap();
    let mut encoder = raw.create_command_encoder(&Default::default());
    device.encode(&mut encoder).unwrap();
    let z = Activation::Relu.forward(&y).unwrap();
    let v = Activation::Relu.forward(&x).unwrap();
    drop(encoder);
    let lost = |operation| Error::LostWork { operation };
    assert_eq!(y.download().unwrap_err(), lost("download"));
    assert_eq!(y.wgpu_buffer().unwrap_err(), lost("wgpu_buffer"));
    assert_eq!(Activation::Tanh.forward(&y).unwrap_err(), lost("activation"));
    // This was recorded on top of it, with the rest of its list.
    assert_eq!(device.flush().unwrap_err(), lost("flush"));
    assert_eq!(z.download().unwrap_err(), lost("download"));
    assert_eq!(v.download().unwrap_err(), lost("download"));
    assert_eq!(conv.forward(&x, &w, None).unwrap().download().unwrap(), expected);

    // A command buffer that is dropped is the same, and so is work put behind it in another.
    let w = device.upload(&ramp([3, 2, 3, 3])).unwrap();
    let y = conv.forward(&x, &w, None).unwrap();
    let [mut first, mut second] = [(); 2].map(|()| raw.create_command_encoder(&Default::default()));
    device.encode(&mut first).unwrap();
    let z = Activation::Relu.forward(&y).unwrap();
    drop(first.finish());
    assert_eq!(device.encode(&mut second).unwrap_err(), lost("encode"));
    assert_eq!(z.download().unwrap_err(), lost("download"));
    device.encode(&mut second).unwrap();
    queue.submit([second.finish()]);
    assert_eq!(conv.forward(&x, &w, None).unwrap().download().unwrap(), expected);
}

#[test]
fn what_is_submitted_before_what_it_needs_is_lost_and_only_that() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    let x = device.upload(&ramp(SHAPE)).unwrap();
    let relu = |x: &Tensor| Activation::Relu.forward(x).unwrap();
    let expected = ramp(SHAPE).mapv(|value| value.max(0.0));
    let encode = || {
        let mut encoder = raw.create_command_encoder(&Default::default());
        device.encode(&mut encoder).unwrap();
        encoder.finish()
    };
    let submit = |at_once, commands: Vec<_>| {
        let calls = if at_once {
            vec![commands]
        } else {
            commands.into_iter().map(|one| vec![one]).collect()
        };
        for commands in calls {
            queue.submit(commands);
        }
    };
    for at_once in [true, false] {
        let y = relu(&x);
        let first = encode();
        let z = relu(&y);
        let second = encode();
        let w = relu(&x);
        let third = encode();
        submit(at_once, vec![second, third, first]);
        assert_eq!(z.download().unwrap_err(), Error::LostWork { operation: "download" });
        assert_eq!(y.download().unwrap(), expected);
        assert_eq!(w.download().unwrap(), expected);
        // In order, of one submit or of several, nothing is.
        let y = relu(&x);
        let first = encode();
        let z = relu(&y);
        let second = encode();
        submit(at_once, vec![first, second]);
        assert_eq!(z.download().unwrap(), expected);
    }
    // What comes after an encoder that was dropped is lost although it was submitted.
    let y = relu(&x);
    let first = encode();
    let z = relu(&y);
    let second = encode();
    drop(first);
    queue.submit([second]);
    assert_eq!(z.download().unwrap_err(), Error::LostWork { operation: "download" });
}

#[test]
fn nothing_that_uses_the_callers_memory_is_submitted_unasked() {
    let app = App::new();
    let (raw, queue) = app.device.wgpu().unwrap();
    let mut encoder = raw.create_command_encoder(&Default::default());
    let (drawn, first) = lend(&app.device, image(3).as_slice().unwrap());
    encoder.copy_buffer_to_buffer(&drawn, first, &app.picture, app.offset, BYTES);
    // More than a list holds otherwise, in tensors of one size, which uploads of it then look for.
    let mut y = Activation::LeakyRelu { negative_slope: 1.0 }.forward(&app.x).unwrap();
    for round in 0..1100 {
        y = Activation::LeakyRelu { negative_slope: 1.0 }.forward(&y).unwrap();
        if round % 100 == 0 {
            drop(app.device.upload(&ramp(SHAPE)).unwrap());
        }
    }
    app.device.encode(&mut encoder).unwrap();
    queue.submit([encoder.finish()]);
    assert_eq!(y.download().unwrap(), image(3));
    // Its parameters take more than a list has otherwise, until somebody asks for it back.
    drop(y);
    let allocated = || {
        app.device.synchronize().unwrap();
        raw.generate_allocator_report().map(|report| {
            let parameters = report.allocations.iter().filter(|it| it.name.contains("parameters"));
            parameters.map(|it| it.size).sum::<u64>()
        })
    };
    let Some(before) = allocated() else { return tell("the backend reports no allocations") };
    app.device.trim();
    let after = allocated().unwrap();
    assert!(before >= 1100 * 256 && after == 0, "{before} {after}");
    // The weight.
    assert_eq!(app.device.memory_use().allocated, 256);
}

#[test]
fn an_encoder_that_cannot_be_written_to_is_an_error_and_what_was_recorded_is_lost() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    raw.on_uncaptured_error(std::sync::Arc::new(|_| {}));
    let x = device.upload(&image(2)).unwrap();
    let y = Activation::Relu.forward(&x).unwrap();
    let mut encoder = raw.create_command_encoder(&Default::default());
    let pass = encoder.begin_compute_pass(&Default::default()).forget_lifetime();
    let error = device.encode(&mut encoder).unwrap_err();
    assert!(matches!(error, Error::Gpu { operation: "encode", .. }), "{error:?}");
    drop((pass, encoder));
    assert_eq!(y.download().unwrap_err(), Error::LostWork { operation: "download" });
    let mut encoder = raw.create_command_encoder(&Default::default());
    let y = Activation::Relu.forward(&x).unwrap();
    device.encode(&mut encoder).unwrap();
    queue.submit([encoder.finish()]);
    assert_eq!(y.download().unwrap(), image(2).mapv(|value| value.max(0.0)));
}

#[test]
fn an_encoder_of_nothing_is_left_as_it_is_and_the_cpu_has_none() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    let mut encoder = raw.create_command_encoder(&Default::default());
    let allocations = device.memory_use().allocations;
    device.encode(&mut encoder).unwrap();
    Device::cpu().encode(&mut encoder).unwrap();
    assert_eq!(device.memory_use().allocations, allocations);
    queue.submit([encoder.finish()]);
}

#[test]
fn encoders_are_filled_and_submitted_by_many_threads() {
    let app = App::new();
    let mutex = std::sync::Mutex::new(());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (app, mutex) = (&app, &mutex);
            scope.spawn(move || {
                for round in 0..10 {
                    // The picture is one, so that frames take turns; others do not.
                    let seen = {
                        let _turn = mutex.lock().unwrap();
                        app.submit([app.frame(thread * 10 + round)])
                    };
                    app.check(seen);
                }
            });
        }
    });
}

#[test]
fn a_device_that_is_lost_between_recording_and_submit_says_so() {
    let app = App::new();
    let (raw, queue) = app.device.wgpu().unwrap();
    let y = network(&app.x, &app.w);
    let mut encoder = raw.create_command_encoder(&Default::default());
    app.device.encode(&mut encoder).unwrap();
    let z = Activation::Relu.forward(&y).unwrap();
    raw.destroy();
    let is_lost = |error: Error| assert!(matches!(error, Error::DeviceLost { .. }), "{error}");
    is_lost(z.wgpu_buffer().unwrap_err());
    is_lost(app.device.encode(&mut encoder).unwrap_err());
    is_lost(Tensor::from_wgpu_buffer(&app.device, &app.picture, 0, SHAPE, DType::F32).unwrap_err());
    queue.submit([encoder.finish()]);
    is_lost(app.device.synchronize().unwrap_err());
    drop((y, z));
    app.device.trim();
}
