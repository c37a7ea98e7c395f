//! The caller's buffers as tensors, and tensors as buffers for the caller. That every operation
//! takes such tensors is tested with the table of cases: see `recorder.rs`.

use std::time::Duration;

use filtro::interop::TensorBuffer;
use filtro::{Activation, Conv2d, DType, Device, Error, MaxPool2d, Tensor};
use ndarray::Array4;

use crate::devices::ramp;
use crate::recorder::lend;
use crate::tested::{adapter, has_f16, open_tested, tell, tested, wgpu_device};

/// A device of the caller.
pub fn callers_device() -> Device {
    let (raw, queue) = wgpu_device(&Default::default());
    Device::from_wgpu(raw, queue)
}

/// A buffer to read from, on the host.
pub fn readable(device: &Device, bytes: u64) -> wgpu::Buffer {
    let (raw, _) = device.wgpu().unwrap();
    raw.create_buffer(&wgpu::BufferDescriptor {
        label: Some("readable"),
        size: bytes,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// What a readable buffer holds, once the queue is empty.
pub fn read<T: bytemuck::Pod>(device: &Device, buffer: &wgpu::Buffer) -> Vec<T> {
    let (raw, _) = device.wgpu().unwrap();
    buffer.map_async(wgpu::MapMode::Read, .., |mapped| mapped.unwrap());
    raw.poll(wgpu::PollType::Wait {
        submission_index: None,
        timeout: Some(Duration::from_secs(99)),
    })
    .unwrap();
    let elements = bytemuck::pod_collect_to_vec(&buffer.get_mapped_range(..).unwrap());
    buffer.unmap();
    elements
}

/// What a tensor's buffer holds, read by the caller's own submit.
fn look_at<T: bytemuck::Pod>(device: &Device, of: &TensorBuffer) -> Vec<T> {
    let (raw, queue) = device.wgpu().unwrap();
    let copy = readable(device, of.size());
    let mut encoder = raw.create_command_encoder(&Default::default());
    encoder.copy_buffer_to_buffer(of.buffer(), of.offset(), &copy, 0, of.size());
    queue.submit([encoder.finish()]);
    read(device, &copy)
}

fn lent(device: &Device, array: &Array4<f32>) -> (Tensor, wgpu::Buffer, u64) {
    let (buffer, offset) = lend(device, &Vec::from_iter(array.iter().copied()));
    let (n, c, h, w) = array.dim();
    let tensor = Tensor::from_wgpu_buffer(device, &buffer, offset, [n, c, h, w], DType::F32);
    (tensor.unwrap(), buffer, offset)
}

#[test]
fn a_buffer_comes_back_as_it_was_and_stays_the_callers() {
    let device = callers_device();
    let array = ramp([1, 3, 5, 7]);
    let before = device.memory_use().allocated;
    let (tensor, buffer, offset) = lent(&device, &array);
    assert_eq!(tensor.download().unwrap(), array);
    assert_eq!(pollster::block_on(tensor.download_async()).unwrap(), array);
    assert_eq!(device.memory_use().allocated, before);
    let back = tensor.wgpu_buffer().unwrap();
    assert_eq!((back.buffer(), back.offset(), back.size()), (&buffer, offset, 3 * 5 * 7 * 4));
    drop((tensor, back));
    // Had it gone into the pool, one of these would lie in it.
    let others: Vec<_> =
        (0..20).map(|_| device.upload(&Array4::<f32>::ones([1, 3, 5, 7])).unwrap()).collect();
    let relu: Vec<_> = others.iter().map(|it| Activation::Relu.forward(it).unwrap()).collect();
    device.flush().unwrap();
    drop((others, relu));
    let tensor = Tensor::from_wgpu_buffer(&device, &buffer, offset, [1, 3, 5, 7], DType::F32);
    assert_eq!(tensor.unwrap().download().unwrap(), array);
    device.trim();
    assert_eq!(device.memory_use().allocated, 0);
}

#[test]
fn f16_and_indices_go_in_and_out_like_f32() {
    let device = tested();
    let array = ramp([1, 2, 5, 3]);
    let pool = MaxPool2d::new([2, 2]);
    let (_, indices) = pool.forward_with_indices(&device.upload(&array).unwrap()).unwrap();
    let seen: Vec<u32> = look_at(device, &indices.wgpu_buffer().unwrap());
    assert_eq!(seen, indices.to_vec().unwrap());
    let (buffer, offset) = lend(device, &seen);
    let back = pool.indices_from_wgpu_buffer(device, &buffer, offset, [1, 2, 5, 3]).unwrap();
    assert_eq!(back.download().unwrap(), indices.download().unwrap());
    let numbers = device.upload_numbers(&[7, 9], [2, 1, 1, 1]).unwrap();
    assert_eq!(look_at::<u32>(device, &numbers.wgpu_buffer().unwrap()), [7, 9]);
    if !has_f16() {
        return;
    }
    // An odd number of elements: the last word is half a tensor's.
    let array = ramp([1, 1, 3, 5]);
    let half: Vec<u16> = array.iter().map(|&it| half::f16::from_f32(it).to_bits()).collect();
    let (buffer, offset) = lend(device, &half);
    let x = Tensor::from_wgpu_buffer(device, &buffer, offset, [1, 1, 3, 5], DType::F16).unwrap();
    assert_eq!((x.dtype(), x.download().unwrap()), (DType::F16, array.clone()));
    let y = Activation::LeakyRelu { negative_slope: 1.0 }.forward(&x).unwrap();
    let seen = y.wgpu_buffer().unwrap();
    assert_eq!((seen.size(), &look_at::<u16>(device, &seen)[..15]), (32, &half[..]));
}

#[test]
fn what_is_no_tensors_buffer_is_refused() {
    let device = callers_device();
    let (raw, _) = device.wgpu().unwrap();
    let buffer = |device: &wgpu::Device, usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 1024,
            usage,
            mapped_at_creation: false,
        })
    };
    let (storage, source) = (wgpu::BufferUsages::STORAGE, wgpu::BufferUsages::COPY_SRC);
    let good = buffer(raw, storage | source);
    let alignment = u64::from(raw.limits().min_storage_buffer_offset_alignment).max(16);
    let of = |buffer: &wgpu::Buffer, offset, shape: [usize; 4], dtype| {
        Tensor::from_wgpu_buffer(&device, buffer, offset, shape, dtype)
    };
    let refused = |tensor: filtro::Result<Tensor>, text: &str| {
        let error = tensor.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
        assert!(
            error.to_string().starts_with("from_wgpu_buffer: ") && error.to_string().contains(text),
            "{error}"
        );
    };
    assert!(of(&good, 0, [1, 1, 16, 16], DType::F32).is_ok());
    refused(of(&good, 0, [1, 1, 16, 17], DType::F32), "up to byte 1088");
    refused(of(&good, alignment, [1, 1, 16, 16], DType::F32), "the size of the buffer is 1024");
    refused(of(&good, 4, [1, 1, 1, 1], DType::F32), "offset is 4, but bindings of this device");
    refused(of(&buffer(raw, source), 0, [1, 1, 1, 1], DType::F32), "lacks BufferUsages(STORAGE)");
    refused(of(&buffer(raw, storage), 0, [1, 1, 1, 1], DType::F32), "lacks BufferUsages(COPY_SRC)");
    let huge = [1 << 30, 1 << 30, 1 << 30, 1];
    assert!(matches!(of(&good, 0, huge, DType::F32), Err(Error::Overflow { .. })));
    let most = u64::MAX / alignment * alignment;
    let beyond = of(&good, most, [1, 1, 1, 64], DType::F32);
    let text = format!("from_wgpu_buffer: byte {most} + 64 elements of f32 exceeds {}", usize::MAX);
    assert_eq!(beyond.unwrap_err().to_string(), text);
    let empty = raw.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 0,
        usage: storage | source,
        mapped_at_creation: false,
    });
    assert!(of(&empty, 0, [0, 1, 1, 1], DType::F32).unwrap().to_vec().unwrap().is_empty());
    refused(of(&empty, 0, [1, 1, 1, 1], DType::F32), "the size of the buffer is 0 bytes");
    // No f16: the device was opened without.
    let half = of(&good, 0, [1, 1, 1, 1], DType::F16);
    assert!(matches!(half, Err(Error::UnsupportedDType { .. })), "{half:?}");

    let destroyed = buffer(raw, storage | source);
    destroyed.destroy();
    refused(of(&destroyed, 0, [1, 1, 1, 1], DType::F32), "destroyed");
    let cpu = Tensor::from_wgpu_buffer(&Device::cpu(), &good, 0, [1, 1, 1, 1], DType::F32);
    refused(cpu, "the device is");
    let tensor = Device::cpu().upload(&ramp([1, 1, 2, 2])).unwrap();
    let error = tensor.wgpu_buffer().unwrap_err().to_string();
    assert!(error.starts_with("wgpu_buffer: the device is"), "{error}");
    // An index takes as much room as an f32.
    let pool = MaxPool2d::new([2, 2]);
    let error = pool.indices_from_wgpu_buffer(&device, &good, 0, [1, 1, 34, 34]).unwrap_err();
    assert!(error.to_string().contains("up to byte 1156"), "{error}");
}

