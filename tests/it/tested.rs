//! The device that the tests run on.

use std::cell::Cell;
use std::io::Write;
use std::sync::Mutex;

use filtro::{Device, DeviceChoice, DeviceKind, DeviceOptions};
use ndarray::{Array, Dimension};

/// What `FILTRO_TEST_DEVICE` asks for: `software`, which is the default, so that tests mean the
/// same on every machine, `gpu`, or a part of an adapter's name.
fn choice() -> DeviceChoice {
    let asked = std::env::var("FILTRO_TEST_DEVICE").unwrap_or_else(|_| "software".into());
    asked.parse().unwrap()
}

/// The device, newly opened, with all that it has, but for cooperative matrices where
/// `FILTRO_TEST_MATRICES` is 0. Tests fail where it is not there.
pub fn open_tested() -> Device {
    let choice = choice();
    let with_matrices = std::env::var("FILTRO_TEST_MATRICES").as_deref() != Ok("0");
    let options = DeviceOptions::new().cooperative_matrices(with_matrices);
    let device = Device::open_with(&choice, options).unwrap_or_else(|error| {
        panic!("tests need a device, by default a software adapter such as lavapipe: {error}")
    });
    let kind = device.info().kind;
    assert_ne!(kind, DeviceKind::Cpu, "FILTRO_TEST_DEVICE={choice} has to be an adapter");
    println!("tests run on {device}");
    device
}

/// The device of this test.
///
/// Each test has one for itself: lavapipe compiles the shaders of a device one after the other. A
/// later test takes it over, with what was compiled and without the memory of tensors.
pub fn tested() -> &'static Device {
    thread_local!(static TAKEN: Taken = Taken::new());
    TAKEN.with(|taken| taken.0)
}

/// The CPU, and the device of this test.
pub fn devices() -> [Device; 2] {
    [Device::cpu(), tested().clone()]
}

/// The devices that no test has.
static FREE: Mutex<Vec<&'static Device>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Taken(&'static Device);

impl Taken {
    fn new() -> Self {
        match FREE.lock().unwrap().pop() {
            Some(device) => {
                device.trim();
                Self(device)
            }
            None => Self(Box::leak(Box::new(open_tested()))),
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        FREE.lock().unwrap().push(self.0);
    }
}

/// Whether the device is a software adapter.
pub fn is_software() -> bool {
    tested().info().kind == DeviceKind::Software
}

/// Whether the device has f16. Without it a test tells once that it goes without the device.
pub fn has_f16() -> bool {
    thread_local!(static TOLD: Cell<bool> = const { Cell::new(false) });
    let has = tested().limits().expect("an adapter").shader_f16;
    if !has && !TOLD.replace(true) {
        tell("the device has no f16 and is left out");
    }
    has
}

/// Whether the device has cooperative matrices.
pub fn has_matrices() -> bool {
    tested().limits().expect("an adapter").cooperative_matrices
}

/// Tells on stderr, which the test harness does not hold back, what a test has not run.
pub fn tell(what: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let line = format!("{test}: {what}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// What an adapter holds of an array: a hardware GPU may take subnormal numbers for zeros.
pub fn held<D: Dimension>(array: Array<f32, D>) -> Array<f32, D> {
    if is_software() {
        return array;
    }
    array.mapv(|value| if value.is_subnormal() { 0.0_f32.copysign(value) } else { value })
}

/// wgpu's own handle of the same adapter, of a new instance.
pub fn adapter() -> wgpu::Adapter {
    let wanted = tested().info();
    let instance = wgpu::Instance::default();
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let adapter = adapters.into_iter().find(|adapter| {
        let info = adapter.get_info();
        info.name == wanted.name && info.backend.to_str() == wanted.backend
    });
    adapter.unwrap_or_else(|| panic!("the adapter of {}", tested()))
}

/// wgpu's own device of the same adapter, as a caller would open it, with those of the features
/// that the adapter has.
pub fn wgpu_device(descriptor: &wgpu::DeviceDescriptor<'_>) -> (wgpu::Device, wgpu::Queue) {
    let adapter = adapter();
    let required_features = descriptor.required_features & adapter.features();
    let descriptor = wgpu::DeviceDescriptor { required_features, ..descriptor.clone() };
    pollster::block_on(adapter.request_device(&descriptor)).unwrap()
}

/// The device with bindings so small that tensors are split; plans are the same on any adapter.
pub fn with_bindings_of(bytes: u64) -> Device {
    with_limits(wgpu::Limits { max_storage_buffer_binding_size: bytes, ..Default::default() })
}

/// The device with other limits, and f16.
pub fn with_limits(required_limits: wgpu::Limits) -> Device {
    let (device, queue) = wgpu_device(&wgpu::DeviceDescriptor {
        required_limits,
        required_features: wgpu::Features::SHADER_F16,
        ..Default::default()
    });
    Device::from_wgpu(device, queue)
}
