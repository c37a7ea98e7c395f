{% if f16 %}
enable f16;
alias Element = f16;

// The nearest number of f16, ties to even; beyond the largest infinity. WGSL lets a conversion round
// either way, but not what f16 holds exactly.
fn to_element(value: f32) -> Element {
    let bits = bitcast<u32>(value);
    let magnitude = bits & 0x7fffffffu;
    // Below 2^-14 the last place is 2^-24.
    let small = bitcast<u32>(round(abs(value) * 0x1p+24) * 0x1p-24);
    var rounded = (magnitude + 0xfffu + ((magnitude >> 13u) & 1u)) & 0xffffe000u;
    rounded = select(rounded, small, magnitude < 0x38800000u);
    rounded = select(rounded, 0x7f800000u, rounded > 0x477fe000u);
    rounded = select(rounded, 0x7fc00000u, magnitude > 0x7f800000u);
    return Element(bitcast<f32>(rounded | (bits & 0x80000000u)));
}
{% else %}
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}
{% endif %}
