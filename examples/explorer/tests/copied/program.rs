// cargo add filtro && cargo add ndarray
use filtro::{Activation, AvgPool2d, Conv2d, Device, MaxPool2d, Padding, PaddingMode};
use ndarray::{Array1, Array4, array};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::new()?; // a hardware GPU, else the CPU
    let picture: Array4<f32> = array![[[
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
    ]]];
    let x = device.upload(&picture)?;
    let mut outputs = vec![x];

    let weight = Array4::from_shape_vec((2, 1, 3, 3), vec![
        0.0625, 0.125, 0.0625,
        0.125, 0.25, 0.125,
        0.0625, 0.125, 0.0625,
        0.0625, 0.125, 0.0625,
        0.125, 0.25, 0.125,
        0.0625, 0.125, 0.0625,
    ])?;
    let bias = device.upload(&Array1::from(vec![-0.25, 0.0]))?;
    let conv = Conv2d::new(1, 2, [3, 3]).padding([2, 2]).dilation([2, 2]).padding_mode(PaddingMode::Reflect);
    outputs.push(conv.forward(&outputs[0], &device.upload(&weight)?, Some(&bias))?);

    outputs.push(Activation::Relu.forward(&outputs[1])?);

    let weight = Array4::from_shape_vec((4, 1, 3, 3), vec![
        0.256, -0.331, 0.217,
        -0.303, 0.028, 0.032,
        0.085, 0.148, 0.243,
        0.191, -0.277, 0.167,
        0.098, 0.124, -0.052,
        -0.208, 0.075, 0.212,
        -0.293, -0.094, 0.131,
        -0.031, -0.244, 0.05,
        -0.218, 0.059, -0.18,
        0.297, -0.102, -0.309,
        -0.29, 0.256, 0.222,
        -0.101, -0.003, -0.161,
    ])?;
    let conv = Conv2d::new(2, 4, [3, 3]).padding(Padding::Same).groups(2);
    outputs.push(conv.forward(&outputs[2], &device.upload(&weight)?, None)?);

    let pool = MaxPool2d::new([3, 3]).padding([1, 1]).ceil_mode(true).dilation([2, 2]);
    outputs.push(pool.forward(&outputs[3])?);

    let pool = AvgPool2d::new([2, 2]).padding([1, 1]).count_include_pad(false).divisor_override(3);
    outputs.push(pool.forward(&outputs[4])?);

    for output in &outputs {
        println!("{:?}", output.shape().dims());
    }
    let values = outputs[5].download()?;
    println!("{}", values[[0, 0, 1, 1]]);
    Ok(())
}
