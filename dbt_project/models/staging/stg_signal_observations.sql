select
    signal_id,
    captured_at,
    hour,
    likes,
    comments,
    views,
    payload_uri
from {{ source('record', 'signal_observations') }}
