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
//! # Residuals
//!
//! More layers can say more, but a long chain is hard to train. What an early layer found must
//! survive all layers behind it, and the gradient on its way back is multiplied by the weights of
//! every layer in turn: over dozens of layers it fades, or grows beyond all bounds. From some length
//! on a longer chain does worse even on the examples that it learns from.
//!
//! A *residual* block computes what is to be added to its input, `y = x + f(x)`, and not the whole of
//! its output. A block that has nothing to say only has to give zeros, and `x` goes on as it is. The
//! gradient of a sum is that of both summands, so that it reaches the first layers past all blocks,
//! undiminished. Where a block changes the number of channels or the size, a convolution of 1x1 makes
//! `x` fit the sum. A U-shaped network does the same between its halves with a concatenation: coarse
//! values that have seen much, and beside them the fine ones from before the poolings.
//!
//! Such a network is a [`Graph`], whose page shows a residual block.
//!
//! # Batch normalisation
//!
//! While a network learns, the inputs of each layer change with the layers before it: they drift and
//! grow, and the layer has to follow before it can improve. [`BatchNorm2d`] brings every channel to
//! mean 0 and variance 1, over all images and positions of the batch, and then to a scale and an
//! offset that it learns, so that nothing is lost that the network could say before. Steps may then
//! be longer, and less depends on the start. A convolution before it needs no bias, since the mean
//! takes it away again.
//!
//! In training, [`Layer::forward`], the output of an image thus depends on the images beside it, and
//! the backward pass goes through their mean and variance as well. In use, [`Layer::infer`], an image
//! must get the same answer in any company. So training keeps a running mean and a running variance,
//! which every batch moves a little towards its own, and use takes these. They are no parameters, as
//! no gradient changes them, but belong to the trained network: [`Buffer`]s, which files hold as
//! well. After few steps they still lag behind, and `infer` gives other outputs than `forward`.
//!
//! With statistics that stay as they are it is one multiplication and one addition for each channel,
//! and these can be done once and for all in the weight and bias of the convolution before it:
//! [`Graph::fold_batch_norms`].
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
//! and parameters start from the same distribution. With the feature `safetensors`, `StateDict`
//! saves and loads parameters and buffers with PyTorch's names and layouts, so that a network that
//! was trained there runs here and the other way round.
//!
//! This is a thin module and no framework: a network is a chain of layers or a graph of them, and
//! every layer brings its own way back. Whoever wants another shape calls the operations' own
//! gradients, such as [`Conv2d::grad_input`](crate::Conv2d::grad_input), or implements [`Layer`].

mod batch_norm2d;
mod buffer;
mod conv2d;
mod dataset;
mod graph;
mod layer;
mod linear;
mod loss;
mod optimizer;
mod parameter;
mod pool;
mod prelu;
mod resize;
mod rng;
mod sequential;
#[cfg(feature = "safetensors")]
mod state_dict;
mod stateless;
mod summary;

pub use batch_norm2d::BatchNorm2d;
pub use buffer::Buffer;
pub use conv2d::Conv2d;
pub use dataset::{Batch, Batches, Dataset};
pub use graph::{Graph, Node};
pub use layer::Layer;
pub use linear::{Flatten, Linear};
pub use loss::{Loss, cross_entropy, mse, predictions};
pub use optimizer::{Adam, Sgd};
pub use parameter::Parameter;
pub use pool::{Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d, Softmax};
pub use prelu::PRelu;
pub use resize::{Pad, PixelShuffle, Upsample};
pub use rng::Rng;
pub use sequential::Sequential;
#[cfg(feature = "safetensors")]
pub use state_dict::StateDict;
pub use summary::{Summary, SummaryRow};
