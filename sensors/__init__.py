"""Sensors: what starts runs when something changes. Work itself belongs in an asset."""
