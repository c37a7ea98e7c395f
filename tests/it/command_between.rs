//! The commands of operations between convolutions: what they write is what the library gives.

use std::fs;
use std::path::Path;

use filtro::{
    Activation, Arithmetic, BatchNorm2d, Cat, Device, Interpolate, InterpolationMode, PRelu, Pad,
    Padding, PaddingMode, PixelShuffle, Result, Softmax, Tensor,
};
use ndarray::{Array, ArrayD, Dimension, IntoDimension};
use ndarray_npy::{read_npy, write_npy};

use crate::command::{fails, folder, numbers, run, stdout};

/// Writes an array to a file, and gives it as a tensor.
fn saved<D: Dimension>(folder: &Path, name: &str, shape: impl IntoDimension<Dim = D>) -> Tensor {
    let array: Array<f32, D> = numbers(shape.into_dimension());
    write_npy(folder.join(name), &array).unwrap();
    Device::cpu().upload(&array).unwrap()
}

/// What a command writes to a file; what it writes to stdout is the same.
fn written(folder: &Path, arguments: &str) -> ArrayD<f32> {
    let arguments: Vec<_> = arguments.split(' ').chain(["--device", "cpu", "--out"]).collect();
    let text = stdout(&run(folder, &[&arguments[..], &["y.npy"]].concat()));
    assert!(text.starts_with("y.npy in "), "{text}");
    let output = run(folder, &[&arguments[..], &["-"]].concat());
    assert_eq!(output.stdout, fs::read(folder.join("y.npy")).unwrap());
    read_npy(folder.join("y.npy")).unwrap()
}

fn is(folder: &Path, arguments: &str, expected: Result<Tensor>) {
    let expected = expected.unwrap().download().unwrap().into_dyn();
    assert_eq!(written(folder, arguments), expected, "{arguments}");
}

#[test]
fn arithmetic_of_files_is_that_of_the_library() {
    let folder = folder("arithmetic");
    let (a, b) = (saved(&folder, "a.npy", (2, 3, 4, 5)), saved(&folder, "b.npy", (1, 3, 1, 5)));
    is(&folder, "add a.npy b.npy", Arithmetic::add().forward(&a, &b));
    is(&folder, "sub a.npy b.npy", Arithmetic::sub().forward(&a, &b));
    is(&folder, "sub b.npy a.npy", Arithmetic::sub().forward(&b, &a));
    is(&folder, "mul a.npy a.npy", Arithmetic::mul().forward(&a, &a));
    let active = Arithmetic::add().activation(Activation::LeakyRelu { negative_slope: 0.5 });
    is(&folder, "add a.npy b.npy --activation leaky_relu:0.5", active.forward(&a, &b));

    // There is a batch where an input has one.
    saved(&folder, "image.npy", (3, 4, 5));
    assert_eq!(written(&folder, "add image.npy image.npy").shape(), [3, 4, 5]);
    assert_eq!(written(&folder, "add image.npy b.npy").shape(), [1, 3, 4, 5]);
    assert_eq!(written(&folder, "add a.npy image.npy").shape(), [2, 3, 4, 5]);
}

#[test]
fn cat_of_files_is_that_of_the_library() {
    let folder = folder("cat");
    let [a, b, c] = [("a.npy", 3), ("b.npy", 1), ("c.npy", 2)]
        .map(|(name, channels)| saved(&folder, name, (2, channels, 4, 5)));
    is(&folder, "cat a.npy b.npy c.npy", Cat.forward(&[&a, &b, &c]));
    is(&folder, "cat c.npy a.npy", Cat.forward(&[&c, &a]));
    is(&folder, "cat a.npy", Cat.forward(&[&a]));
}

#[test]
fn prelu_of_files_is_that_of_the_library() {
    let folder = folder("prelu");
    let x = saved(&folder, "x.npy", (2, 3, 4, 5));
    let (three, one) = (saved(&folder, "w.npy", 3), saved(&folder, "one.npy", 1));
    is(&folder, "prelu x.npy w.npy", PRelu.forward(&x, &three));
    is(&folder, "prelu x.npy one.npy", PRelu.forward(&x, &one));
}

#[test]
fn softmax_and_batch_norm2d_of_files_are_those_of_the_library() {
    let folder = folder("norm");
    let x = saved(&folder, "x.npy", (2, 3, 4, 5));
    is(&folder, "softmax x.npy", Softmax.forward(&x));

    let [mean, bias] = ["m.npy", "b.npy"].map(|name| saved(&folder, name, 3));
    let (var, weight) = ([0.5_f32, 2.0, 1.0], [3.0_f32, -1.0, 0.5]);
    let [var, weight] = [("v.npy", var), ("w.npy", weight)].map(|(name, numbers)| {
        let array = Array::from(numbers.to_vec());
        write_npy(folder.join(name), &array).unwrap();
        Device::cpu().upload(&array).unwrap()
    });
    let norm = BatchNorm2d::new(3);
    let given = "batch-norm2d x.npy --mean m.npy --var v.npy";
    is(&folder, given, norm.forward(&x, &mean, &var, None, None));
    let weighted = norm.clone().forward(&x, &mean, &var, Some(&weight), None);
    is(&folder, &format!("{given} --weight w.npy"), weighted);
    let shifted = norm.eps(0.25).forward(&x, &mean, &var, Some(&weight), Some(&bias));
    is(&folder, &format!("{given} --weight w.npy --bias b.npy --eps 0.25"), shifted);
}

