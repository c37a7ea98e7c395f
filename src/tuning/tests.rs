use std::time::Duration;

use super::measure::{Expected, choose};
use super::*;
use crate::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, MaxPool2d, Padding, PaddingMode,
};

fn empty() -> Tuning {
    let made_by = Maker {
        version: "0.1.0".into(),
        adapter: "An Adapter (of two, words)".into(),
        driver: String::new(),
        backend: "vulkan".into(),
    };
    Tuning { made_by, entries: Choices::default() }
}

fn full() -> Tuning {
    let mut tuning = empty();
    let conv = Conv2d::new(4, 6, [3, 2])
        .stride([2, 1])
        .padding(Padding::sides(1, 2, 3, 4))
        .padding_mode(PaddingMode::Circular)
        .dilation([1, 2])
        .groups(2);
    tuning.set(conv, [2, 4, 9, 11], Algorithm::Halo).unwrap();
    tuning.set(Conv2d::new(4, 6, [3, 2]), [2, 4, 9, 11], Algorithm::Tiled).unwrap();
    let max = MaxPool2d::new([3, 2]).padding([1, 0]).dilation([2, 1]);
    tuning.set(max.clone(), [1, 2, 9, 11], Algorithm::Strip).unwrap();
    tuning.set(max.ceil_mode(true), [1, 2, 9, 12], Algorithm::General).unwrap();
    let avg = AvgPool2d::new([3, 2]);
    tuning.set(avg.clone(), [1, 2, 9, 11], Algorithm::Windows).unwrap();
    tuning.set(avg.clone().count_include_pad(false), [1, 2, 9, 11], Algorithm::Strip).unwrap();
    tuning.set(avg.divisor_override(5), [1, 2, 9, 11], Algorithm::Global).unwrap();
    tuning.set(AdaptiveMaxPool2d::new([3, 2]), [1, 2, 9, 11], Algorithm::General).unwrap();
    tuning.set(AdaptiveAvgPool2d::global(), [1, 2, 9, 11], Algorithm::Global).unwrap();
    tuning
}

#[test]
fn a_tuning_of_every_operation_survives_its_text() {
    for tuning in [empty(), full()] {
        let text = tuning.to_string();
        assert_eq!(text.parse::<Tuning>().as_ref(), Ok(&tuning), "{text}");
        let spaced = text.replace('\n', "\r\n\n# A comment.\n");
        assert_eq!(spaced.parse::<Tuning>().as_ref(), Ok(&tuning), "{spaced}");
    }
    assert_eq!(full().len(), 9);
    let line = "conv2d input=2x4x9x11 out_channels=6 kernel_size=3x2 stride=2x1 padding=1x2x3x4 \
                padding_mode=circular dilation=1x2 groups=2 algorithm=halo\n";
    assert!(full().to_string().contains(line), "{}", full());
}

#[test]
fn bias_and_activation_and_the_way_a_padding_is_said_do_not_make_another_problem() {
    let mut tuning = empty();
    let conv = Conv2d::new(4, 6, [3, 3]).padding(Padding::Same);
    tuning.set(conv, [1, 4, 9, 11], Algorithm::Tiled).unwrap();
    let conv = Conv2d::new(4, 6, [3, 3]).padding([1, 1]);
    let active = conv.clone().activation(crate::Activation::Relu).algorithm(Algorithm::Halo);
    assert_eq!(tuning.get(active, [1, 4, 9, 11]), Ok(Some(Algorithm::Tiled)));
    assert_eq!(tuning.get(conv.clone(), [1, 4, 9, 12]), Ok(None));
    assert!(tuning.get(conv, [1, 5, 9, 11]).is_err());
}

