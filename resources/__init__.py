"""Everything that touches the world, one system per module behind a small Protocol. No business rule lives here."""
