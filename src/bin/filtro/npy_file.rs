//! NumPy's `.npy` files, read as float32. Knows no other module of the command.

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

/// An array of a `.npy` file, and the name of its type if its numbers were rounded to float32.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NpyFile {
    pub(crate) array: ArrayD<f32>,
    pub(crate) rounded_from: Option<String>,
}

/// What the numbers of an array are, of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
    Bool,
}

/// What stands before the numbers.
#[derive(Debug, Clone, PartialEq)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Reads the bytes of a file: arrays of floating point and whole numbers and booleans, of either
/// byte order and either order of axes, each number rounded to the nearest float32.
pub(crate) fn parse(bytes: &[u8]) -> Result<NpyFile, String> {
    const BROKEN: &str = "not a .npy file that can be read";
    let (text, data) = split(bytes).ok_or_else(|| format!("{BROKEN}: its header is broken"))?;
    let header = header(text)
        .ok_or_else(|| format!("{BROKEN}: its header is no dictionary of a shape and a type"))?;
    let (kind, size, big_endian) = numbers_of(&header.descr).ok_or_else(|| {
        format!(
            "holds {:?}, but it must hold floating point or whole numbers or booleans; in NumPy: \
             array.astype('float32')",
            header.descr
        )
    })?;
    let count = if header.shape.contains(&0) {
        Some(0)
    } else {
        header.shape.iter().try_fold(1, |count: usize, &size| count.checked_mul(size))
    };
    let len = count.and_then(|count| count.checked_mul(size));
    match len {
        Some(len) if len == data.len() => {}
        Some(len) if len < data.len() => {
            return Err(format!("{BROKEN}: it is longer than its header says"));
        }
        _ => return Err(format!("{BROKEN}: it is shorter than its header says")),
    }
    let mut values = Vec::new();
    values
        .try_reserve_exact(count.unwrap_or(0))
        .map_err(|_| "there is no memory for its numbers as float32".to_owned())?;
    let mut exact = true;
    for number in data.chunks_exact(size) {
        let mut little = [0; 8];
        for (at, byte) in little[..size].iter_mut().enumerate() {
            *byte = number[if big_endian { size - 1 - at } else { at }];
        }
        let (value, is_exact) = value(kind, size, little);
        exact &= is_exact;
        values.push(value);
    }
    let mut shape = IxDyn(&header.shape).into_shape_with_order();
    if header.fortran_order {
        shape = IxDyn(&header.shape).f();
    }
    let array = ArrayD::from_shape_vec(shape, values)
        .map_err(|_| format!("{BROKEN}: no array is {:?}", header.shape))?;
    let rounded_from = (!exact).then(|| name(kind, size));
    Ok(NpyFile { array: array.as_standard_layout().into_owned(), rounded_from })
}

/// The header's text, and the numbers.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (len, rest) = match *rest {
        [1, _, low, high, ref rest @ ..] => (usize::from(u16::from_le_bytes([low, high])), rest),
        [2 | 3, _, a, b, c, d, ref rest @ ..] => {
            (usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?, rest)
        }
        _ => return None,
    };
    let (text, data) = rest.split_at_checked(len)?;
    Some((std::str::from_utf8(text).ok()?, data))
}

/// A Python dictionary such as `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
fn header(text: &str) -> Option<Header> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = string(rest)?;
        rest = after.trim_start().strip_prefix(':')?.trim_start();
        match key {
            "descr" => {
                let (found, after) = string(rest).or_else(|| list(rest))?;
                (descr, rest) = (Some(found.to_owned()), after);
            }
            "fortran_order" => {
                let (found, after) = match rest.strip_prefix("True") {
                    Some(after) => (true, after),
                    None => (false, rest.strip_prefix("False")?),
                };
                (fortran_order, rest) = (Some(found), after);
            }
            "shape" => {
                let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
                (shape, rest) = (Some(sizes(inside)?), after);
            }
            _ => return None,
        }
        rest = rest.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(Header { descr: descr?, fortran_order: fortran_order?, shape: shape? })
}

/// A string in single or double quotes at the begin of a text, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// The list of fields that a structured array has for a type, and what follows it.
fn list(text: &str) -> Option<(&str, &str)> {
    let end = text.strip_prefix('[')?.find(']')? + 2;
    Some(text.split_at(end))
}

