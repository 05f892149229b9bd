select
    version as weights_version,
    freshness,
    engagement,
    novelty,
    community_fit,
    seasonality,
    cast(status as text) as status,
    algorithm,
    outcomes,
    reason,
    cast(report as text) as report,
    learned_on,
    created_at
from {{ source('record', 'scoring_weights') }}
