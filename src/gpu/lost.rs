//! Whether a device is lost.
//!
//! wgpu tells so to the callback of the device alone, which is its owner's, and to none of the
//! calls that fail for it. What a caller's device tells is whether it maps a buffer that no work
//! uses: it refuses at once if it is lost, and puts it off to the next poll if it is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::{Error, Result};

/// What is known of a device's loss.
#[derive(Debug)]
pub(super) struct Lost {
    reason: Arc<OnceLock<String>>,
    /// The buffer whose mapping is asked for. None where the callback tells; if there was no memory
    /// for it; and in a browser, where no mapping is refused before the call returns.
    pulse: Option<Mutex<wgpu::Buffer>>,
}

impl Lost {
    /// For an open device. `own` is whether this crate opened it and may set its callbacks.
    pub(super) fn new(device: &wgpu::Device, own: bool) -> Self {
        let reason = Arc::new(OnceLock::new());
        if !own {
            return Self { reason, pulse: pulse(device) };
        }
        let (report, name) = (reason.clone(), device.adapter_info().name);
        device.set_device_lost_callback(move |kind, message| {
            log::warn!("the device {name} was lost: {message}");
            let _already_known = report.set(format!("{kind:?}: {message}"));
        });
        Self { reason, pulse: None }
    }

    /// An error if the device is lost.
    pub(super) fn check(&self, device: &wgpu::Device) -> Result<()> {
        if self.reason.get().is_none() && self.is_refused(device) {
            let _already_known = self.reason.set("it was destroyed, or its driver lost it".into());
        }
        match self.reason.get() {
            None => Ok(()),
            Some(reason) => Err(Error::DeviceLost {
                device: device.adapter_info().name,
                reason: reason.clone(),
            }),
        }
    }

    /// Whether the device refuses to map a buffer.
    fn is_refused(&self, device: &wgpu::Device) -> bool {
        let Some(pulse) = &self.pulse else { return false };
        let pulse = pulse.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = Arc::new(AtomicBool::new(false));
        let report = refused.clone();
        // Between the two calls another thread may lose the device: unmapping is then an error.
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        pulse.slice(..).map_async(wgpu::MapMode::Read, move |mapped| {
            report.store(mapped.is_err(), Ordering::Release);
        });
        // Unmapping what is not mapped yet reports an error as well.
        let is_refused = refused.load(Ordering::Acquire);
        pulse.unmap();
        drop(scope);
        is_refused
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn pulse(device: &wgpu::Device) -> Option<Mutex<wgpu::Buffer>> {
    let scopes = [wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory]
        .map(|filter| device.push_error_scope(filter));
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("pulse"),
        size: wgpu::MAP_ALIGNMENT,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut failed = false;
    for scope in scopes.into_iter().rev() {
        failed |= pollster::block_on(scope.pop()).is_some();
    }
    (!failed).then(|| Mutex::new(buffer))
}

#[cfg(target_arch = "wasm32")]
fn pulse(_: &wgpu::Device) -> Option<Mutex<wgpu::Buffer>> {
    None
}
