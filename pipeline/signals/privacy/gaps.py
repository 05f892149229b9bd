"""What is left of a line when a piece is taken out: it should read as if the piece had never been there."""

from __future__ import annotations

import re

EDGES = " -–—|·•:,~/"
"""What has no business at the ends of a line once its neighbour is gone."""

_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", '"': '"', "“": "”", "«": "»"}
_DANGLING = re.compile(
    r"(?<!\w)(?:by|via|from|at|to|on|with|w/|and|&|or|ft\.?|feat\.?|cc|h/t|c/o|cred(?:it)?s?|©)$", re.IGNORECASE
)
_CLOSING = ",.;:!?)]}…"
_ENDING = _CLOSING + "#|"
"""Before these, as at the end of the line, nothing may be left hanging."""


def close(left: str, right: str) -> str:
    """Join what stood before the gap and after it: one space or none, no empty brackets, no dangling "by"."""
    spaced = left[-1:].isspace() or right[:1].isspace()
    left, right = left.rstrip(), right.lstrip()
    while not right or right[0] in _ENDING or _PAIRS.get(left[-1:]) == right[0]:
        before = left, right
        if left and right and _PAIRS.get(left[-1]) == right[0]:
            spaced = spaced or left[-2:-1].isspace() or right[1:2].isspace()
            left, right = left[:-1].rstrip(), right[1:].lstrip()
        else:
            left = _DANGLING.sub("", left).rstrip(EDGES)
        if (left, right) == before:
            break
    if not left:
        return right.lstrip(EDGES + ".;!?")
    glued = not right or right[0] in _CLOSING or left[-1] in "([{/#" or not (spaced or _is_word(left[-1], right[0]))
    return left + right if glued else f"{left} {right}"


def _is_word(before: str, after: str) -> bool:
    return before.isalnum() and after.isalnum()
