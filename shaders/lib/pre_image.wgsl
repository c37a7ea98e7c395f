// The coordinates of the padded input that read a cell of the input along one axis: candidate
// 0 .. pre_image_count() - 1, or -1 for a candidate that is none.
{% if padding_mode == "replicate" %}
fn pre_image_count(at: i32, size: i32, pad_begin: i32, pad_end: i32) -> i32 {
    return 1 + select(0, pad_begin, at == 0) + select(0, pad_end, at == size - 1);
}
{% else %}
fn pre_image_count(at: i32, size: i32, pad_begin: i32, pad_end: i32) -> i32 {
    return {{ 1 if padding_mode == "zeros" else 3 }};
}
{% endif %}

fn pre_image(candidate: i32, at: i32, size: i32, pad_begin: i32, pad_end: i32) -> i32 {
{% if padding_mode == "zeros" %}
    return at + pad_begin;
{% elif padding_mode == "replicate" %}
    return select(at + pad_begin, 0, at == 0) + candidate;
{% elif padding_mode == "reflect" %}
    if candidate == 0 {
        return at + pad_begin;
    }
    if candidate == 1 {
        return select(-1, pad_begin - at, at > 0 && at <= pad_begin);
    }
    let from_end = size - 1 - at;
    return select(-1, pad_begin + size - 1 + from_end, from_end > 0 && from_end <= pad_end);
{% elif padding_mode == "circular" %}
    let padded = at + pad_begin + (candidate - 1) * size;
    return select(-1, padded, padded >= 0 && padded < pad_begin + size + pad_end);
{% endif %}
}
