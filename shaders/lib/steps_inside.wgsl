{% include "lib/padding" %}

// Of so many steps from a start, the first that lies in the input and not in zeros, and the one
// behind the last.
fn steps_inside(start: i32, step: i32, steps: i32, size: i32) -> vec2<i32> {
{% if padding_mode == "zeros" %}
    let distances = max(vec2(-start, size - start), vec2(0));
    // Distances over the step, rounded up.
    return min((max(distances, vec2(1)) - 1) / step + min(distances, vec2(1)), vec2(steps));
{% else %}
    return vec2(0, steps);
{% endif %}
}
