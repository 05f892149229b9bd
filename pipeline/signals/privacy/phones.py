"""Telephone numbers, told from years, scores, sizes and prices."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

_CANDIDATE = re.compile(
    r"(?<![\w#$€£¥%])(?<!\d[.,:/])(?:\+\ ?)?\(?\d(?>(?:[ .\-/]{0,2}[()]?[ ]?\d){5,24})"
    r"(?:\ ?(?:x|ext\.?)\ ?\d{1,5})?+\)?(?![\w%])(?![,:/]\d)",
    re.VERBOSE | re.IGNORECASE,
)
_GROUP = re.compile(r"\+?\ ?\(?\d+\)?(?:\ ?(?:x|ext\.?)\ ?\d{1,5})?", re.IGNORECASE)

_NORTH_AMERICAN = re.compile(
    r"(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\)[ .-]?|[2-9]\d{2}[.-])\d{3}[ .-]\d{4}(?:\ ?(?:x|ext\.?)\ ?\d{1,5})?",
    re.IGNORECASE,
)
_TRUNK = re.compile(r"\(?0\d{1,4}\)?(?:[ .-]\d{2,7}){1,4}")
_TRUNK_REGIONS = ("GB", "FR", "DE", "IT", "AU", "NL", "BE", "CH", "SE", "IE", "JP", "IN", "FI", "AT")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[. ]000)+|[1-9]\d{0,2}(?:\.\d{3})+")
_DATE = re.compile(r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}(?:[ T]\d+)?|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d")
_YEARS = re.compile(r"(?:(?:1[5-9]|20)\d\d\W*)+")

_BEFORE = re.compile(
    r"\b(?:(?:tele)?phones?|tel|calls?|called|calling|text(?:ed|ing)?|mobile|cell|fax|(?:desk|office)(?=\s*:)|"
    r"whats\ ?app|sms|dial|ring|rang|reach(?:ed)?|contact|answering|messag(?:es?|ing)|hotline|voicemail|handy|"
    r"telefono?|tel[eé]fono|t[eé]l|m[oó]vil|(?:my|his|her|their|our|your|phone|contact)\ number)\b[^\d]{0,24}$",
    re.VERBOSE | re.IGNORECASE,
)
_AFTER = re.compile(r"[\s,-]{0,3}(?:office|fax|mobile|cell|phone)\b", re.IGNORECASE)

TRIGGER = re.compile(r"\d(?:[ .\-/()]{0,3}\d){6}")


def find(text: str) -> Iterator[tuple[int, int]]:
    """Spans of numbers in international form, in a national form that shows its country, or named as such."""
    for match in _CANDIDATE.finditer(text):
        groups = [(match.start() + g.start(), match.start() + g.end()) for g in _GROUP.finditer(match[0])]
        first = 0
        while first < len(groups):
            ends = range(len(groups), first, -1)
            last = next((end for end in ends if _is_phone(text, groups[first][0], groups[end - 1][1])), None)
            if last is not None:
                yield groups[first][0], groups[last - 1][1]
            first = last or first + 1


def _is_phone(text: str, start: int, end: int) -> bool:
    written = text[start:end].strip()
    digits = sum(c.isdigit() for c in written)
    if not 7 <= digits <= 20:
        return False
    if written.startswith("+") or (written.startswith("00") and digits >= 11):
        return _is_possible("+" + written.removeprefix("+").removeprefix("00") if written[0] == "0" else written)
    if _NORTH_AMERICAN.fullmatch(written):
        return True
    if _TRUNK.fullmatch(written) and 9 <= digits <= 11 and _is_valid_somewhere(written):
        return True
    named = _BEFORE.search(text, max(0, start - 48), start) or _AFTER.match(text, end)
    return named is not None and digits <= 18 and not _is_other(written)


def _is_other(written: str) -> bool:
    return any(pattern.fullmatch(written) for pattern in (_THOUSANDS, _DATE, _YEARS))


def _is_possible(written: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(written, None))
    except phonenumbers.NumberParseException:
        return False


def _is_valid_somewhere(written: str) -> bool:
    return any(phonenumbers.is_valid_number(phonenumbers.parse(written, region)) for region in _TRUNK_REGIONS)