/// Whole numbers with commas between them, each as Python 2 wrote long ones too: `3L`.
fn sizes(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let text = text.strip_suffix(',').unwrap_or(text);
    text.split(',')
        .map(|size| {
            let size = size.trim();
            size.strip_suffix('L').unwrap_or(size).parse().ok()
        })
        .collect()
}

/// What a type such as `<f4` is: numbers of so many bytes, and whether the first is the highest.
fn numbers_of(descr: &str) -> Option<(Kind, usize, bool)> {
    let (big_endian, plain) = match descr.split_at_checked(1)? {
        (">", plain) => (true, plain),
        ("<" | "|", plain) => (false, plain),
        ("=", plain) => (cfg!(target_endian = "big"), plain),
        _ => (false, descr),
    };
    let (kind, size) = match plain {
        "f2" | "f4" | "f8" => (Kind::Float, &plain[1..]),
        "i1" | "i2" | "i4" | "i8" => (Kind::Signed, &plain[1..]),
        "u1" | "u2" | "u4" | "u8" => (Kind::Unsigned, &plain[1..]),
        "b1" | "?" => (Kind::Bool, "1"),
        _ => return None,
    };
    Some((kind, size.parse().ok()?, big_endian))
}

fn name(kind: Kind, size: usize) -> String {
    let kind = match kind {
        Kind::Float => "float",
        Kind::Signed => "int",
        Kind::Unsigned => "uint",
        Kind::Bool => return "bool".into(),
    };
    format!("{kind}{}", 8 * size)
}

