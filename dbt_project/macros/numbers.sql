{#- One count as a share of another, 0 … 1; null when there is nothing to share. -#}
{% macro share(part, whole) -%}
    cast({{ part }} as double precision) / nullif({{ whole }}, 0)
{%- endmacro %}
