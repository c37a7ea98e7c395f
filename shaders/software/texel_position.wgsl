// Where a texel of flat memory lies in its texture, which is filled row by row.
fn position(texel: u32) -> vec2<u32> {
    return vec2<u32>(texel % {{ texture_width }}u, texel / {{ texture_width }}u);
}