/// The nearest float32 of a number of so many bytes, and whether it is the number itself.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "rounding to the nearest is what is meant, and the upper bytes are none"
)]
fn value(kind: Kind, size: usize, little: [u8; 8]) -> (f32, bool) {
    let bits = u64::from_le_bytes(little);
    match (kind, size) {
        (Kind::Float, 2) => (half::f16::from_bits(bits as u16).to_f32(), true),
        (Kind::Float, 4) => (f32::from_bits(bits as u32), true),
        (Kind::Float, _) => {
            let wide = f64::from_bits(bits);
            let value = wide as f32;
            (value, f64::from(value) == wide || wide.is_nan())
        }
        (Kind::Signed, size) => {
            let unused = 64 - 8 * size as u32;
            let whole = (bits << unused) as i64 >> unused;
            (whole as f32, whole as f32 as i128 == i128::from(whole))
        }
        (Kind::Unsigned, _) => (bits as f32, bits as f32 as i128 == i128::from(bits)),
        (Kind::Bool, _) => (if bits == 0 { 0.0 } else { 1.0 }, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of a type, an order, a shape as it is written, and numbers.
    fn file(descr: &str, fortran_order: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let order = if fortran_order { "True" } else { "False" };
        with_header(
            &format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"),
            data,
        )
    }

    fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{header:<117}\n");
        let len = u16::try_from(header.len()).unwrap_or(0).to_le_bytes();
        [b"\x93NUMPY\x01\0", &len[..], header.as_bytes(), data].concat()
    }

    fn numbers(bytes: &[u8]) -> Result<Vec<f32>, String> {
        parse(bytes).map(|file| file.array.into_iter().collect())
    }

    fn rounded_from(bytes: &[u8]) -> Option<String> {
        parse(bytes).ok().and_then(|file| file.rounded_from)
    }

    #[test]
    fn every_type_of_numbers_is_read_and_rounded_to_the_nearest() {
        let f64s = [0.1_f64, -2.5, 1e-60, 1e300].map(f64::to_le_bytes).concat();
        let bytes = file("<f8", false, "(4,)", &f64s);
        assert_eq!(numbers(&bytes), Ok(vec![0.1, -2.5, 0.0, f32::INFINITY]));
        assert_eq!(rounded_from(&bytes).as_deref(), Some("float64"));
        let even = 16_777_217.0_f64; // Half way between two; the even one is below.
        let f64s = [even, even + 2.0, f64::NAN].map(f64::to_be_bytes).concat();
        let read = numbers(&file(">f8", false, "(3,)", &f64s)).unwrap_or_default();
        assert!(read[..2] == [16_777_216.0, 16_777_220.0] && read[2].is_nan(), "{read:?}");

        let halves = [0x3c00_u16, 0xc500, 0x0001, 0x7c00].map(u16::to_le_bytes).concat();
        let expected = vec![1.0, -5.0, 2.0_f32.powi(-24), f32::INFINITY];
        assert_eq!(numbers(&file("<f2", false, "(4,)", &halves)), Ok(expected));
        let i16s = [-300_i16, 7].map(i16::to_be_bytes).concat();
        assert_eq!(numbers(&file(">i2", false, "(2,)", &i16s)), Ok(vec![-300.0, 7.0]));
        assert_eq!(rounded_from(&file(">i2", false, "(2,)", &i16s)), None);
        let i64s = [i64::MIN, -16_777_217].map(i64::to_le_bytes).concat();
        let bytes = file("<i8", false, "(2,)", &i64s);
        assert_eq!(numbers(&bytes), Ok(vec![-9.223_372e18, -16_777_216.0]));
        assert_eq!(rounded_from(&bytes).as_deref(), Some("int64"));
        let u64s = [u64::MAX, 3].map(u64::to_le_bytes).concat();
        assert_eq!(numbers(&file("<u8", false, "(2,)", &u64s)), Ok(vec![1.844_674_4e19, 3.0]));
        assert_eq!(numbers(&file("|i1", false, "(2,)", &[0x80, 1])), Ok(vec![-128.0, 1.0]));
        assert_eq!(numbers(&file("|u1", false, "(2,)", &[0x80, 1])), Ok(vec![128.0, 1.0]));
        assert_eq!(numbers(&file("|b1", false, "(2,)", &[0, 1])), Ok(vec![0.0, 1.0]));
        let f32s = [1.5_f32, -0.0].map(f32::to_be_bytes).concat();
        assert_eq!(numbers(&file(">f4", false, "(2,)", &f32s)), Ok(vec![1.5, 0.0]));
    }

    #[test]
    fn an_array_in_fortrans_order_is_the_same_array() {
        let data: Vec<u8> = (0..6).collect();
        let read = parse(&file("|u1", true, "(2, 3)", &data)).map(|file| file.array);
        let expected = ndarray::array![[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]].into_dyn();
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn headers_of_other_writers_are_read() {
        for header in [
            r#"{"descr": "|u1", "fortran_order": False, "shape": (2, 3)}"#,
            "{'shape': (2L, 3L), 'fortran_order': False, 'descr': '|u1'}",
            "{ 'descr' : '|u1' ,'fortran_order':False,'shape':( 2,3, ) , }",
        ] {
            let read = parse(&with_header(header, &[0; 6])).map(|file| file.array.shape().to_vec());
            assert_eq!(read, Ok(vec![2, 3]), "{header}");
        }
        let scalar = file("<f4", false, "()", &1.0_f32.to_le_bytes());
        assert_eq!(parse(&scalar).map(|file| file.array.ndim()), Ok(0));
        let mut third = file("|u1", false, "(1,)", &[7]);
        third.splice(6..10, [3, 0, 118, 0, 0, 0]);
        assert_eq!(numbers(&third), Ok(vec![7.0]));
    }

    #[test]
    fn a_forged_header_is_an_error() {
        let most = usize::MAX / 2;
        for (shape, message) in [
            (format!("(0, 3, {most}, {most})"), "no array is [0, 3, "),
            (format!("({most}, {most})"), "it is shorter than its header says"),
            ("(99999999999999999999999, 1)".into(), "its header is no dictionary"),
            ("(-1, 2)".into(), "its header is no dictionary"),
            ("(2, 3".into(), "its header is no dictionary"),
            ("(2,,3)".into(), "its header is no dictionary"),
            ("(2, 2)".into(), "it is longer than its header says"),
        ] {
            let data = if shape.starts_with("(0") { &[][..] } else { &[0; 24] };
            let error = parse(&file("<f4", false, &shape, data)).map(|_| ()).unwrap_err();
            assert!(error.contains(message), "{shape}: {error}");
        }
        let doubled = r#"{"descr": "<f4", "fortran_order": False, "shape": (1099511627776,)}"#;
        assert!(parse(&with_header(doubled, &[0; 4])).unwrap_err().contains("shorter"));
        for descr in ["<c8", "<M8[D]", "|O", "<U3", "", "é4", "<f16"] {
            let error = parse(&file(descr, false, "(1,)", &[0; 16])).map(|_| ()).unwrap_err();
            assert!(error.contains("but it must hold floating point"), "{descr}: {error}");
        }
        let records = "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }";
        let error = parse(&with_header(records, &[0; 4])).map(|_| ()).unwrap_err();
        assert!(error.starts_with("holds \"[('x', '<f4')]\""), "{error}");
        for len in 0..60 {
            assert!(parse(&file("<f4", false, "(1,)", &[0; 4])[..len]).is_err());
        }
    }
}
