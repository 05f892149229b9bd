"""Numbers that carry their own proof: payment cards and IBANs (check digits), US social security numbers (ranges)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, luhn
from stdnum.us import ssn

_GROUPS = re.compile(r"(?<![\w])(?<!\d[.,])\d+(?:(?:\ ?[.-]\ ?|\ )\d+)*+(?![^\W_])", re.VERBOSE)
_CARD = re.compile(
    r"""4\d{12}(?:\d{3}){0,2}                                                   # Visa: 13, 16, 19
      | (?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}        # Mastercard
      | 3[47]\d{13}                                                             # American Express
      | 3(?:0[0-59]|[689]\d)\d{11}(?:\d\d){0,1}                                 # Diners Club
      | (?:2131|1800)\d{11} | 35\d{14}                                          # JCB
      | (?:50|5[6-8]|6\d)\d{10,17}                                              # Maestro, Discover, UnionPay, RuPay
    """,
    re.VERBOSE,
)
"""Issuer ranges and lengths after ISO/IEC 7812 as the networks publish them."""

CARD_TRIGGER = re.compile(r"\d(?:\ ?[.-]?\ ?\d){11}")


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Spans of card numbers, in groups or not, whose issuer, length and Luhn digit are right."""
    for match in _GROUPS.finditer(text):
        groups = [(match.start() + g.start(), match.start() + g.end()) for g in re.finditer(r"\d+", match[0])]
        first = 0
        while first < len(groups):
            last = next((end for end in _ends(groups, first) if _is_card(text, groups[first:end])), None)
            if last is not None:
                yield groups[first][0], groups[last - 1][1]
            first = last or first + 1


def _ends(groups: list[tuple[int, int]], first: int) -> list[int]:
    """Where a number of 12 to 19 digits that begins with this group may end, longest first."""
    ends, digits = [], 0
    for end in range(first, len(groups)):
        digits += groups[end][1] - groups[end][0]
        if digits > 19:
            break
        if digits >= 12:
            ends.append(end + 1)
    return ends[::-1]


def _is_card(text: str, groups: list[tuple[int, int]]) -> bool:
    digits = "".join(text[start:end] for start, end in groups)
    return _CARD.fullmatch(digits) is not None and bool(luhn.is_valid(digits))


_IBAN = re.compile(r"(?<![^\W_])[a-z]{2}\ ?\d{2}(?:[ -]?[a-z0-9]){11,30}+", re.IGNORECASE)
IBAN_TRIGGER = re.compile(r"[a-z]{2} ?\d{2}[ -]?[a-z0-9]{2}", re.IGNORECASE)


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Spans of account numbers whose country, structure and check digits (ISO 13616, mod 97) are right."""
    for match in _IBAN.finditer(text):
        # What follows may be words: one length is right for a country.
        for end in range(match.end(), match.start() + 14, -1):
            whole = end == len(text) or not text[end].isalnum()
            if whole and iban.is_valid(text[match.start() : end].replace("-", ""), check_country=False):
                yield match.start(), end
                break


_SSN = re.compile(r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])")
_CUED_SSN = re.compile(
    r"\b(?:ssn|social security(?: (?:number|no\.?|\#))?|itin|tax id)\b\D{0,12}(\d{3}[ .-]?\d{2}[ .-]?\d{4})(?!\w)",
    re.IGNORECASE,
)
SSN_TRIGGER = re.compile(r"\d{3}[ .-]?\d{2}[ .-]?\d{4}")


def social_security_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Spans of US social security numbers: with dashes and in a range that is given out, or named as such."""
    for match in _CUED_SSN.finditer(text):
        yield match.span(1)
    for match in _SSN.finditer(text):
        if ssn.is_valid(match[0]):
            yield match.span()
