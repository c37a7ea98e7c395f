//! An application with several threads: some poll its device, and report late; some encode what
//! others have recorded; some download meanwhile.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use filtro::{Activation, Device, Error, MaxPool2d, Tensor};

use crate::asynchronous::{constant, run};
use crate::interop::{callers_device, readable};
use crate::tested::{is_software, open_tested};

const LOST: Error = Error::LostWork { operation: "download" };
const NOT_SUBMITTED: Error = Error::NotSubmitted { operation: "download" };

/// Submits commands, and polls until they are done, on another thread, which hangs in a callback of
/// the application's for as long as `meanwhile` takes: what wgpu reports after it is held up.
fn while_reports_are_held_up(
    device: &Device,
    commands: wgpu::CommandBuffer,
    meanwhile: impl FnOnce(),
) {
    let (raw, queue) = device.wgpu().unwrap();
    let (hang, hangs) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let first = raw.create_command_encoder(&Default::default());
    let buffer = readable(device, 8);
    first.map_buffer_on_submit(&buffer, wgpu::MapMode::Read, .., move |_| {
        hang.send(()).unwrap();
        // Also if the test has failed.
        let _released = released.recv();
    });
    queue.submit([first.finish(), commands]);
    thread::scope(|scope| {
        scope.spawn(|| raw.poll(wgpu::PollType::wait_indefinitely()).unwrap());
        hangs.recv().unwrap();
        let release = release;
        meanwhile();
        drop(release);
    });
}

fn next(x: &Tensor) -> Tensor {
    let negated = Activation::LeakyRelu { negative_slope: 1.0 };
    negated.forward(x).unwrap()
}

/// What was recorded, for a submit.
fn encode(device: &Device) -> wgpu::CommandBuffer {
    let (raw, _) = device.wgpu().unwrap();
    let mut encoder = raw.create_command_encoder(&Default::default());
    device.encode(&mut encoder).unwrap();
    encoder.finish()
}

#[test]
fn a_submit_is_seen_although_its_report_is_held_up() {
    let device = callers_device();
    let (_, queue) = device.wgpu().unwrap();
    let x = device.upload(&constant(7.0)).unwrap();
    for asynchronous in [false, true] {
        let download = |y: &Tensor| match asynchronous {
            false => y.download(),
            true => run(y.download_async()),
        };
        let first = next(&x);
        let commands = encode(&device);
        while_reports_are_held_up(&device, commands, || {
            // It comes after what is not reported yet, and is reported before.
            let second = next(&first);
            queue.submit([encode(&device)]);
            assert_eq!(download(&second).unwrap(), constant(7.0));
            assert_eq!(download(&first).unwrap(), constant(7.0));
            let third = next(&second);
            assert_eq!(download(&third).unwrap(), constant(7.0));
        });
        assert_eq!(download(&first).unwrap(), constant(7.0));
    }
    // What is submitted too early is lost, now as before.
    let first = next(&x);
    let early = encode(&device);
    let second = next(&first);
    queue.submit([encode(&device), early]);
    assert_eq!((first.download().unwrap(), second.download().unwrap_err()), (constant(7.0), LOST));
}

#[test]
fn a_submit_that_is_refused_is_seen_although_its_report_is_held_up() {
    let device = callers_device();
    let (raw, _) = device.wgpu().unwrap();
    raw.on_uncaptured_error(Arc::new(|_| {}));
    let x = device.upload(&constant(7.0)).unwrap();
    let y = next(&x);
    let mut encoder = raw.create_command_encoder(&Default::default());
    device.encode(&mut encoder).unwrap();
    let destroyed = readable(&device, 8);
    encoder.clear_buffer(&destroyed, 0, None);
    destroyed.destroy();
    while_reports_are_held_up(&device, encoder.finish(), || {
        assert_eq!(y.download().unwrap_err(), LOST);
    });
    assert_eq!(y.download().unwrap_err(), LOST);
    assert_eq!(next(&x).download().unwrap(), constant(7.0));
}

#[test]
fn memory_that_a_list_uses_is_written_after_it_though_it_is_encoded_meanwhile() {
    let device = callers_device();
    let (raw, queue) = device.wgpu().unwrap();
    let small = device.upload_slice(&[1.0; 256], [1, 1, 16, 16]).unwrap();
    let large = device.upload_slice(&[5.0; 4096], [1, 1, 64, 64]).unwrap();
    for index in 0..100 {
        // Its memory is free again as soon as it is recorded.
        drop(MaxPool2d::new([2, 2]).forward(&small).unwrap());
        // A shader of its own, which takes some time between memory and recording.
        let pool = MaxPool2d::new([2 + index % 10, 2 + index / 10]).stride([8, 8]);
        let (y, commands) = thread::scope(|scope| {
            let y = scope.spawn(|| pool.forward(&large).unwrap());
            thread::sleep(Duration::from_micros(100 + 37 * (index as u64 % 10)));
            let mut encoder = raw.create_command_encoder(&Default::default());
            device.encode(&mut encoder).unwrap();
            (y.join().unwrap(), encoder.finish())
        });
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
