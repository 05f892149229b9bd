"""How values become HTML: the templates, and the few words they need. Everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.models import Card as ScoreCard
from pipeline.models import Json, Share
from pipeline.scoring.card import INPUTS
from resources.objects import THUMB_PX, location
from resources.store.gallery import Card, Copied, DesignMade, Picture
from resources.store.refusals import Stage
from web.filters import cursor_token, hour_token

HERE = Path(__file__).parent
FACTORS: Final = {
    "freshness": ("Freshness", "Fresh", "how close the trend is to its peak"),
    "engagement": (
        "Engagement",
        "Buzz",
        "how fast people react, or how much they speak of a day, against what is usual",
    ),
    "novelty": ("Novelty", "New", "how unlike the other recent ideas it is"),
    "community_fit": ("Community fit", "Fit", "how close it is to what the niche talks about"),
    "seasonality": ("Seasonality", "Season", "how near its event is, with time left to sell"),
}
MEASURES: Final = {
    "hours_since_peak": "hours since the peak (below zero: before it)",
    "half_life_hours": "hours until interest halves",
    "dislikes": "votes against",
    "mentions": "how much the day is spoken of",
    "titles": "titles that name it",
    "of": "of titles",
    "pace_per_minute": "likes, comments and views per minute",
    "pace_hours": "measured over hours",
    "usual": "usual for the source",
    "median": "median per minute",
    "mad": "spread (median absolute deviation)",
    "z": "spreads above the usual",
    "z_sd": "give or take, spreads",
    "expected": "expected per minute",
    "log_sd": "spread of what is expected (logarithm)",
    "observations": "times it was seen",
    "age_hours": "hours since it was published",
    "centroid_ideas": "ideas the niche had lately",
    "own_community": "posted where the niche is at home",
    "niche_titles": "titles the niche is known by",
    "niche_words": "how much its words are the niche's (log odds)",
    "niche_affinity": "how much it is the niche's",
    "tags": "hashtags",
    "cosine_centroid": "likeness to what the niche had lately (cosine)",
    "nearest": "most alike earlier idea",
    "similarity": "likeness (cosine)",
    "pair_strength": "how much the topic is the niche's own",
    "cosine_niche": "likeness to the niche (cosine)",
    "hashtag_cohesion": "how well its hashtags agree",
    "lead_days": "usual days of each step",
    "runway_days": "days to spare",
    "p_live": "sure to arrive before the day",
    "buyers_left": "buyers who have not bought yet",
    "best_from": "listing window opens",
    "buying_peak": "half have bought by",
    "last_day": "last day to list",
    "days_to_window": "days until the listing window",
    "payload_uri": "payload as it came",
}
"""What people call the entries of the evidence; other names say it themselves."""
STAGES: Final[dict[Stage, str]] = {
    "words": "its words",
    "artist": "the artist",
    "picture": "its picture",
    "proof": "the print proof",
    "duplicate": "a near-copy",
    "mockup": "the mock-up",
}
"""Who refuses an idea, as people call it."""
COUNTER_NAMES: Final = ("likes", "comments", "views", "dislikes")


def safe_url(value: str | None) -> str | None:
    """The URL when a browser may follow it (http or https with a host); None when it may not."""
    try:
        parts = urlsplit(value or "")
    except ValueError:
        return None
    return value if parts.scheme in ("http", "https") and parts.netloc else None


def when(moment: datetime) -> str:
    """A moment as people read it, such as 23 Nov 2026, 05:12 UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def day(date: date) -> str:
    """A day as people read it, such as 25 Dec 2026."""
    return f"{date.day} {date:%b %Y}"


def brief(moment: datetime) -> str:
    """A moment where there is little room, such as 23 Nov, 05:12."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b, %H:%M}"


def number(value: float) -> str:
    """A number as people read it: thousands apart, four significant digits behind the point at most."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def money(cents: int, currency: str) -> str:
    """A price, such as 19.99 USD."""
    return f"{cents / 100:,.2f} {currency}"


def words(name: object) -> str:
    """A snake_case name as words."""
    return str(name).replace("_", " ")


