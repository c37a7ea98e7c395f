// Whether a float is one of those from a first to a last of the same sign, by their bits: no NaN is,
// and a subnormal number is none of the zeros. Compilers may take it that no float is NaN, and then
// make a maximum, which is 0 for NaN, of select(x, 0.0, x < 0.0).
fn lies_between(x: f32, first: u32, last: u32) -> bool {
    return bitcast<u32>(x) - first <= last - first;
}
