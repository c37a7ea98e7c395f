//! An application with several threads: some poll its device, and report late; some encode what
//! others have recorded; some download meanwhile.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use filtro::{Activation, DType, Device, Error, MaxPool2d, Tensor};

use crate::asynchronous::{busy, constant, run};
use crate::interop::{callers_device, readable};
use crate::tested::{is_software, open_tested};

const LOST: Error = Error::LostWork { operation: "download" };
const NOT_SUBMITTED: Error = Error::NotSubmitted { operation: "download" };

/// Other threads of the application poll meanwhile, and get reports of what it submits.
fn while_others_poll(device: &Device, run: impl FnOnce()) {
    let (raw, _) = device.wgpu().unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    raw.poll(wgpu::PollType::Poll).unwrap();
                }
            });
        }
        let _done = Done(&is_done);
        run();
    });
}

/// Ends the other threads, also if the test has failed.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn next(x: &Tensor) -> Tensor {
    let same = Activation::LeakyRelu { negative_slope: 1.0 };
    same.forward(x).unwrap()
}

/// What was recorded, for a submit.
fn encode(device: &Device) -> wgpu::CommandBuffer {
    let (raw, _) = device.wgpu().unwrap();
    let mut encoder = raw.create_command_encoder(&Default::default());
    device.encode(&mut encoder).unwrap();
    encoder.finish()
}

/// Puts what was recorded into an encoder while another thread pools, by a shader for each index,
/// which takes some time between memory and recording.
fn encode_while_another_pools(
    device: &Device,
    x: &Tensor,
    index: usize,
) -> (Tensor, wgpu::CommandBuffer) {
    let pool = MaxPool2d::new([2 + index % 10, 2 + index / 10]).stride([8, 8]);
    thread::scope(|scope| {
        let y = scope.spawn(|| pool.forward(x).unwrap());
        thread::sleep(Duration::from_micros(100 + 37 * (index as u64 % 10)));
        let commands = encode(device);
        (y.join().unwrap(), commands)
    })
}

/// A buffer of the caller's that is destroyed, so that wgpu refuses a submit of what uses it.
fn destroyed(device: &Device) -> wgpu::Buffer {
    let buffer = readable(device, 8);
    buffer.destroy();
    buffer
}

#[test]
fn what_becomes_of_a_submit_is_known_although_others_get_its_reports() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    raw.on_uncaptured_error(Arc::new(|_| {}));
    while_others_poll(&device, || {
        let mut state = device.upload(&constant(0.0)).unwrap();
        for round in 0_u16..600 {
            let value = constant(f32::from(round));
            let x = device.upload(&value).unwrap();
            let first = next(&x);
            let early = encode(&device);
            let second = next(&first);
            match round % 4 {
                0 => queue.submit([early, encode(&device)]),
                1 => queue.submit([encode(&device), early]),
                2 => {
                    queue.submit([encode(&device)]);
                    queue.submit([early])
                }
                _ => {
                    let mut encoder = raw.create_command_encoder(&Default::default());
                    encoder.clear_buffer(&destroyed(&device), 0, None);
                    let submitted = queue.submit([early, encoder.finish()]);
                    let mut encoder = raw.create_command_encoder(&Default::default());
                    let error = device.encode(&mut encoder).unwrap_err();
                    assert_eq!(error, Error::LostWork { operation: "encode" });
                    submitted
                }
            };
            let is_lost = [[false, false], [false, true], [false, true], [true, true]];
            for (y, is_lost) in [first, second].iter().zip(is_lost[usize::from(round % 4)]) {
                let downloaded = y.download();
                match is_lost {
                    true => assert_eq!(downloaded.unwrap_err(), LOST, "{round}"),
                    false => assert_eq!(downloaded.unwrap(), value, "{round}"),
                }
            }
            // From frame to frame.
            state = next(&state);
            queue.submit([encode(&device)]);
        }
        assert_eq!(state.download().unwrap(), constant(0.0));
    });
}

