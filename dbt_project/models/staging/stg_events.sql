select
    event_id,
    event_type,
    occurred_at,
    source,
    version,
    cast(data as text) as data,
    correlation_id
from {{ source('record', 'events') }}
