//! Frames in any order: what is recorded, put into encoders, submitted, dropped and downloaded at
//! random gives the right numbers, or says why it gives none.

use filtro::{Conv2d, Device, Error, Tensor};
use ndarray::{Array1, Array4};
use proptest::prelude::*;

use crate::interop::callers_device;
use crate::strategies::config;

/// What an application and others do with one device; numbers pick from what there is.
#[derive(Debug, Clone, Copy)]
enum Step {
    Upload,
    /// One more than a tensor.
    Add(usize),
    Drop(usize),
    Download(usize),
    Flush,
    Encode,
    Submit(usize),
    /// Several at once, in order.
    SubmitAll,
    DropEncoder(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<u16>().prop_map(usize::from);
    prop_oneof![
        3 => Just(Step::Upload),
        8 => any.clone().prop_map(Step::Add),
        4 => any.clone().prop_map(Step::Drop),
        3 => any.clone().prop_map(Step::Download),
        1 => Just(Step::Flush),
        4 => Just(Step::Encode),
        3 => any.clone().prop_map(Step::Submit),
        1 => Just(Step::SubmitAll),
        1 => any.prop_map(Step::DropEncoder),
    ]
}

struct World {
    device: Device,
    one: Tensor,
    bias: Tensor,
    /// With the number that each of its elements is.
    tensors: Vec<(Tensor, f32)>,
    encoders: Vec<wgpu::CommandBuffer>,
    next: f32,
    /// Whether all encoders were submitted in their order.
    is_orderly: bool,
}

impl World {
    fn new(device: &Device) -> Self {
        let device = device.clone();
        let one = device.upload(&Array4::ones([1, 1, 1, 1])).unwrap();
        let bias = device.upload(&Array1::ones(1)).unwrap();
        let (tensors, encoders) = (Vec::new(), Vec::new());
        Self { device, one, bias, tensors, encoders, next: 0.0, is_orderly: true }
    }

    fn check(&self, (tensor, expected): &(Tensor, f32)) {
        match tensor.to_vec() {
            Ok(elements) => {
                assert!(elements.iter().all(|it| it == expected), "{elements:?} {expected}")
            }
            Err(Error::NotSubmitted { .. }) => assert!(!self.encoders.is_empty()),
            Err(Error::LostWork { .. }) => assert!(!self.is_orderly),
            Err(error) => panic!("{error}"),
        }
    }

    fn take(&mut self, step: Step) {
        let queue = self.device.wgpu().unwrap().1.clone();
        let pick = |index: usize, len: usize| (len > 0).then(|| index % len.max(1));
        match step {
            Step::Upload => {
                self.next += 1000.0;
                let array = Array4::from_elem([1, 1, 8, 8], self.next);
                self.tensors.push((self.device.upload(&array).unwrap(), self.next));
            }
            Step::Add(index) => {
                let Some(index) = pick(index, self.tensors.len()) else { return };
                let (tensor, number) = &self.tensors[index];
                match Conv2d::new(1, 1, [1, 1]).forward(tensor, &self.one, Some(&self.bias)) {
                    Ok(sum) => {
                        let number = number + 1.0;
                        self.tensors.push((sum, number));
                    }
                    Err(Error::LostWork { .. }) => assert!(!self.is_orderly),
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Drop(index) => {
                if let Some(index) = pick(index, self.tensors.len()) {
                    self.tensors.swap_remove(index);
                }
            }
            Step::Download(index) => {
                if let Some(index) = pick(index, self.tensors.len()) {
                    self.check(&self.tensors[index]);
                }
            }
            Step::Flush => match self.device.flush() {
                Ok(()) => {}
                Err(Error::NotSubmitted { .. }) => assert!(!self.encoders.is_empty()),
                Err(Error::LostWork { .. }) => assert!(!self.is_orderly),
                Err(error) => panic!("{error}"),
            },
            Step::Encode => {
                let raw = self.device.wgpu().unwrap().0;
                let mut encoder = raw.create_command_encoder(&Default::default());
                match self.device.encode(&mut encoder) {
                    Ok(()) => self.encoders.push(encoder.finish()),
                    Err(Error::LostWork { .. }) => assert!(!self.is_orderly),
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Submit(index) => {
                // Mostly in order.
                let index = if index.is_multiple_of(8) { index / 8 } else { 0 };
                if let Some(index) = pick(index, self.encoders.len()) {
                    self.is_orderly &= index == 0;
                    queue.submit([self.encoders.remove(index)]);
                }
            }
            Step::SubmitAll => {
                queue.submit(self.encoders.drain(..));
            }
            Step::DropEncoder(index) => {
                if let Some(index) = pick(index, self.encoders.len()) {
                    self.is_orderly = false;
                    drop(self.encoders.remove(index));
                }
            }
        }
    }
}

#[test]
fn any_order_of_recording_submitting_and_dropping_gives_right_numbers_or_says_why_none() {
    let device = callers_device();
    let steps = prop::collection::vec(step(), 1..120);
    let mut runner = proptest::test_runner::TestRunner::new(config(400));
    let result = runner.run(&steps, |steps| {
        let mut world = World::new(&device);
        for step in steps {
            world.take(step);
        }
        world.take(Step::SubmitAll);
        for tensor in &world.tensors {
            world.check(tensor);
        }
        // What the last steps lost is told once.
        world.take(Step::Flush);
        prop_assert_eq!(device.flush(), Ok(()));
        Ok(())
    });
    result.unwrap();
    device.trim();
    assert_eq!(device.memory_use().allocated, 0);
}