#[test]
fn a_buffer_of_another_device_is_refused() {
    // Of one instance; of two wgpu itself cannot tell.
    let adapter = adapter();
    let [one, other] = [(); 2].map(|()| {
        let (raw, queue) = pollster::block_on(adapter.request_device(&Default::default())).unwrap();
        Device::from_wgpu(raw, queue)
    });
    let (buffer, offset) = lend(&one, &[1.0_f32; 16]);
    assert!(Tensor::from_wgpu_buffer(&one, &buffer, offset, [1, 1, 4, 4], DType::F32).is_ok());
    let error = Tensor::from_wgpu_buffer(&other, &buffer, offset, [1, 1, 4, 4], DType::F32);
    let error = error.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { argument: "the buffer", .. }), "{error}");
    assert!(other.upload(&ramp([1, 1, 2, 2])).unwrap().download().is_ok());
}

#[test]
fn a_small_upload_is_no_submit_and_many_are() {
    let device = callers_device();
    let tensors: Vec<_> = (0..5).map(|_| device.upload(&ramp([1, 1, 8, 8])).unwrap()).collect();
    assert_eq!(device.submits(), 0);
    assert_eq!(tensors[3].download().unwrap(), ramp([1, 1, 8, 8]));
    let submits = device.submits();
    let quarters: Vec<_> =
        (0..5).map(|_| device.upload(&ramp([1, 1, 1024, 1024])).unwrap()).collect();
    assert_eq!(device.submits(), submits + 1);
    assert_eq!(quarters[0].download().unwrap(), ramp([1, 1, 1024, 1024]));
}