#[test]
fn interpolation_pixel_shuffle_and_padding_of_files_are_those_of_the_library() {
    let folder = folder("resample");
    let x = saved(&folder, "x.npy", (2, 8, 4, 5));
    is(&folder, "interpolate x.npy --size 8x9", Interpolate::size([8, 9]).forward(&x));
    let twice = Interpolate::scale_factor([2.0, 2.0]).mode(InterpolationMode::Bilinear);
    is(&folder, "interpolate x.npy --scale-factor 2 --mode bilinear", twice.forward(&x));
    let aligned = Interpolate::scale_factor([1.5, 0.5]).mode(InterpolationMode::Bilinear);
    let aligned = aligned.align_corners(true);
    let arguments = "interpolate x.npy --scale-factor 1.5,0.5 --mode Bilinear --align-corners";
    is(&folder, arguments, aligned.forward(&x));

    is(&folder, "pixel-shuffle x.npy 2", PixelShuffle::new(2).forward(&x));

    let sides = Padding::sides(1, 2, 0, 3);
    let pad = Pad::new(sides);
    is(&folder, "pad x.npy --padding 1,2,0,3", pad.forward(&x));
    is(&folder, "pad x.npy --padding 1,2,0,3 --value -0.5", pad.value(-0.5).forward(&x));
    let reflected = Pad::new(sides).mode(PaddingMode::Reflect);
    is(&folder, "pad x.npy --padding 1,2,0,3 --mode reflect", reflected.forward(&x));

    saved(&folder, "image.npy", (8, 4, 5));
    assert_eq!(written(&folder, "pixel-shuffle image.npy 2").shape(), [2, 8, 10]);
    assert_eq!(written(&folder, "pad image.npy --padding 1").shape(), [8, 6, 7]);
}

#[test]
fn what_does_not_fit_is_said_with_exit_code_2() {
    let folder = folder("between");
    saved(&folder, "x.npy", (2, 3, 4, 5));
    saved(&folder, "odd.npy", (2, 3, 4, 6));
    saved(&folder, "three.npy", 3);
    saved(&folder, "two.npy", 2);
    for (arguments, message) in [
        ("add x.npy", "required arguments were not provided"),
        ("add x.npy nowhere.npy", "nowhere.npy: No such file"),
        ("add x.npy three.npy", "three.npy: has 1 axes, [3], but an input has 4 or 3"),
        ("mul x.npy odd.npy", "mul: "),
        ("add x.npy x.npy --activation gelu", "there are relu"),
        ("cat x.npy odd.npy", "cat: an input has shape [2, 3, 4, 6], but"),
        ("prelu x.npy two.npy", "prelu: weight has shape [1, 2, 1, 1], but"),
        ("batch-norm2d x.npy --mean two.npy --var two.npy", "but num_features is 2"),
        ("batch-norm2d x.npy --mean three.npy", "--var <FILE>"),
        ("batch-norm2d x.npy --mean three.npy --var x.npy", "but a variance has 1"),
        ("batch-norm2d x.npy --mean three.npy --var three.npy --eps -1", "eps is -1, but"),
        ("interpolate x.npy", "<--size <N>|--scale-factor <X>>"),
        ("interpolate x.npy --size 2 --scale-factor 2", "cannot be used with"),
        ("interpolate x.npy --size 0", "interpolate: size is 0, but"),
        ("interpolate x.npy --scale-factor 0.1", "interpolate: scale_factor is 0.1, but"),
        ("interpolate x.npy --scale-factor two", "'two' is not a number"),
        ("interpolate x.npy --size 2 --mode cubic", "possible values: nearest, bilinear"),
        ("interpolate x.npy --size 2 --align-corners", "mode nearest has no corners to align"),
        ("pixel-shuffle x.npy 2", "must be divisible by the square of upscale_factor 2"),
        ("pixel-shuffle x.npy 0", "it is 0, but must be at least 1"),
        ("pad x.npy", "--padding <N>"),
        ("pad x.npy --padding 1,2,3", "3 numbers, but it is"),
        ("pad x.npy --padding same_upper", "pad: padding is"),
        ("pad x.npy --padding 4 --mode reflect", "reflect needs less than the input's height 4"),
        ("pad x.npy --padding 1 --mode circular --value 2", "pad: value is 2, but"),
        ("prelu x.npy x.npy", "x.npy: has 4 axes, [2, 3, 4, 5], but a weight has 1"),
    ] {
        let arguments: Vec<_> = arguments.split(' ').chain(["-o", "y.npy"]).collect();
        fails(&folder, &arguments, message);
    }
    assert!(!folder.join("y.npy").exists());
}
