"""Street addresses in the forms that can be told without a gazetteer."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = r"[^\W\d_a-z][\w.'’-]*"
_LONG = (
    r"Street|Avenue|Boulevard|Road|Lane|Terrace|Parkway|Highway|Crescent|Turnpike|Expressway|Freeway|Plaza|"
    r"Streets|Avenues|Roads|Square|Squares|Gardens|Forges|Parks|Circle|Trail|Alley|Mews|Rue"
)
_SHORT = r"St|Ave|Av|Blvd|Rd|Ln|Pkwy|Hwy|Ter|Cres|Sq|Cir"
_VAGUE = r"Drive|Dr|Court|Ct|Way|Place|Pl"
_UNIT = r"(?:,?\s*(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm|Floor)\.?\s*\#?\w{1,6})"
_TAIL = rf"(?:\s+(?:N|S|E|W|NE|NW|SE|SW)\b\.?)?{_UNIT}?"

_ENGLISH = re.compile(
    rf"""(?<![\w.$€£#:/'’-])(?:
        \d{{1,5}}[A-Da-d]?(?:-\d{{1,4}})?\s+(?:[NSEW]{{1,2}}\.?\s+)?(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th))\s+){{1,4}}?
        (?:(?:{_LONG})|St\.(?!\s[A-Z])|(?:{_SHORT})(?!\.\s[A-Z])\b\.?)(?!\w){_TAIL}
      | \d{{2,5}}\s+(?:{_WORD}\s+){{1,3}}?(?:{_VAGUE})\b\.?(?={_UNIT}|\s*(?:,\s|$|\n)){_TAIL}
    )""",
    re.VERBOSE,
)
_ROMANCE = re.compile(
    rf"""(?<!\w)(?:\d{{1,5}},?\s+)?(?:Rua|Via|Viale|Corso|Piazza|Calle|Avenida|Avda|Plaza|Paseo|Rue|Avenue|Boulevard|Chemin|
        Travessa|Largo|ul\.|aleja|al\.|os\.)\s+(?:(?:{_WORD}|d[aeou]s?|del|della|la|las|los|el|le|les|l'|al)\s+){{0,4}}
        {_WORD},?\s+\d{{1,5}}[a-z]?(?!\w){_UNIT}?
      | (?<!\w)\d{{1,5}},?\s+(?:Rue|Boulevard|Chemin|Impasse)\s+(?:(?:{_WORD}|d[aeou]s?|la|les?|l')\s+){{0,3}}{_WORD}
    """,
    re.VERBOSE,
)
_COMPOUND = re.compile(
    rf"""(?<!\w)(?:{_WORD}\s+)?{_WORD.replace("*", "*?")}(?:stra(?:ß|ss)e|str\.|gasse|allee|vej|gade|vägen|vegen|veien|
        gatan|gata|katu|kuja|polku|straat|laan|gracht|(?:\s|-)(?:utca|u\.|tér|út|vej|allé|katu|tie))\s+(?!(?:19|20)\d\d(?!\d))\d{{1,4}}[a-z]?
        (?!\w|[.,:]\d)\.?{_UNIT}?""",
    re.VERBOSE,
)
_MILITARY = re.compile(
    r"\b(?:PSC|Unit|CMR)\s+\d{2,5},?\s+Box\s+\d{2,5}(?:[\s,]+(?:APO|DPO|FPO)\s+A[AEP]\s+\d{5})?", re.IGNORECASE
)
_BOX = re.compile(r"(?<!\w)P\.?\s?O\.?\s?Box\s+\d{1,6}(?!\w)", re.IGNORECASE)
_BARE_UNIT = re.compile(r"(?<!\w)(?:Apt\.?\s+#?\d{1,5}[A-Za-z]?|Suite\s+\d{3,4})(?!\w)")

_LISTED = re.compile(
    r"\b(?:hours?|hrs?|minutes?|mins?|miles?|kms?|days?|weeks?|months?|years?|gb|tb|mb|disk|hard|solid|flash|test|wheel|"
    r"speed|best|top|most|parts?|episode|chapter|page|vol|things|reasons|ways|people|places|lanes?|blocks?|vs)\b",
    re.IGNORECASE,
)
_EVERYONES = re.compile(
    r"(?:21 jump|10 cloverfield|742 evergreen|221b? baker|1600 pennsylvania|10 downing|4 privet|1428 elm|84 charing|"
    r"12 grimmauld|42 wallaby|123 sesame|12 oak tree|7 little)\b.*",
    re.IGNORECASE,
)
"""Addresses of stories and of governments: phrases, not somebody's home."""

TRIGGER = re.compile(r"[^\W\d_][.,’']?\s+#?\d|\d[A-Da-d]?,?\s+(?:\d|[^\W\d_a-z])")


def find(text: str) -> Iterator[tuple[int, int]]:
    """Spans of a street with its number, a military or P.O. box, an apartment's number."""
    for match in _ENGLISH.finditer(text):
        if not _LISTED.search(match[0]) and not _EVERYONES.match(match[0]):
            yield match.span()
    for pattern in (_ROMANCE, _COMPOUND, _MILITARY, _BOX, _BARE_UNIT):
        for match in pattern.finditer(text):
            if not _LISTED.search(match[0]):
                yield match.span()
