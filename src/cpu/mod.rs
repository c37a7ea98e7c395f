//! stub
use crate::{Activation, ops::*};
pub(crate) fn conv2d(_: &Conv2dProblem, _: &[f32], _: &[f32], _: Option<&[f32]>, _: &mut [f32]) {
    todo!()
}
pub(crate) fn max_pool2d(_: &MaxPool2dProblem, _: &[f32], _: &mut [f32], _: Option<&mut [u32]>) {
    todo!()
}
pub(crate) fn avg_pool2d(_: &AvgPool2dProblem, _: &[f32], _: &mut [f32]) {
    todo!()
}
pub(crate) fn adaptive_avg_pool2d(_: &AdaptivePool2dProblem, _: &[f32], _: &mut [f32]) {
    todo!()
}
pub(crate) fn adaptive_max_pool2d(
    _: &AdaptivePool2dProblem,
    _: &[f32],
    _: &mut [f32],
    _: Option<&mut [u32]>,
) {
    todo!()
}
pub(crate) fn activation(_: Activation, _: &[f32], _: &mut [f32]) {
    todo!()
}
