"""Why an idea has its score, in one plain sentence made of its inputs, and what it is called."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from pipeline.ideas.candidates import OWN
from pipeline.ideas.facts import Dated
from pipeline.ideas.lexicon import Niche
from pipeline.ideas.selection import Neighbour
from pipeline.models import Json
from pipeline.scoring.calendar import Runway, listing_peak
from pipeline.scoring.runway import Verdict

NEW_BELOW = 0.6
"""Cosine with the nearest earlier idea under which there is nothing like it yet."""


class Pace(NamedTuple):
    """What is known of a signal's interactions."""

    total: int | None
    per_minute: float | None
    hours: float | None
    usual: float | None


def when(dated: Dated, runway: Runway) -> str:
    """How far the event is, whether there is time for it, and till when."""
    days = runway.days
    what = f"{dated.name} (its {dated.years} years)" if dated.kind == "anniversary" else dated.name
    if days < 0:
        return f"{what} was {_days(-days)} ago"
    away = "today" if days == 0 else f"{_days(days)} away"
    if runway.verdict is Verdict.TOO_LATE:
        return f"{what} is {away}, too late since {_day(runway.last_day)}"
    sure = f"{_percent(runway.p_live)} sure to arrive if listed today"
    return f"{what} is {away}, {runway.verdict} ({sure}, last chance {_day(runway.last_day)})"


def pace(source: str, seen: Pace) -> str:
    """How fast the signal gathers interactions against its source's usual pace."""
    name = source.replace("_", " ")
    if seen.total is None:
        return f"no counters at {name}"
    points = f"{seen.total:,} interactions" if seen.total != 1 else "1 interaction"
    if seen.per_minute is None:
        return f"{points}, pace not known yet"
    rate = f"{points}, {seen.per_minute * 60:,.0f} an hour over {_hours(seen.hours)}"
    if seen.usual is None:
        return f"{rate}, too few others at {name} to compare with"
    if seen.usual <= 0:
        return f"{rate}, where {name} usually stand still"
    return f"{rate}, {seen.per_minute / seen.usual:,.1f}× the usual pace of {name}"


def spoken(mentions: Json) -> str:
    """How many titles name an occasion."""
    found = f"{mentions['titles']:,}" if mentions["titles"] else "none"
    return f"named in {found} of {mentions['of']:,} titles of hobby communities"


def fit(niche: Niche, strength: float, community: str | None, topic: str | None) -> str:
    """What ties the signal to the niche."""
    people = small(niche.people)
    if community and community.lower() in niche.subreddits:
        return f"r/{community} is where {people} are"
    if strength == OWN:
        return f"it is {people}' own" if people.endswith("s") else f"it is {people}'s own"
    return f"{topic} speaks to {people}" if topic else f"worn by {people}"


def news(niche: Niche, neighbour: Neighbour | None, first: bool) -> str:
    """How new the idea is among ours."""
    people = small(niche.people)
    if neighbour is None or neighbour.similarity < NEW_BELOW:
        return f"we have nothing for {people} yet" if first else "we have nothing like it yet"
    return f"our nearest is “{neighbour.phrase}” ({neighbour.similarity:.2f})"


def peak(source: str, hours: float, half_life: float, seen: int | None, dated: Dated | None, today: date) -> str:
    """How far the best moment to list it is, and how fast it passes; `seen` is how often it was counted, if it was."""
    if dated is None:
        name, gone = source.replace("_", " "), "just now" if hours < 1 else f"{_hours(hours)} ago"
        what = "it came up" if seen is None else "it was listed, seen once," if seen == 1 else "it went fastest"
        return f"{what} {gone}; at {name} half of the interest is gone after {_hours(half_life)}"
    best = listing_peak(dated.date)
    left = (best - today).days
    when_best = "today" if left == 0 else f"{_days(left)} from now" if left > 0 else f"{_days(-left)} ago"
    return f"most list for it around {_day(best)}, {when_best}"


def season(dated: Dated | None, runway: Runway | None) -> str:
    """How far its event is, and how likely it is to arrive in time."""
    if dated is None or runway is None:
        return "it is tied to no date, which counts neither for nor against it"
    return when(dated, runway)


def sentence(*parts: str) -> str:
    """The parts as one sentence."""
    told = "; ".join(part for part in parts if part)
    return f"{told[:1].upper()}{told[1:]}."


def small(words: str) -> str:
    """Words inside a sentence: Dog Moms → dog moms, 90s Kids → 90s kids."""
    return words.lower()


def _days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _percent(share: float) -> str:
    """Whole percent; what is not certain is not told as such."""
    return f"{min(round(100 * share), 99 if share < 1 else 100)} %"


def _hours(hours: float | None) -> str:
    hours = hours or 0.0
    return f"{round(hours * 60)} min" if hours < 1 else f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
