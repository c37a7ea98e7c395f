// The application's own two passes: a scene, and the scene with what filtro made of it.

struct Frame {
    seconds: f32,
    aspect: f32,
}

@group(0) @binding(0) var<uniform> frame: Frame;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

// One triangle that covers the target.
@vertex
fn corner(@builtin(vertex_index) index: u32) -> Corner {
    let uv = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return Corner(vec4<f32>(uv * 2.0 - 1.0, 0.0, 1.0), vec2<f32>(uv.x, 1.0 - uv.y));
}

fn turned(at: vec2<f32>, angle: f32) -> vec2<f32> {
    let c = cos(angle);
    let s = sin(angle);
    return vec2<f32>(at.x * c - at.y * s, at.x * s + at.y * c);
}

// A ring and a square that turn about each other over a slow gradient.
@fragment
fn scene(corner: Corner) -> @location(0) vec4<f32> {
    let at = (corner.uv - 0.5) * vec2<f32>(frame.aspect, 1.0) * 2.0;
    var colour = vec3<f32>(0.18, 0.22, 0.32) + 0.12 * vec3<f32>(corner.uv, 0.0);
    let orbit = 0.45 * vec2<f32>(cos(frame.seconds), sin(frame.seconds));
    if abs(length(at - orbit) - 0.32) < 0.1 {
        colour = vec3<f32>(0.95, 0.62, 0.2);
    }
    let square = abs(turned(at + orbit, -2.0 * frame.seconds));
    if max(square.x, square.y) < 0.28 {
        colour = vec3<f32>(0.3, 0.75, 0.9);
    }
    return vec4<f32>(colour, 1.0);
}

@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var edges: texture_2d<f32>;
@group(0) @binding(3) var smooth_sampler: sampler;

// The picture, darker, with its edges on top; the edges' texture is smaller.
@fragment
fn compose(corner: Corner) -> @location(0) vec4<f32> {
    let colour = textureSample(picture, smooth_sampler, corner.uv).rgb;
    let edge = textureSample(edges, smooth_sampler, corner.uv).rgb;
    return vec4<f32>(0.45 * colour + edge, 1.0);
}
