//! Dense convolutions as products of matrices, in every tile that the planner knows.

use filtro::{Algorithm, Conv2d, DType, Device, PaddingMode};
use ndarray::{Array1, Array4};

use crate::case::{Data, Random};
use crate::compare::{U, within};
use crate::tested::{has_f16, tested};

#[test]
fn products_in_every_tile_are_those_of_the_cpu() {
    let same = |gin, gout| Conv2d::new(gin, gout, [3, 3]).padding([1, 1]);
    for (conv, input) in [
        (same(128, 120), [1, 128, 190, 181]),
        (same(64, 60).padding_mode(PaddingMode::Reflect), [4, 64, 182, 184]),
        (Conv2d::new(16, 60, [1, 1]), [5, 16, 63, 65]),
        (Conv2d::new(32, 60, [1, 1]), [1, 32, 70, 72]),
        (Conv2d::new(24, 36, [2, 2]).stride([3, 2]).groups(2), [3, 24, 30, 32]),
        (same(32, 40).dilation([1, 2]).stride([2, 1]), [2, 32, 17, 19]),
    ] {
        let conv = conv.algorithm(Some(Algorithm::Gemm));
        let x = Random::new(1, 0).array4(input, Data::Uniform);
        let weight = Random::new(1, 1).array4(conv.weight_shape().unwrap().dims(), Data::Uniform);
        let bias = Array1::from_shape_fn(conv.out_channels, |channel| channel as f32);
        let run = |device: &Device, dtype: DType| {
            let upload =
                |array: &Array4<f32>| device.upload(array).unwrap().to_dtype(dtype).unwrap();
            let bias = device.upload(&bias).unwrap().to_dtype(dtype).unwrap();
            conv.forward(&upload(&x), &upload(&weight), Some(&bias)).unwrap().download().unwrap()
        };
        // Half of the bound for each of the two, of terms that are at most one, and the bias.
        let products = (weight.len() / conv.out_channels) as f64;
        let bound = 2.0 * (64.0 + 2.0 * products.sqrt()) * U * (products + 128.0);
        let is_small = x.len() < 1_000_000;
        let dtypes =
            if is_small && has_f16() { &[DType::F32, DType::F16][..] } else { &[DType::F32] };
        for &dtype in dtypes {
            let expected = run(&Device::cpu(), dtype).mapv(f64::from);
            let of_f16 = if dtype == DType::F16 { 1.0 / 1_024.0 } else { 0.0 };
            let tolerance = expected.mapv(|value| bound + of_f16 * value.abs());
            within(&format!("{conv:?} {dtype}"), &run(tested(), dtype), &expected, &tolerance)
                .unwrap();
        }
    }
}
