//! Running gradients: from options and tensors to a backend.

mod activation;
mod conv2d;
mod conv_transpose2d;
mod pool2d;
