//! Which device a command runs on.

use clap::Args;
use filtro::{Device, DeviceChoice, DeviceKind, DeviceOptions, Error};

use crate::failure::Failure;

/// The flag that picks a device.
#[derive(Debug, Args, Clone)]
pub(crate) struct DeviceFlag {
    /// auto, gpu, software, cpu, a part of an adapter's name, or a backend [default: FILTRO_DEVICE, else the best]
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
}

impl DeviceFlag {
    fn choice(&self) -> DeviceChoice {
        match &self.device {
            Some(text) => text.parse().unwrap_or_default(),
            None => DeviceChoice::from_env(),
        }
    }

    /// The device that is asked for; else a hardware GPU or the CPU.
    pub(crate) fn open(&self) -> Result<Device, Failure> {
        Ok(Device::open(&self.choice())?)
    }

    /// The device that is asked for; else the best there is, a software adapter included.
    pub(crate) fn open_best(&self) -> Result<Device, Failure> {
        self.open_best_with(DeviceOptions::new())
    }

    /// The same, with what is off by default.
    pub(crate) fn open_best_with(&self, options: DeviceOptions) -> Result<Device, Failure> {
        let choice = self.choice();
        if choice != DeviceChoice::Auto {
            return Ok(Device::open_with(&choice, options)?);
        }
        for choice in [DeviceChoice::Gpu, DeviceChoice::Software] {
            match Device::open_with(&choice, options) {
                Ok(device) => return Ok(device),
                Err(Error::NoAdapter { .. }) => log::info!("there is no {choice} adapter"),
                Err(error) => log::warn!("{error}"),
            }
        }
        Ok(Device::cpu())
    }
}

/// What a device is, and what a newcomer should know of it.
pub(crate) fn describe(device: &Device) -> Vec<String> {
    let mut lines = vec![device.to_string()];
    let adapters = || Device::available().into_iter().any(|info| info.kind != DeviceKind::Cpu);
    match device.info().kind {
        DeviceKind::Software => {
            lines.push("A software adapter is not a GPU: it runs the shaders on the CPU.".into());
        }
        DeviceKind::Cpu if !adapters() => lines.push(
            "No GPU was found. A GPU needs its Vulkan driver; without one, `apt-get install \
             mesa-vulkan-drivers` brings lavapipe, which runs the shaders on the CPU."
                .into(),
        ),
        _ => {}
    }
    lines
}
