select
    listing_id,
    hour,
    views,
    favorites,
    carts,
    sales,
    revenue_cents,
    report_sha256
from {{ source('record', 'listing_metrics') }}
