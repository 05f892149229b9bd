select
    listing_id,
    content_hash,
    cast(decision as text) as decision,
    decided_by,
    reason,
    created_at
from {{ source('record', 'approvals') }}
