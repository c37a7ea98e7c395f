{% if f16 %}
{% include "lib/element" %}
{% else %}
// Bits of f32: WGSL lets an implementation assume that floats are never NaN or infinite.
alias Element = u32;
{% endif %}
