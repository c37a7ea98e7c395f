use crate::Activation;
use crate::cpu::activation;

pub(crate) const ACTIVATIONS: [Activation; 8] = [
    Activation::Relu,
    Activation::Relu6,
    Activation::LeakyRelu { negative_slope: 0.01 },
    Activation::Silu,
    Activation::HardSwish,
    Activation::HardSigmoid,
    Activation::Sigmoid,
    Activation::Tanh,
];

#[test]
pub(crate) fn activations_are_within_four_ulp() {
    let mut inputs: Vec<f32> = (-400_000..400_000).map(|i| i as f32 / 3_600.0).collect();
    inputs.extend((-120..0).flat_map(|i| [2.0_f32.powi(i), -(2.0_f32.powi(i))]));
    inputs.extend([0.0, -0.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NAN]);
    for kind in ACTIVATIONS {
        let mut outputs = vec![0.0; inputs.len()];
        activation(kind, &inputs, &mut outputs).unwrap();
        for (&input, &output) in inputs.iter().zip(&outputs) {
            let x = f64::from(input);
            let expected = match kind {
                Activation::Relu => {
                    if x < 0.0 {
                        0.0
                    } else {
                        x
                    }
                }
                Activation::Relu6 => x.clamp(0.0, 6.0),
                Activation::LeakyRelu { negative_slope } => {
                    if x > 0.0 {
                        x
                    } else {
                        x * f64::from(negative_slope)
                    }
                }
                Activation::Silu => x / (1.0 + (-x).exp()),
                Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
                Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
                Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
                Activation::Tanh => x.tanh(),
            };
            let absolute = match kind {
                // The sum x + 3 cancels near -3.
                Activation::HardSwish | Activation::HardSigmoid => 2.0_f64.powi(-23),
                // exp(-x) is infinite below -88.7.
                Activation::Silu => 3e-37,
                _ => f64::from(f32::MIN_POSITIVE),
            };
            let bound = expected.abs() * 4.0 * 2.0_f64.powi(-23) + absolute;
            let right = f64::from(output) == f64::from(expected as f32)
                || (output.is_nan() && expected.is_nan())
                || (f64::from(output) - expected).abs() <= bound;
            assert!(right, "{kind:?} of {input} is {output}, not {expected}");
        }
    }
}
