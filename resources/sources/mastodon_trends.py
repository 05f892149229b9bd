"""Mastodon: the trending tags, statuses and links of chosen instances."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.models import Payload
from resources.errors import PermanentError
from resources.fetching import Web
from resources.sources.base import SourceSpec, require_running

KINDS = ("tags", "statuses", "links")
LIMIT = 20
"""The most that an instance gives of tags and links; of statuses it would give 40."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
_INNER = (".local", ".localhost", ".internal", ".lan", ".home", ".arpa", ".test", ".invalid", ".example", ".onion")


class MastodonTrends:
    """What each instance sees trending.

    Args:
        instances: host names.
        base_url: asked in place of each instance's own address.
    """

    name = "mastodon_trends"
    spec = SourceSpec(
        cadence="hourly; instances count anew every five minutes",
        credentials=("ENGINE_CONTACT",),
        requests_per_minute=30,
        terms="public API without an account, unless an instance is locked; each instance has rules of its own, to be "
        "read at its /about. Statuses belong to their authors: designs use words that trend, never a status",
        counters="statuses: likes are favourites + boosts, comments are replies; tags and links: comments are the "
        "posts with it since 00:00 UTC as the instance sees them, distinct accounts are in the metadata; views: none",
        history="none: an instance knows only the present; tags and links bring the week's daily counts",
        live=True,
    )

    def __init__(self, instances: Sequence[str], *, base_url: str | None = None) -> None:
        self.instances = tuple(instances)
        self.base_url = base_url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """Three lists for each instance: tags, statuses, links.

        Raises:
            PermanentError: ENGINE_MASTODON_INSTANCES names what is no public host, or none; the hour is over; an
                instance refuses us.
            TransientError: an instance does not answer, or not with JSON.
            WaitingError: the source's circuit is open.
        """
        require_running(hour, now, self.name)
        wrong = [host for host in self.instances if not _is_public_name(host)]
        if wrong or not self.instances:
            named = ", ".join(map(repr, wrong)) or "nothing"
            raise PermanentError(
                f"ENGINE_MASTODON_INSTANCES={','.join(self.instances)!r} names {named}: name public hosts, such as "
                "mastodon.social: lower case, without scheme, port or path"
            )
        for host in self.instances:
            for kind in KINDS:
                path = f"/api/v1/trends/{kind}"
                answer = web.get(f"{self.base_url or f'https://{host}'}{path}", params={"limit": LIMIT})
                yield Payload(
                    source=self.name,
                    captured_at=now,
                    body=answer.body,
                    media_type=answer.media_type,
                    url=f"https://{host}{path}",
                )


def _is_public_name(host: str) -> bool:
    """Whether it can be the name of a public host; where the name leads is not looked at."""
    return len(host) <= 253 and _HOST.fullmatch(host) is not None and not host.endswith(_INNER)