def label(name: object) -> str:
    """The name of something measured in people's words; any other name as words."""
    return MEASURES.get(str(name)) or words(name)


def alt(card: Card, picture: Picture) -> str:
    """What a mock-up shows, for those who don't see it."""
    side = "back" if picture.variant == "back" else "front"
    return f"Mock-up in {picture.color}, {side}: “{card.phrase}”"


def purpose(card: Card) -> str:
    """What an idea's title says beside its phrase: for which occasion and for whom."""
    said = card.title.removeprefix(card.phrase).strip(" –")
    return said[:1].upper() + said[1:]


def cost(micros: int) -> str:
    """A cost in millionths of a US dollar as people read it: $0.04, or free."""
    if not micros:
        return "free"
    return f"${micros / 1_000_000:,.2f}" if micros >= 10_000 else f"${micros / 1_000_000:,.4f}"


def percent(share: float) -> str:
    """A share as people read it, such as 4.2 %; what is almost nothing is said to be."""
    return "< 0.1 %" if 0 < share < 0.001 else f"{100 * share:.3g} %"


def proof_url(design: DesignMade, width: int | None = None) -> str:
    """The address of the picture of a design's proof."""
    return image_url("proof", design, width)


def image_url(kind: str, thing: Picture | Copied | DesignMade, width: int | None = None) -> str:
    """The address of a picture, with the version that lets browsers keep it for good."""
    version = thing.sha256[:16] if isinstance(thing, DesignMade) else thing.version
    return f"/images/{kind}/{thing.id}?" + (f"w={width}&" if width else "") + f"v={version}"


def inputs(evidence: Json) -> dict[str, Json]:
    """The evidence by factor, and what belongs to none under the empty name; the confidence has a place of its own."""
    sorted_in = {name: {key: evidence[key] for key in keys if key in evidence} for name, keys in INPUTS.items()}
    taken = {key for keys in INPUTS.values() for key in keys} | {"confidence"}
    return sorted_in | {"": {key: value for key, value in evidence.items() if key not in taken}}


def stack(shares: Sequence[Share]) -> list[tuple[Share, float]]:
    """Each share and where its piece of the bar begins, in hundredths of the score's range."""
    return list(zip(shares, accumulate((100 * share.points for share in shares), initial=0.0), strict=False))


def likely(card: ScoreCard) -> str:
    """How often the interval holds, such as 4 times out of 5."""
    odds = Fraction(card.level).limit_denominator(20)
    return f"{odds.numerator} times out of {odds.denominator}"


def alternate(card: Card) -> Picture | None:
    """The picture to show beside the first: another colour if there is one, else another side."""
    first, *others = card.pictures or (None,)
    return next((p for p in others if p and first and p.color != first.color), others[0] if others else None)


def swatches(spec: object) -> list[str]:
    """Every colour of a layered spec, once, in the order of its first appearance."""
    return list(dict.fromkeys(text.upper() for text in _strings(spec) if _is_hex(text)))


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _strings(item)
        case list() | tuple():
            for item in value:
                yield from _strings(item)


def _is_hex(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdefABCDEF" for c in text[1:])


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when": when,
        "brief": brief,
        "cost": cost,
        "percent": percent,
        "day": day,
        "label": label,
        "location": location,
        "number": number,
        "words": words,
        "safe_url": safe_url,
        "hour": hour_token,
        "token": cursor_token,
    }
    environment.globals |= {
        "alt": alt,
        "alternate": alternate,
        "image_url": image_url,
        "inputs": inputs,
        "likely": likely,
        "money": money,
        "proof_url": proof_url,
        "purpose": purpose,
        "stack": stack,
        "swatches": swatches,
        "FACTORS": FACTORS,
        "STAGES": STAGES,
        "COUNTERS": COUNTER_NAMES,
        "THUMB_PX": THUMB_PX,
        "CSS_VERSION": sha256((HERE / "static" / "gallery.css").read_bytes()).hexdigest()[:12],
    }
    return environment


_ENVIRONMENT = _environment()


def html(template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """The page of this template with these values."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**values), status_code)
