//! Numbers that PyTorch gave, and how far others are from them.

use safetensors::SafeTensors;

/// The numbers of a file, of so many bytes each.
pub(crate) fn frozen<const BYTES: usize>(
    file: &[u8],
    name: &str,
    number: fn([u8; BYTES]) -> f64,
) -> Vec<f64> {
    let file = SafeTensors::deserialize(file).unwrap();
    let view = file.tensor(name).unwrap();
    let (words, rest) = view.data().as_chunks::<BYTES>();
    assert!(rest.is_empty() && !words.is_empty(), "{name}");
    words.iter().map(|&word| number(word)).collect()
}

/// The largest difference, which a NaN exceeds every bound by.
pub(crate) fn difference(actual: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let differences = actual.iter().zip(expected).map(|(&y, &it)| (f64::from(y) - it).abs());
    differences.fold(0.0, |largest: f64, it| if it <= largest { largest } else { it })
}
