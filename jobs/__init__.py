"""Jobs and schedules: what runs together, and when."""
