select
    id as signal_id,
    content,
    source,
    external_id,
    url,
    category,
    published_at,
    captured_at,
    cast(metadata as text) as metadata,
    content_hash,
    created_at
from {{ source('record', 'signals') }}
