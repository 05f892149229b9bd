select
    id as decision_id,
    subject,
    subject_id,
    kind,
    cast(choice as text) as choice,
    cast(because as text) as because,
    decided_by,
    created_at
from {{ source('record', 'decisions') }}
