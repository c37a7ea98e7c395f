{% if f16 %}
enable f16;
alias Element = f16;
{% else %}
alias Element = f32;
{% endif %}
