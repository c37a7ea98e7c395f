// Where a coordinate of the padded input lies in the input, or -1 where the padding holds zeros.
// The host guarantees padding below (reflect) or at most (circular) the size.
fn source_of(at: i32, size: i32) -> i32 {
{% if padding_mode == "zeros" %}
    return select(-1, at, at >= 0 && at < size);
{% elif padding_mode == "reflect" %}
    let folded = abs(at);
    return select(folded, 2 * (size - 1) - folded, folded >= size);
{% elif padding_mode == "replicate" %}
    return clamp(at, 0, size - 1);
{% elif padding_mode == "circular" %}
    return at + select(0, size, at < 0) - select(0, size, at >= size);
{% endif %}
}
