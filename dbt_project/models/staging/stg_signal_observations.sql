select
    signal_id,
    captured_at,
    hour,
    likes,
    comments,
    views,
    dislikes,
    payload_uri
from {{ source('record', 'signal_observations') }}
