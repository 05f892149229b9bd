"""The detectors at work: text in, text without personal data out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.signals.privacy import addresses, codes, handles, mail, networks, phones
from pipeline.signals.privacy.gaps import close
from pipeline.signals.privacy.plain import Plain

MARK = "***"
"""What stands for personal data where the shape of a text matters more than its reading."""


class Scrubbed(NamedTuple):
    """Text without personal data, and what was taken out: kind → pieces."""

    text: str
    found: Mapping[str, int]


class Span(NamedTuple):
    """A piece of personal data in a text."""

    start: int
    end: int
    kind: str


class Detector(NamedTuple):
    """A way of finding one kind."""

    kind: str
    trigger: re.Pattern[str]
    """Found in every text that holds such a piece; cheap to look for, and missing in most texts."""
    find: Callable[[str], Iterable[tuple[int, int]]]


DETECTORS = (
    Detector("handle", handles.TRIGGER, handles.find),
    Detector("email", mail.TRIGGER, mail.find),
    Detector("ip", networks.TRIGGER, networks.find),
    Detector("iban", codes.IBAN_TRIGGER, codes.ibans),
    Detector("card", codes.CARD_TRIGGER, codes.cards),
    Detector("ssn", codes.SSN_TRIGGER, codes.social_security_numbers),
    Detector("phone", phones.TRIGGER, phones.find),
    Detector("address", addresses.TRIGGER, addresses.find),
)
"""In the order in which they look: what one has found, the next do not see."""

KINDS = tuple(detector.kind for detector in DETECTORS)

_ANY = re.compile(r"[@\d]|\bu(?:ser)?/|[./]\w|::|[a-f]:|\bdot\b|[(\[{<]\s?at\b|&commat", re.IGNORECASE)
"""Something without which no detector is triggered."""


def scrub(text: str, accounts: Sequence[str] = ()) -> Scrubbed:
    """Take personal data out of one clean line, and close the gaps so that the rest reads well.

    What is left holds nothing that would be found again; it is empty if no word is left. A text in which nothing is
    found comes back as it is.

    Args:
        text: the line.
        accounts: names known to be of accounts; each telling one (`handles.telling`) counts as a handle.
    """
    return _without(text, accounts, _closed)


def masked(text: str, accounts: Sequence[str] = ()) -> str:
    """The text with `***` in place of personal data and of the accounts: for raw documents and error messages.

    Less careful of what it takes than `scrub`: whatever has an `@` in it goes as a whole.
    """
    while (covered := _LOOSE.sub(MARK, _without(text, accounts, _marked).text)) != text:
        text = covered
    return text


_LOOSE = re.compile(r"(?<![\w.+%'-])[\w.+%'-]*+[@＠][\w.+%'-]*\w")


def find(text: str, accounts: Sequence[str] = ()) -> Sequence[Span]:
    """The pieces of personal data in the text, in order, none overlapping another."""
    names = _present(text, accounts) if accounts else ()
    if not names and not _ANY.search(text) and text.isascii():
        return _NOTHING
    plain, places = Plain.of(text)
    detectors: Sequence[Detector] = DETECTORS
    if names:
        known = Detector("handle", _EVERY, lambda seen: handles.named(seen, names))
        detectors = (DETECTORS[0], known, *DETECTORS[1:])
    spans = []
    for kind, trigger, look in detectors:
        if not trigger.search(plain):
            continue
        for start, end in sorted(look(plain)):
            if _TAKEN in plain[start:end] or start >= end:
                continue
            plain = plain[:start] + _TAKEN * (end - start) + plain[end:]
            spans.append(Span(places[start], places[end - 1] + 1, kind))
    return sorted(spans)


_NOTHING: Sequence[Span] = ()
_EVERY = re.compile("")
_TAKEN = "\x00"


def _present(text: str, accounts: Sequence[str]) -> Sequence[str]:
    """The telling names among the accounts that may stand in the text."""
    lower = text.lower()
    return [name for name in accounts if name.strip().lstrip("@").lower() in lower and handles.telling(name)]


def _without(text: str, accounts: Sequence[str], join: Callable[[str, Sequence[Span]], str]) -> Scrubbed:
    spans = find(text, accounts)
    if not spans:
        return Scrubbed(text, {})
    found: Counter[str] = Counter()
    while spans:
        found.update(span.kind for span in spans)
        text = join(text, spans)
        spans = find(text, accounts)
    return Scrubbed(text, dict(found))


def _closed(text: str, spans: Sequence[Span]) -> str:
    for start, end, _ in reversed(spans):
        text = close(text[:start], text[end:])
    return text if re.search(r"\w", text) else ""


def _marked(text: str, spans: Sequence[Span]) -> str:
    for start, end, _ in reversed(spans):
        text = text[:start] + MARK + text[end:]
    return text