#[test]
fn a_buffer_that_is_destroyed_later_is_an_error_and_no_panic() {
    let device = callers_device();
    let (x, buffer, _) = lent(&device, &ramp([1, 1, 4, 4]));
    let y = Activation::Relu.forward(&x).unwrap();
    buffer.destroy();
    let error = y.download().unwrap_err();
    assert!(matches!(error, Error::Gpu { .. }), "{error}");
    // What it should have given is lost, and says so; the device goes on.
    assert_eq!(y.download(), Err(Error::LostWork { operation: "download" }));
    let error = MaxPool2d::new([2, 2]).forward(&y).unwrap_err();
    assert_eq!(error, Error::LostWork { operation: "max_pool2d" });
    assert!(error.to_string().ends_with("its submit failed; record it again"), "{error}");
    let x = device.upload(&ramp([1, 1, 4, 4])).unwrap();
    assert!(Activation::Relu.forward(&x).unwrap().download().is_ok());
}

#[test]
fn elements_that_the_callers_work_changes_are_read_anew() {
    let device = callers_device();
    let (_, queue) = device.wgpu().unwrap();
    let (x, buffer, offset) = lent(&device, &ramp([1, 4, 9, 9]));
    let depthwise = Conv2d::new(4, 4, [3, 3]).groups(4);
    let w = device.upload(&ramp([4, 1, 3, 3])).unwrap();
    for round in 0..3_u16 {
        let array = ramp([1, 4, 9, 9]) + f32::from(round);
        queue.write_buffer(&buffer, offset, bytemuck::cast_slice(array.as_slice().unwrap()));
        let expected = depthwise.forward(&device.upload(&array).unwrap(), &w, None).unwrap();
        let actual = depthwise.forward(&x, &w, None).unwrap();
        assert_eq!(actual.download().unwrap(), expected.download().unwrap(), "{round}");
    }
}

