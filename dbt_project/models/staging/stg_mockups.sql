select
    id as mockup_id,
    idea_id,
    design_id,
    hour,
    s3_uri,
    thumb_uri,
    cast(variant as text) as variant,
    color,
    cast(generation_params as text) as generation_params,
    ctr,
    width,
    height,
    created_at
from {{ source('record', 'mockups') }}
