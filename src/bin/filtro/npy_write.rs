//! Arrays as NumPy's `.npy` files. Knows no other module of the command.

use ndarray::{Array, Dimension};

/// A type of numbers that files hold.
pub(crate) trait Number: Copy {
    /// NumPy's name of the type.
    const DESCR: &'static str;

    fn put(self, bytes: &mut Vec<u8>);
}

impl Number for f32 {
    const DESCR: &'static str = "<f4";

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for i64 {
    const DESCR: &'static str = "<i8";

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

/// The bytes of a file, as NumPy writes it: version 1, the last axis innermost.
pub(crate) fn bytes<T: Number, D: Dimension>(array: &Array<T, D>) -> Vec<u8> {
    /// The numbers begin at a multiple of this.
    const ALIGNMENT: usize = 64;
    /// The magic string, the version and the length of the header.
    const BEFORE: usize = 10;
    let sizes: Vec<_> = array.shape().iter().map(usize::to_string).collect();
    let comma = if sizes.len() == 1 { "," } else { "" };
    let header = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        T::DESCR,
        sizes.join(", ")
    );
    let begin = (BEFORE + header.len() + 1).next_multiple_of(ALIGNMENT);
    // Two bytes hold the length of what any array of a layer has for a header.
    let [low, high, ..] = (begin - BEFORE).to_le_bytes();
    let mut bytes = Vec::with_capacity(begin + array.len() * size_of::<T>());
    bytes.extend(b"\x93NUMPY\x01\x00");
    bytes.extend([low, high]);
    bytes.extend(header.as_bytes());
    bytes.resize(begin - 1, b' ');
    bytes.push(b'\n');
    for &number in array {
        number.put(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array4, ArrayD, Ix1, Ix4, IxDyn, ShapeBuilder};
    use ndarray_npy::ReadNpyExt;

    use super::*;

    #[test]
    fn what_is_written_is_read_by_another_reader() {
        let array = Array4::from_shape_fn((2, 3, 4, 5), |(b, c, y, x)| {
            (b * 1000 + c * 100 + y * 10 + x) as f32 - 0.5
        });
        let mut fortran = Array4::zeros((2, 3, 4, 5).f());
        fortran.assign(&array);
        for array in [&array, &fortran] {
            let read = Array::<f32, Ix4>::read_npy(&bytes(array)[..]);
            assert_eq!(read.ok().as_ref(), Some(array));
        }
        let indices = Array1::from_vec(vec![-1, i64::MAX, 7]);
        let read = Array::<i64, Ix1>::read_npy(&bytes(&indices)[..]);
        assert_eq!(read.ok(), Some(indices));
        let scalar = ArrayD::from_elem(IxDyn(&[]), 2.5_f32);
        assert_eq!(ArrayD::<f32>::read_npy(&bytes(&scalar)[..]).ok(), Some(scalar));
    }

    #[test]
    fn a_file_has_the_bytes_that_numpy_writes() {
        let written = bytes(&Array1::from_vec(vec![1.0_f32]));
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
        let begin = [b"\x93NUMPY\x01\0\x76\0", header.as_bytes()].concat();
        assert!(written.starts_with(&begin));
        assert!(written[begin.len()..127].iter().all(|&byte| byte == b' '));
        assert_eq!(written[127..], [b'\n', 0, 0, 0x80, 0x3f]);
        // Headers of every length up to a second block of 64 bytes.
        for rank in 2..40 {
            let written = bytes(&ArrayD::<i64>::zeros(vec![1; rank]));
            assert_eq!(written.len() % 64, 8, "{rank} axes");
            assert_eq!(written[written.len() - 9], b'\n', "{rank} axes");
        }
    }
}
