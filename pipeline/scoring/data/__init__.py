"""Half-lives and lead times, with their sources: see docs/scoring.md."""
