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
    text_hash,
    topic_id,
    topic_likeness,
    created_at
from {{ source('record', 'signals') }}
