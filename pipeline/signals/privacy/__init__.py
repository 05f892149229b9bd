"""Personal data: found in text and taken out; names of accounts made into salted hashes.

What belongs here: what counts as personal, how it is found, what stands in its place. One module per way of finding;
`scrubbing` puts them together. What does not: where it is stored or erased.
"""

from pipeline.signals.privacy.pseudonyms import pseudonym
from pipeline.signals.privacy.scrubbing import KINDS, Scrubbed, masked, scrub
from pipeline.signals.privacy.urls import public_url

__all__ = ["KINDS", "Scrubbed", "masked", "pseudonym", "public_url", "scrub"]
