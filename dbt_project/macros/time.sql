{#- The UTC day that holds a moment. -#}
{% macro utc_day(moment) -%}
    cast({{ moment }} at time zone 'UTC' as date)
{%- endmacro %}

{#- Minutes from one moment to a later one, as a double. -#}
{% macro minutes(start, stop) -%}
    cast(extract(epoch from ({{ stop }} - {{ start }})) as double precision) / 60
{%- endmacro %}

{#- A select-list item that gives one row per day, both ends included; no row when an end is null. -#}
{% macro each_day(first, last) -%}
    {{ return(adapter.dispatch('each_day')(first, last)) }}
{%- endmacro %}

{% macro default__each_day(first, last) -%}
    cast(generate_series({{ first }}, {{ last }}, interval '1 day') as date)
{%- endmacro %}

{% macro duckdb__each_day(first, last) -%}
    cast(unnest(generate_series({{ first }}, {{ last }}, interval '1 day')) as date)
{%- endmacro %}