#[test]
fn a_callback_may_submit_what_comes_next() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    let x = device.upload(&constant(3.0)).unwrap();
    let first = next(&x);
    let mut encoder = raw.create_command_encoder(&Default::default());
    let (idle, later) = (readable(&device, 8), Arc::new(Mutex::new(None)));
    let (device_of_callback, queue_of_callback) = (raw.clone(), queue.clone());
    let commands = later.clone();
    encoder.map_buffer_on_submit(&idle, wgpu::MapMode::Read, .., move |_| {
        queue_of_callback.submit(commands.lock().unwrap().take());
        device_of_callback.poll(wgpu::PollType::Poll).unwrap();
    });
    device.encode(&mut encoder).unwrap();
    let second = next(&first);
    *later.lock().unwrap() = Some(encode(&device));
    queue.submit([encoder.finish()]);
    raw.poll(wgpu::PollType::Poll).unwrap();
    assert!(later.lock().unwrap().is_none());
    for y in [first, second] {
        assert_eq!(y.download().unwrap(), constant(3.0));
    }
}

#[test]
fn a_submit_that_is_about_to_be_refused_gives_no_numbers_meanwhile() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    raw.on_uncaptured_error(Arc::new(|_| {}));
    let x = device.upload(&constant(3.0)).unwrap();
    let y = next(&x);
    let mut encoder = raw.create_command_encoder(&Default::default());
    encoder.clear_buffer(&destroyed(&device), 0, None);
    // wgpu runs this before the submit returns, or when somebody polls.
    let (hang, hangs) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let idle = readable(&device, 8);
    encoder.map_buffer_on_submit(&idle, wgpu::MapMode::Read, .., move |_| {
        hang.send(()).unwrap();
        let _released = released.recv();
    });
    device.encode(&mut encoder).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            queue.submit([encoder.finish()]);
            raw.poll(wgpu::PollType::Poll).unwrap();
        });
        hangs.recv().unwrap();
        let release = release;
        for _ in 0..3 {
            assert_eq!(y.download().unwrap_err(), NOT_SUBMITTED);
            assert_eq!(next(&y).download().unwrap_err(), NOT_SUBMITTED);
        }
        drop(release);
    });
    assert_eq!(y.download().unwrap_err(), LOST);
}

#[test]
fn what_is_lost_with_another_threads_submit_is_lost_for_whoever_asks() {
    // A software adapter of ours maps tensors for a download; the caller's is copied from.
    for device in [open_tested(), callers_device()] {
        let (raw, _) = device.wgpu().unwrap();
        for round in 0_u16..150 {
            let value = f32::from(round) + 1.0;
            let x = device.upload_slice(&[value; 4096], [1, 1, 64, 64]).unwrap();
            let lent = raw.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: 4 * 4096,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            });
            let of_lent =
                Tensor::from_wgpu_buffer(&device, &lent, 0, [1, 1, 64, 64], DType::F32).unwrap();
            let z = next(&of_lent);
            let y = MaxPool2d::new([2, 2]).forward(&x).unwrap();
            lent.destroy();
            let start = Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| {
                    start.wait();
                    z.to_vec().unwrap_err();
                });
                start.wait();
                for _ in 0..(round % 40) * 20 {
                    std::hint::spin_loop();
                }
                // What is lost, or comes after that, gives no number.
                match round % 2 {
                    0 => drop(y.to_vec().unwrap_err()),
                    _ => drop(Activation::Relu.forward(&y).and_then(|y| y.to_vec()).unwrap_err()),
                }
            });
        }
    }
}

#[test]
fn the_end_of_all_work_is_that_of_what_another_thread_is_about_to_submit() {
    let device = open_tested();
    let time = || {
        let y = busy(&device);
        let start = Instant::now();
        device.synchronize().unwrap();
        drop(y);
        start.elapsed()
    };
    let least = (0..4).map(|_| time()).min().unwrap();
    for round in 0..30 {
        let y = busy(&device);
        let start = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                device.flush().unwrap();
            });
            let begin = Instant::now();
            start.wait();
            for _ in 0..round * 20 {
                std::hint::spin_loop();
            }
            run(device.synchronize_async()).unwrap();
            assert!(begin.elapsed() > least / 4, "{round}: {:?} of {least:?}", begin.elapsed());
        });
        drop(y);
    }
}

