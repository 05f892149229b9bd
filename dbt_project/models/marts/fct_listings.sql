with

-- A listing is published from the moment it was handed over as an upload pack or went live, whichever came first.
listings as (
    select *, least(handed_over_at, live_at) as published_at
    from {{ ref('stg_listings') }}
),

metrics as (
    select
        listing_id,
        count(*) as metric_hours,
        max(hour) as last_metric_hour,
        cast(sum(views) as bigint) as views,
        cast(sum(favorites) as bigint) as favorites,
        cast(sum(carts) as bigint) as carts,
        cast(sum(sales) as bigint) as sales,
        cast(sum(revenue_cents) as bigint) as revenue_cents
    from {{ ref('stg_listing_metrics') }}
    group by listing_id
)

select
    listings.listing_id,
    listings.idea_id,
    listings.design_id,
    listings.mockup_id,
    listings.marketplace,
    listings.product,
    listings.external_id,
    listings.listing_url,
    listings.status,
    listings.status_reason,
    listings.title,
    listings.price_cents,
    listings.currency,
    ideas.niche,
    ideas.format,
    ideas.source,
    ideas.score,
    ideas.top_quartile,
    metrics.listing_id is not null as has_metrics,
    coalesce(metrics.metric_hours, 0) as metric_hours,
    metrics.last_metric_hour,
    metrics.views,
    metrics.favorites,
    metrics.carts,
    metrics.sales,
    metrics.revenue_cents,
    metrics.favorites + metrics.carts + metrics.sales > 0 as positive_signal,
    {{ utc_day('listings.published_at') }} as published_day,
    ideas.ingested_at,
    listings.created_at,
    listings.handed_over_at,
    listings.live_at,
    listings.published_at,
    {{ minutes('ideas.ingested_at', 'listings.handed_over_at') }} as minutes_to_handed_over,
    {{ minutes('ideas.ingested_at', 'listings.live_at') }} as minutes_to_live,
    {{ minutes('ideas.ingested_at', 'listings.published_at') }} as minutes_to_published
from listings
inner join {{ ref('fct_ideas') }} as ideas on ideas.idea_id = listings.idea_id
left join metrics on metrics.listing_id = listings.listing_id
