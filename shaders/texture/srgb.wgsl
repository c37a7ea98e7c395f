// The curve of sRGB, both ways, of numbers from 0 to 1.
fn srgb_light(stored: f32) -> f32 {
    let power = pow((stored + 0.055) * (1.0 / 1.055), 2.4);
    return select(power, stored * (1.0 / 12.92), stored <= 0.04045);
}

fn srgb_stored(light: f32) -> f32 {
    let root = 1.055 * pow(light, 1.0 / 2.4) - 0.055;
    return select(root, light * 12.92, light <= 0.0031308);
}
