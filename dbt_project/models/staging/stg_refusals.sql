select
    idea_id,
    hour,
    stage,
    reason,
    cast(verdicts as text) as verdicts,
    cast(attempts as text) as attempts,
    cast(cost_micros as double precision) / 1000000 as cost_usd,
    copies as copies_design_id,
    created_at
from {{ source('record', 'refusals') }}
