// Computes: channels of a tensor from components of the texels of a texture, scale * value + bias.
// Owns: an invocation one texel, of which it writes up to four channels; a workgroup 64 neighbours
//   of a row.
// Padding: none.
// Host guarantees: height * row_workgroups workgroups at least; the width * height texels from left
//   and top on lie in the texture, the elements from start on in the output, a channel every
//   channel_stride; components are those that the format has.
// Reference: src/reference/texture.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    row_workgroups: u32,
    width: u32,
    height: u32,
    left: u32,
    top: u32,
    start: u32,
    channel_stride: u32,
{% for name in ["component", "scale", "bias"] %}
{% for channel in range(4) %}
    {{ name }}_{{ channel }}: {{ "u32" if name == "component" else "f32" }},
{% endfor %}
{% endfor %}
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var source: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

{% if decoded or linear %}
{% include "texture/srgb" %}

{% endif %}
fn value_of(texel: vec4<f32>, component: u32) -> f32 {
    let is_odd = (component & 1u) != 0u;
    let low = select(texel.x, texel.y, is_odd);
    let value = select(low, select(texel.z, texel.w, is_odd), component >= 2u);
{% if texels == "unorm8" %}
{% if decoded %}
    let byte = u32(select(srgb_stored(value), value, component == 3u) * 255.0 + 0.5);
{% else %}
    let byte = u32(value * 255.0 + 0.5);
{% endif %}
    // byte / 255 rounded once, as on the host: the byte repeats without end behind the point, the
    // first three times and two more are exact, and a quotient of GPUs need not be.
    let stored = f32(byte * 0x010101u) * 0x1p-24 + f32(byte * 0x0101u) * 0x1p-40;
{% if linear %}
    return select(srgb_light(stored), stored, component == 3u);
{% else %}
    return stored;
{% endif %}
{% else %}
    return value;
{% endif %}
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workgroup = group.x + group.y * params.grid_width;
    let y = workgroup / params.row_workgroups;
    let x = (workgroup - y * params.row_workgroups) * 64u + local;
    if x >= params.width || y >= params.height {
        return;
    }
    let texel = textureLoad(source, vec2<u32>(params.left + x, params.top + y), 0);
    let place = params.start + y * params.width + x;
{% for channel in range(channels) %}
    let value_{{ channel }} = value_of(texel, params.component_{{ channel }});
{% if scaled %}
    output[place + {{ channel }}u * params.channel_stride] =
        to_element(params.scale_{{ channel }} * value_{{ channel }} + params.bias_{{ channel }});
{% else %}
    output[place + {{ channel }}u * params.channel_stride] = to_element(value_{{ channel }});
{% endif %}
{% endfor %}
}