#[test]
fn a_broken_file_is_told_by_line_and_rule() {
    let pool = "adaptive_avg_pool2d input=1x2x9x11 output=1x1";
    let cases = [
        ("", "line 1 is ``, but a tuning starts with `filtro-tuning 1`"),
        ("\n\nfiltro-tuning 2", "line 3 is `filtro-tuning 2`, but a tuning starts"),
        ("filtro-tuning 1\nadapter x", "line 2 is `adapter x`, but `version` and its value must"),
        ("filtro-tuning 1\nversion 0.1.0", "line 3 is ``, but `adapter` and its value must"),
        ("H\nconv3d input=1", "line 7 is `conv3d input=1`, but it must start with one of conv2d, "),
        ("H\nconv2d", "but input must follow, as input=NUMBERxNUMBERxNUMBERxNUMBER"),
        ("H\nadaptive_avg_pool2d input=1x2x9 output=1x1", "but input must follow, as input="),
        ("H\nadaptive_avg_pool2d input=1x2x9x-1 output=1x1", "but input must follow"),
        ("H\nadaptive_avg_pool2d input=1x2x9x11 outpost=1x1", "but output must follow, as output="),
        ("H\nP", "but algorithm must come last, as algorithm=general|tiled|"),
        ("H\nP algorithm=magic", "but algorithm must come last, as algorithm=general|tiled|"),
        ("H\nP algorithm=global now", "but nothing may follow the algorithm, but now does"),
        ("H\nP algorithm=global\nP algorithm=general", "line 8 is `adaptive_avg_pool2d"),
        ("H\nP algorithm=global\nP algorithm=general", "but its problem has an entry above"),
    ];
    for (text, rule) in cases {
        let header = empty().to_string();
        let text = text.replace("H\n", &format!("{header}\n")).replace('P', pool);
        let error = text.parse::<Tuning>().unwrap_err();
        assert!(matches!(error, Error::TuningLine { .. }), "{error:?}");
        assert!(error.to_string().contains(rule), "{text}\n{error}\n{rule}");
    }
    let long = format!("{}{}", empty(), "é".repeat(10_000));
    assert!(long.parse::<Tuning>().unwrap_err().to_string().len() < 1_000);
    let missing = Tuning::read("/no/such/file").unwrap_err().to_string();
    assert!(missing.starts_with("tuning: /no/such/file: it cannot be read: "), "{missing}");
}

#[test]
fn the_planned_algorithm_stays_unless_another_is_clearly_faster() {
    let times = |of_halo: u64, of_tiled: u64| {
        let time = Duration::from_micros;
        [(Algorithm::Halo, time(of_halo)), (Algorithm::Tiled, time(of_tiled))]
    };
    assert_eq!(choose(Algorithm::Tiled, &times(980, 1000)), Algorithm::Tiled);
    assert_eq!(choose(Algorithm::Tiled, &times(960, 1000)), Algorithm::Halo);
    assert_eq!(choose(Algorithm::Tiled, &times(1100, 1000)), Algorithm::Tiled);
    assert_eq!(choose(Algorithm::Texel, &times(1100, 1000)), Algorithm::Tiled);
}

#[test]
fn the_cpu_has_nothing_to_tune() {
    let error = Tuning::new(&Device::cpu()).unwrap_err().to_string();
    assert!(error.starts_with("tuning: the device is ") && error.contains("CPU has no"), "{error}");
    assert!(matches!(Device::cpu().set_tuning(full()), Err(Error::TuningMismatch { .. })));
    assert_eq!(Device::cpu().set_tuning(None), Ok(()));
}

#[test]
fn a_result_beyond_rounding_or_of_another_size_is_wrong() {
    let operation = Operation::from(AvgPool2d::new([2, 2]));
    let output = vec![1.0, f32::NEG_INFINITY];
    let close = Expected { output: output.clone(), magnitude: Some(vec![-2.0, 2.0]) };
    let exact = Expected { output, magnitude: None };
    let within = [1.0 + 1e-6, f32::NEG_INFINITY];
    assert_eq!(close.check(&operation, Algorithm::Strip, &within), Ok(()));
    let error = exact.check(&operation, Algorithm::Strip, &within).unwrap_err().to_string();
    let text = "avg_pool2d: algorithm strip differs from the CPU by 9.5e-7, beyond rounding";
    assert_eq!(error, text);
    for wrong in [&[1.0, 0.0][..], &[f32::NAN, f32::NEG_INFINITY], &[1.0 + 3e-6, 0.0], &[1.0]] {
        let error = close.check(&operation, Algorithm::Strip, wrong);
        assert!(matches!(error, Err(Error::WrongResult { .. })), "{wrong:?} {error:?}");
    }
}
