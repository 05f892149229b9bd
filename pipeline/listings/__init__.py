"""Listings: their words, limits, legal steps and upload packs, for every marketplace."""
