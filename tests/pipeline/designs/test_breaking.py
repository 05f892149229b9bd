"""Lines break where a reader pauses; names and compounds stay whole."""

from __future__ import annotations

import pytest

from pipeline.designs.breaking import best_breaks, breaks, tie


def spread_over(lines: tuple[str, ...]) -> float:
    """A layout that likes lines of equal length."""
    lengths = [len(line) for line in lines]
    return max(lengths) / sum(lengths)


@pytest.mark.parametrize(
    ("lines", "wholes", "count", "expected"),
    [
        (("Bureau of", "Muddy Boots & Fresh Air"), ("Muddy Boots",), 3, ("Bureau of", "Muddy Boots", "& Fresh Air")),
        (("Powered by", "Cocoa & Cookie Dough"), ("Cookie Dough",), 3, ("Powered by", "Cocoa", "& Cookie Dough")),
        (("Powered by Cookie Dough",), ("Cookie Dough",), 2, ("Powered by", "Cookie Dough")),
        (("35 Years of Dial-Up Dreams",), (), 2, ("35 Years", "of Dial-Up Dreams")),
        (("Wild Fern Society, Est. 1998",), (), 2, ("Wild Fern Society,", "Est. 1998")),
        (("Pickleball Champions of the Retirement Home",), (), 3,
         ("Pickleball Champions", "of the", "Retirement Home")),
    ],
)  # fmt: skip
def test_breaks_follow_the_meaning(
    lines: tuple[str, ...], wholes: tuple[str, ...], count: int, expected: tuple[str, ...]
) -> None:
    assert best_breaks(lines, count, spread_over, fewest=count, wholes=wholes) == expected


def test_a_name_is_split_only_where_there_is_no_other_way() -> None:
    assert best_breaks(("Cookie Dough",), 2, spread_over, fewest=2, wholes=("Cookie Dough",)) == ("Cookie", "Dough")


def test_a_name_of_the_phrase_is_found_without_regard_to_case_and_marks() -> None:
    assert best_breaks(("We Love Cookie Dough!",), 2, spread_over, 2, wholes=("cookie dough",))[-1] == "Cookie Dough!"


def test_a_pause_is_the_best_place_and_the_inside_of_one_thing_the_worst() -> None:
    pause, opening, article, compound, leaning, number = (
        tie("Late,", "Sorry"), tie("Boots", "&"), tie("Love", "my"), tie("Muddy", "Boots"), tie("of", "Mud"),
        tie("35", "Years"),
    )  # fmt: skip
    assert pause < opening < article < compound < leaning < number


def test_every_way_to_break_keeps_the_words() -> None:
    for candidate in breaks(("One Two", "Three Four Five"), 4):
        assert " ".join(candidate) == "One Two Three Four Five"
