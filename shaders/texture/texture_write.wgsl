// Computes: texels of scale * element + bias of channels of a tensor, as their format stores them,
//   packed into words that are copied into a texture.
// Owns: an invocation a texel, or those of a word where several share one; a workgroup 64
//   neighbours of a row. What lies behind the last texel of a row is not copied.
// Padding: none.
// Host guarantees: height * row_workgroups workgroups at least; rows of row_words words hold width
//   texels each; the elements of the rows lie in the planes, one for each of a number of channels,
//   from a start on; where alpha is kept the texels from left and top on lie in the texture.
// Reference: src/reference/texture.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    row_workgroups: u32,
    width: u32,
    height: u32,
    left: u32,
    top: u32,
    row_words: u32,
    alpha_bits: u32,
{% for name in ["start", "scale", "bias"] %}
{% for channel in range(4) %}
    {{ name }}_{{ channel }}: {{ "u32" if name == "start" else "f32" }},
{% endfor %}
{% endfor %}
}

@group(0) @binding(0) var<uniform> params: Params;
{% set first = 2 if alpha == "kept" else 1 %}
{% if alpha == "kept" %}
@group(0) @binding(1) var before: texture_2d<f32>;
{% endif %}
{% for channel in range(channels) %}
@group(0) @binding({{ first + channel }}) var<storage, read> plane_{{ channel }}: array<Element>;
{% endfor %}
@group(0) @binding({{ first + channels }}) var<storage, read_write> words: array<u32>;

{% if linear %}
{% include "texture/srgb" %}

{% endif %}
{% if texels == "unorm8" %}
// From 0 to 1, and 0 for NaN. As whole numbers, those from 0 to 1 order as they are and above
// infinity lie NaN and what is below 0; as floats none may be taken to be NaN.
fn clamped(value: f32) -> f32 {
    let bits = bitcast<u32>(value);
    return bitcast<f32>(select(min(bits, 0x3f800000u), 0u, bits > 0x7f800000u));
}

// The nearest of 0 to 255, ties to even. In whole numbers, since a product of floats that is rounded
// may become a tie.
fn unorm8(value: f32) -> u32 {
    let bits = bitcast<u32>(clamped(value));
    let product = ((bits & 0x7fffffu) | 0x800000u) * 255u;
    // In halves: one place more than stand before the point. Below 2^-9 all is nearest to 0.
    let shift = min(149u - (bits >> 23u), 31u);
    let halves = product >> shift;
    let is_up = (product & ((1u << shift) - 1u)) != 0u || (halves & 2u) != 0u;
    return select((halves + select(0u, 1u, is_up)) >> 1u, 0u, bits < 0x3b000000u);
}
{% if linear %}

fn light8(value: f32) -> u32 {
    return unorm8(srgb_stored(clamped(value)));
}
{% endif %}
{% endif %}
{% if texels == "float16" %}
// The nearest number of f16, ties to even; beyond the largest infinity. In whole numbers, since not
// every adapter has f16, and WGSL lets a conversion round either way.
fn float16(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    let magnitude = bits & 0x7fffffffu;
    let normal = ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u)) >> 13u) - (112u << 10u);
    // Below 2^-14 the last place is 2^-24; where all of the significand lies behind it, 0.
    let shift = min(126u - min(magnitude >> 23u, 112u), 25u);
    let significand = (magnitude & 0x7fffffu) | 0x800000u;
    let small = (significand + (1u << (shift - 1u)) - 1u + ((significand >> shift) & 1u)) >> shift;
    var rounded = select(normal, small, magnitude < 0x38800000u);
    rounded = select(rounded, 0x7c00u, magnitude >= 0x477ff000u);
    rounded = select(rounded, 0x7e00u, magnitude > 0x7f800000u);
    return rounded | ((bits >> 16u) & 0x8000u);
}
{% endif %}
{% set stored = {"unorm8": "unorm8", "float16": "float16", "float32": "bitcast<u32>"}[texels] %}

{% for channel in range(channels) %}
fn number_{{ channel }}(place: u32) -> u32 {
{% set to_texel = "light8" if linear and channel < 3 else stored %}
    let element = f32(plane_{{ channel }}[params.start_{{ channel }} + place]);
{% if scaled %}
    return {{ to_texel }}(params.scale_{{ channel }} * element + params.bias_{{ channel }});
{% else %}
    return {{ to_texel }}(element);
{% endif %}
}

{% endfor %}
{% set shared = {"unorm8": 4, "float16": 2, "float32": 1}[texels] if components == 1 else 1 %}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workgroup = group.x + group.y * params.grid_width;
    let y = workgroup / params.row_workgroups;
    let unit = (workgroup - y * params.row_workgroups) * 64u + local;
    let x = unit{{ " * " ~ shared ~ "u" if shared > 1 }};
    if x >= params.width || y >= params.height {
        return;
    }
    let row = y * params.width;
{% if components == 1 %}
    var word = number_0(row + x);
{% for texel in range(1, shared) %}
    word |= number_0(row + min(x + {{ texel }}u, params.width - 1u)) << {{ texel * 32 // shared }}u;
{% endfor %}
    words[y * params.row_words + unit] = word;
{% else %}
    let red = number_0(row + x);
{% if channels == 1 %}
    let green = red;
    let blue = red;
{% else %}
    let green = number_1(row + x);
    let blue = number_2(row + x);
{% endif %}
{% if alpha == "channel" %}
    let alpha = number_3(row + x);
{% elif alpha == "set" %}
    let alpha = params.alpha_bits;
{% else %}
    let old = textureLoad(before, vec2<u32>(params.left + x, params.top + y), 0).w;
    let alpha = {{ "u32(old * 255.0 + 0.5)" if texels == "unorm8" else stored ~ "(old)" }};
{% endif %}
{% if texels == "unorm8" %}
    words[y * params.row_words + unit] =
        {{ "blue" if bgra else "red" }} | (green << 8u) | ({{ "red" if bgra else "blue" }} << 16u) | (alpha << 24u);
{% elif texels == "float16" %}
    let place = y * params.row_words + unit * 2u;
    words[place] = red | (green << 16u);
    words[place + 1u] = blue | (alpha << 16u);
{% else %}
    let place = y * params.row_words + unit * 4u;
    words[place] = red;
    words[place + 1u] = green;
    words[place + 2u] = blue;
    words[place + 3u] = alpha;
{% endif %}
{% endif %}
}
