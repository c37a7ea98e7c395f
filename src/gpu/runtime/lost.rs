//! Whether a device is lost.
//!
//! wgpu tells so to the callback of the device alone, which is its owner's, and to none of the
//! calls that fail for it. What a caller's device tells is whether it still complains: of a buffer
//! for no use at all it reports an error, unless it is lost, when it reports none of anything.

use std::sync::{Arc, OnceLock};

use crate::{Error, Result};

/// What is known of a device's loss.
#[derive(Debug)]
pub(crate) struct Lost {
    reason: Arc<OnceLock<String>>,
    /// Whether the device's callback tells.
    own: bool,
}

impl Lost {
    /// For an open device. `own` is whether this crate opened it and may set its callbacks.
    pub(crate) fn new(device: &wgpu::Device, own: bool) -> Self {
        let reason = Arc::new(OnceLock::new());
        if own {
            let (reason, name) = (reason.clone(), device.adapter_info().name);
            device.set_device_lost_callback(move |kind, message| {
                log::warn!("the device {name} was lost: {message}");
                let _already_known = reason.set(format!("{kind:?}: {message}"));
            });
        }
        Self { reason, own }
    }

    /// An error if the device is lost.
    pub(crate) fn check(&self, device: &wgpu::Device) -> Result<()> {
        if !self.own && self.reason.get().is_none() && !complains(device) {
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
}

#[cfg(not(target_arch = "wasm32"))]
fn complains(device: &wgpu::Device) -> bool {
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    drop(device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 4,
        usage: wgpu::BufferUsages::empty(),
        mapped_at_creation: false,
    }));
    pollster::block_on(scope.pop()).is_some()
}

/// A browser reports errors later than its calls return.
#[cfg(target_arch = "wasm32")]
fn complains(_: &wgpu::Device) -> bool {
    true
}
