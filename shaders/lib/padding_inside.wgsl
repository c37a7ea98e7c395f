{% include "lib/padding" %}

// As source_of, but always inside the input: also where the padding holds zeros, and for what lies
// beyond the last output, which nobody reads.
fn source_inside(at: i32, size: u32) -> u32 {
    return u32(clamp(source_of(at, i32(size)), 0, i32(size) - 1));
}
