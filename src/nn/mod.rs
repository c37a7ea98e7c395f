//! Training: layers that own their parameters, losses, and optimizers.
//!
//! The filters of a convolution are trainable values. Nobody designs them for a task: they start
//! at random, and examples with known answers change them, step by step, until the network gives
//! the answers by itself. One step has four parts:
//!
//! 1. **Forward.** The network computes its outputs for a batch of examples, with the filters it
//!    has now.
//! 2. **Loss.** One number says how wrong the outputs are: [`cross_entropy`] where a class is
//!    wanted, [`mse`] where numbers are. With it comes its *gradient*: for every output, how much
//!    the loss grows if that output grows a little.
//! 3. **Backward.** The chain rule carries this gradient back through the layers, from the last to
//!    the first. Each layer is handed the gradient of its output and computes two things from it:
//!    the gradients of its own parameters (for every weight, how much the loss grows with it), and
//!    the gradient of its input, which is the output of the layer before. A filter is used at
//!    every position, so that its gradient adds up what it did at all of them.
//! 4. **Step.** An optimizer moves every parameter a little against its gradient, so that the loss
//!    shrinks: [`Sgd`] by a fixed share, with momentum if wanted; [`Adam`] by a length that it
//!    adapts to each parameter.
//!
//! # Examples
//!
//! A convolution and a dense layer learn whether a picture's stripe is upright or lies:
//!
//! ```
//! use filtro::nn::{self, Adam, Dataset, Flatten, Layer, Linear, Rng, Sequential};
//! use filtro::{Activation, AdaptiveMaxPool2d, Conv2d, Device};
//! use ndarray::Array4;
//!
//! let device = Device::cpu();
//! let mut rng = Rng::new(7); // the same start and order in every run
//!
//! // 32 pictures of 6 x 6: even ones with a column of ones, odd ones with a row.
//! let images = Array4::from_shape_fn((32, 1, 6, 6), |(n, _, y, x)| {
//!     let at = n / 2 % 6;
//!     if (n % 2 == 0 && x == at) || (n % 2 == 1 && y == at) { 1.0 } else { 0.0 }
//! });
//! let labels: Vec<u32> = (0..32).map(|n| n % 2).collect();
//! let labels = device.upload_numbers(&labels, [32, 1, 1, 1])?;
//! let data = Dataset::new(device.upload(&images)?, labels)?;
//!
//! let mut network = Sequential::new()
//!     .push(nn::Conv2d::new(&device, Conv2d::new(1, 4, [3, 3]).padding([1, 1]), &mut rng)?)
//!     .push(nn::Activation::new(Activation::Relu))
//!     .push(nn::AdaptiveMaxPool2d::new(AdaptiveMaxPool2d::global()))
//!     .push(Flatten::new())
//!     .push(Linear::new(&device, 4, 2, &mut rng)?);
//! println!("{}", network.summary([1, 1, 6, 6])?);
//!
//! let mut optimizer = Adam::new(0.05);
//! let mut last = f32::INFINITY;
//! for _epoch in 0..30 {
//!     for batch in data.shuffled(8, &mut rng)? {
//!         let batch = batch?;
//!         let logits = network.forward(&batch.inputs)?;            // 1. forward
//!         let loss = nn::cross_entropy(&logits, &batch.labels)?;   // 2. loss
//!         network.backward(&loss.gradient)?;                       // 3. backward
//!         optimizer.step(network.parameters_mut())?;               // 4. step
//!         last = loss.item()?; // waits for the device; leave it out where nobody looks
//!     }
//! }
//! assert!(last < 0.05, "the loss is {last}"); // guessing gives ln 2 = 0.69
//! # Ok::<(), filtro::Error>(())
//! ```
//!
//! # What stays on the device
//!
//! Images, labels, parameters and optimizer states live on the device, and a batch is picked
//! there. On a GPU a step is recorded and submitted as one by [`Loss::item`], which brings one
//! number back, or by [`Device::flush`](crate::Device::flush), which brings nothing back. Tensors
//! are immutable: a step makes new ones in the memory of those of the step before.
//!
//! # PyTorch
//!
//! Layers, losses and optimizers have the formulas and defaults of `torch.nn` and `torch.optim`,
//! and parameters start from the same distribution. With the feature `safetensors`,
//! `Sequential::save` and `Sequential::load` use PyTorch's names and layouts, so that a network
//! that was trained there runs here and the other way round.
//!
//! This is a thin module and no framework: a network is a chain of layers. Whoever wants another
//! shape calls the operations' own gradients, such as
//! [`Conv2d::grad_input`](crate::Conv2d::grad_input), or implements [`Layer`].

mod conv2d;
mod dataset;
mod layer;
mod linear;
mod loss;
mod optimizer;
mod parameter;
mod pool;
mod rng;
mod sequential;
mod summary;
#[cfg(feature = "safetensors")]
mod weights;

pub use conv2d::Conv2d;
pub use dataset::{Batch, Batches, Dataset};
pub use layer::Layer;
pub use linear::{Flatten, Linear};
pub use loss::{Loss, cross_entropy, mse, predictions};
pub use optimizer::{Adam, Sgd};
pub use parameter::Parameter;
pub use pool::{Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d};
pub use rng::Rng;
pub use sequential::Sequential;
pub use summary::{Summary, SummaryRow};
