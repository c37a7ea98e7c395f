//! What is measured.

use filtro::{Device, DeviceChoice};

/// Those of these devices that the machine has, and their names; what it lacks is said.
pub(crate) fn devices(choices: &[DeviceChoice]) -> Vec<(String, Device)> {
    let mut devices = Vec::new();
    for choice in choices {
        match Device::open(choice) {
            Ok(device) => {
                eprintln!("{choice}: {device}");
                devices.push((choice.to_string(), device));
            }
            Err(error) => eprintln!("{choice} is not measured: {error}"),
        }
    }
    devices
}
