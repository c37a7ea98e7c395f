// An unsigned integer that orders as the float does; both zeros have the same. That of a NaN is
// NAN_KEY, above every number; no float has the key 0.
const NAN_KEY: u32 = 0xffffffffu;

fn order_key(bits: u32) -> u32 {
    let folded = select(bits, 0u, bits == 0x80000000u);
    let key = select(folded | 0x80000000u, ~folded, folded >= 0x80000000u);
    return select(key, NAN_KEY, (bits & 0x7fffffffu) > 0x7f800000u);
}
