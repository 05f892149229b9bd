"""Feedback: reading what marketplaces report, and learning the weights of the score from it."""