#[test]
fn memory_that_the_caller_holds_is_not_handed_out_again() {
    let device = callers_device();
    let array = ramp([1, 2, 8, 8]);
    let make = || Activation::Relu.forward(&device.upload(&array).unwrap()).unwrap();
    let expected = make().to_vec().unwrap();
    let churn = || {
        for _ in 0..20 {
            let x = device.upload(&Array4::from_elem([1, 2, 8, 8], -3.0)).unwrap();
            Activation::Sigmoid.forward(&x).unwrap().download().unwrap();
        }
    };
    let held = make().wgpu_buffer().unwrap();
    churn();
    assert_eq!(look_at::<f32>(&device, &held), expected);

    // Once it is let go of it is.
    let (raw, allocations) = (held.buffer().clone(), device.memory_use().allocations);
    drop(held);
    churn();
    assert_eq!(device.memory_use().allocations, allocations);
    let later: Vec<_> =
        (0..9).map(|_| device.upload(&array).unwrap().wgpu_buffer().unwrap()).collect();
    assert!(later.iter().any(|later| *later.buffer() == raw));
    drop(later);

    // Taken out, it never is.
    let tensor = make();
    let taken = tensor.wgpu_buffer().unwrap();
    let (allocated, size) = (device.memory_use().allocated, taken.buffer().size());
    let taken = taken.into_buffer();
    assert_eq!(device.memory_use().allocated, allocated - size);
    assert_eq!(tensor.to_vec().unwrap(), expected);
    drop(tensor);
    churn();
    let others: Vec<_> = (0..40).map(|_| make().wgpu_buffer().unwrap()).collect();
    assert!(others.iter().all(|other| *other.buffer() != taken));
    let array = Tensor::from_wgpu_buffer(&device, &taken, 0, [1, 2, 8, 8], DType::F32).unwrap();
    assert_eq!(array.to_vec().unwrap(), expected);
    drop((others, array));
    device.trim();
    assert_eq!(device.memory_use().allocated, 0);
}

#[test]
fn a_device_of_ours_can_lend_a_tensor_while_others_download_it() {
    // A software adapter maps tensors for a download, as long as nobody else uses them.
    let device = open_tested();
    let array = ramp([1, 1, 4, 4]);
    let x = device.upload(&array).unwrap();
    assert_eq!(x.download().unwrap(), array);
    let seen = x.wgpu_buffer().unwrap();
    let (raw, queue) = device.wgpu().unwrap();
    let copy = readable(&device, seen.size());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..500 {
                assert_eq!(x.download().unwrap(), array);
            }
        });
        for _ in 0..500 {
            let mut encoder = raw.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(seen.buffer(), 0, &copy, 0, seen.size());
            queue.submit([encoder.finish()]);
        }
    });
    assert_eq!(read::<f32>(&device, &copy), x.to_vec().unwrap());
}

#[test]
fn a_buffer_is_let_go_of_with_the_tensor_that_was_made_of_it() {
    let device = callers_device();
    let (raw, _) = device.wgpu().unwrap();
    let allocated = || {
        device.synchronize().unwrap();
        raw.generate_allocator_report().map(|report| report.total_allocated_bytes)
    };
    let half = Activation::LeakyRelu { negative_slope: 0.5 };
    half.forward(&device.upload(&ramp([1, 1, 1024, 1024])).unwrap()).unwrap();
    let Some(before) = allocated() else { return tell("the backend reports no allocations") };
    let (x, buffer, _) = lent(&device, &ramp([1, 1, 1024, 1024]));
    half.forward(&x).unwrap();
    assert!(allocated().unwrap() >= before + (4 << 20));
    drop((x, buffer));
    assert_eq!(allocated(), Some(before));
}