#[test]
fn whose_memory_is_overwritten_too_early_is_lost() {
    let device = callers_device();
    let (_, queue) = device.wgpu().unwrap();
    let large = device.upload_slice(&[5.0; 4096], [1, 1, 64, 64]).unwrap();
    for index in 0..100 {
        // The memory of x is free again, and this work still reads it.
        let x = device.upload_slice(&[1.0; 64], [1, 1, 8, 8]).unwrap();
        let y = MaxPool2d::new([2, 2]).forward(&x).unwrap();
        drop(x);
        let (z, late) = encode_while_another_pools(&device, &large, index);
        queue.submit([encode(&device)]);
        queue.submit([late]);
        for (tensor, value) in [(y, 1.0), (z, 5.0)] {
            match tensor.to_vec() {
                Ok(elements) => assert!(elements.iter().all(|&it| it == value), "{index} {value}"),
                Err(error) => assert_eq!(error, LOST),
            }
        }
    }
}

#[test]
fn memory_that_a_list_uses_is_written_after_it_though_it_is_encoded_meanwhile() {
    let device = callers_device();
    let (_, queue) = device.wgpu().unwrap();
    let small = device.upload_slice(&[1.0; 256], [1, 1, 16, 16]).unwrap();
    let large = device.upload_slice(&[5.0; 4096], [1, 1, 64, 64]).unwrap();
    for index in 0..100 {
        // Its memory is free again as soon as it is recorded.
        drop(MaxPool2d::new([2, 2]).forward(&small).unwrap());
        let (y, commands) = encode_while_another_pools(&device, &large, index);
        let before = y.to_vec();
        let is_right = |values: &[f32]| values.iter().all(|&value| value == 5.0);
        assert!(before.as_ref().map_or_else(|error| *error == NOT_SUBMITTED, |it| is_right(it)));
        if index % 2 == 0 {
            queue.submit([commands]);
            assert!(is_right(&y.to_vec().unwrap()), "{index}: {before:?}");
        } else {
            // What was recorded in time to be dropped is lost, and nothing else.
            drop(commands);
            assert!(y.to_vec().map_or_else(|error| error == LOST, |it| is_right(&it)), "{index}");
        }
    }
}

#[test]
fn a_download_is_right_or_has_to_wait_while_another_thread_encodes() {
    let device = callers_device();
    let (_, queue) = device.wgpu().unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..1500 {
                let commands = encode(&device);
                thread::sleep(Duration::from_micros(300));
                queue.submit([commands]);
            }
            is_done.store(true, Ordering::Relaxed);
        });
        let mut number = 0_u16;
        while !is_done.load(Ordering::Relaxed) {
            number = number.wrapping_add(1);
            let value = f32::from(number);
            let y = next(&device.upload(&constant(value)).unwrap());
            let downloaded = match number % 2 {
                0 => y.download(),
                _ => run(y.download_async()),
            };
            match downloaded {
                Ok(array) => assert_eq!(array, constant(value)),
                Err(error) => assert_eq!(error, NOT_SUBMITTED),
            }
        }
    });
}

#[test]
fn no_submit_of_the_callers_meets_a_tensor_that_is_being_downloaded() {
    if !is_software() {
        return;
    }
    let own = open_tested();
    let (raw, queue) = own.wgpu().unwrap();
    let refused = Arc::new(AtomicUsize::new(0));
    let count = refused.clone();
    raw.on_uncaptured_error(Arc::new(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    let out = readable(&own, 1 << 14);
    let start = Instant::now();
    for round in 0_usize.. {
        if start.elapsed() > Duration::from_secs(3) {
            break;
        }
        // Up to its first buffer for the caller a device may map its tensors.
        let device = Device::from_wgpu(raw.clone(), queue.clone());
        let y = device.upload_slice(&[1.0; 4096], [1, 1, 64, 64]).unwrap();
        device.flush().unwrap();
        let (go, is_ready) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                is_ready.store(true, Ordering::Release);
                while !go.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                }
                y.to_vec().unwrap();
            });
            while !is_ready.load(Ordering::Acquire) {
                thread::yield_now();
            }
            let mut encoder = raw.create_command_encoder(&Default::default());
            go.store(true, Ordering::Release);
            for _ in 0..round % 200 {
                std::hint::spin_loop();
            }
            let lent = y.wgpu_buffer_in(&mut encoder).unwrap();
            encoder.copy_buffer_to_buffer(lent.buffer(), lent.offset(), &out, 0, 1 << 14);
            queue.submit([encoder.finish()]);
        });
    }
    assert_eq!(refused.load(Ordering::Relaxed), 0);
}
