with

scores as (
    select {{ utc_day('hour') }} as day, score
    from {{ ref('stg_ideas') }}
),

days as (
    select distinct day from scores
),

-- The bar of a day is set by the scores of the trailing window, that day included.
thresholds as (
    select
        days.day,
        percentile_cont({{ var('top_quartile') }}) within group (order by scores.score) as score_threshold
    from days
    inner join scores on scores.day between days.day - {{ var('top_quartile_days') - 1 }} and days.day
    group by days.day
),

-- The sighting that led to the idea: the last one before the idea was first scored.
sightings as (
    select ideas.idea_id, max(observations.captured_at) as ingested_at
    from {{ ref('stg_ideas') }} as ideas
    inner join {{ ref('stg_signal_observations') }} as observations
        on observations.signal_id = ideas.signal_id
        and observations.captured_at <= ideas.created_at
    group by ideas.idea_id
),

mockups as (
    select idea_id, count(*) as mockups, min(created_at) as first_mockup_at
    from {{ ref('stg_mockups') }}
    group by idea_id
),

listings as (
    select
        idea_id,
        count(*) as listings,
        count(*) filter (where handed_over_at is not null or live_at is not null) as published_listings
    from {{ ref('stg_listings') }}
    group by idea_id
)

select
    ideas.idea_id,
    {{ utc_day('ideas.hour') }} as day,
    ideas.hour,
    ideas.phrase,
    ideas.title,
    ideas.niche,
    ideas.format,
    ideas.mood,
    ideas.occasion,
    ideas.event_date,
    ideas.signal_id,
    signals.source,
    signals.category,
    ideas.freshness,
    ideas.engagement,
    ideas.novelty,
    ideas.community_fit,
    ideas.seasonality,
    ideas.score,
    ideas.weights_version,
    ideas.reason,
    thresholds.score_threshold,
    ideas.score >= thresholds.score_threshold as top_quartile,
    ideas.status,
    designs.idea_id is not null as has_design,
    mockups.idea_id is not null as has_mockup,
    coalesce(mockups.mockups, 0) as mockups,
    coalesce(listings.listings, 0) as listings,
    coalesce(listings.published_listings, 0) as published_listings,
    sightings.ingested_at,
    ideas.created_at as scored_at,
    mockups.first_mockup_at,
    {{ minutes('sightings.ingested_at', 'mockups.first_mockup_at') }} as minutes_to_mockup
from {{ ref('stg_ideas') }} as ideas
inner join {{ ref('stg_signals') }} as signals on signals.signal_id = ideas.signal_id
inner join thresholds on thresholds.day = {{ utc_day('ideas.hour') }}
left join sightings on sightings.idea_id = ideas.idea_id
left join {{ ref('stg_designs') }} as designs on designs.idea_id = ideas.idea_id
left join mockups on mockups.idea_id = ideas.idea_id
left join listings on listings.idea_id = ideas.idea_id
