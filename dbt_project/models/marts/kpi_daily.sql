with

ideas as (
    select
        day,
        count(*) as ideas,
        count(*) filter (where has_mockup) as mocked_ideas,
        count(*) filter (where top_quartile) as top_quartile_ideas,
        count(*) filter (where top_quartile and has_mockup) as top_quartile_mocked_ideas
    from {{ ref('fct_ideas') }}
    group by day
),

chosen as (
    select day, count(*) as chosen_ideas, count(*) filter (where drawn) as drawn_ideas
    from {{ ref('fct_designs') }}
    group by day
),

published as (
    select
        published_day as day,
        count(*) as published_listings,
        count(*) filter (where has_metrics) as measured_listings,
        count(*) filter (where positive_signal) as positive_listings,
        {%- for step in ('published', 'handed_over', 'live') %}
        percentile_cont(0.5) within group (order by minutes_to_{{ step }}) as minutes_to_{{ step }}_p50,
        percentile_cont(0.95) within group (order by minutes_to_{{ step }}) as minutes_to_{{ step }}_p95
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref('fct_listings') }}
    where published_day is not null
    group by published_day
),

-- Up to today, so that a day on which nothing happened is a row of zeros.
span as (
    select min(day) as first_day, greatest(max(day), {{ utc_day('now()') }}) as last_day
    from (
        select day from ideas
        union all
        select day from published
    ) as seen
),

days as (
    select {{ each_day('first_day', 'last_day') }} as day
    from span
    where first_day is not null
),

kpis as (
    select
        days.day,
        days.day < {{ utc_day('now()') }} as is_complete,

        coalesce(ideas.ideas, 0) as ideas,
        coalesce(ideas.top_quartile_ideas, 0) as top_quartile_ideas,
        {{ var('target_top_quartile_ideas') }} as top_quartile_ideas_target,

        coalesce(ideas.top_quartile_mocked_ideas, 0) as top_quartile_mocked_ideas,
        {{ share('ideas.top_quartile_mocked_ideas', 'ideas.top_quartile_ideas') }} as mockup_share,
        cast({{ var('target_mockup_share') }} as double precision) as mockup_share_target,
        {{ share('ideas.mocked_ideas', 'ideas.ideas') }} as mockup_share_of_all,

        coalesce(chosen.chosen_ideas, 0) as chosen_ideas,
        coalesce(chosen.drawn_ideas, 0) as drawn_ideas,
        {{ share('chosen.drawn_ideas', 'chosen.chosen_ideas') }} as drawn_share,

        coalesce(published.published_listings, 0) as published_listings,
        coalesce(published.measured_listings, 0) as measured_listings,
        coalesce(published.positive_listings, 0) as positive_listings,
        case
            when published.measured_listings > 0
                then {{ share('published.positive_listings', 'published.published_listings') }}
        end as positive_share,
        cast({{ var('target_positive_share') }} as double precision) as positive_share_target,
        {{ share('published.positive_listings', 'published.measured_listings') }} as positive_share_of_measured,

        published.minutes_to_published_p50,
        published.minutes_to_published_p95,
        cast({{ var('target_minutes_to_published') }} as double precision) as minutes_to_published_target,
        published.minutes_to_handed_over_p50,
        published.minutes_to_handed_over_p95,
        published.minutes_to_live_p50,
        published.minutes_to_live_p95
    from days
    left join ideas on ideas.day = days.day
    left join chosen on chosen.day = days.day
    left join published on published.day = days.day
)

select
    *,
    top_quartile_ideas >= top_quartile_ideas_target as top_quartile_ideas_met,
    mockup_share >= mockup_share_target as mockup_share_met,
    positive_share >= positive_share_target as positive_share_met,
    minutes_to_published_p95 <= minutes_to_published_target as minutes_to_published_met
from kpis
