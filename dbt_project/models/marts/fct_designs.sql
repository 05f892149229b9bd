select
    ideas.idea_id,
    {{ utc_day('coalesce(designs.hour, refusals.hour)') }} as day,
    designs.design_id,
    designs.design_id is not null as drawn,
    designs.artist,
    designs.layout,
    designs.palette,
    refusals.stage as refused_by,
    refusals.reason as refused_because,
    refusals.copies_design_id,
    coalesce(designs.cost_usd, 0) + coalesce(refusals.cost_usd, 0) as cost_usd,
    coalesce(designs.gpu_seconds, 0) as gpu_seconds
from {{ ref('stg_ideas') }} as ideas
left join {{ ref('stg_designs') }} as designs on designs.idea_id = ideas.idea_id
left join {{ ref('stg_refusals') }} as refusals on refusals.idea_id = ideas.idea_id
where designs.idea_id is not null or refusals.idea_id is not null
