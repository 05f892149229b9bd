"""HTTP for the sources: one client, which is polite, patient and honest about what went wrong.

What belongs here: asking and being answered: time limits, retries, caching, rate limits, quotas, circuit breakers.
What does not: what is asked, and what an answer means.
"""

from resources.fetching.base import Answer, Expect, Manners, Quota, Web

__all__ = ["Answer", "Expect", "Manners", "Quota", "Web"]
