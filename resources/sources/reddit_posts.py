"""Reddit: what is hot and what is rising, over its official API; past hours from the Arctic Shift archive."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from pipeline.models import Payload, hour_of
from pipeline.signals.parsers.base import RefusedError, document_list
from resources.errors import PermanentError, TransientError, WaitingError
from resources.fetching import Answer, Web
from resources.fetching.adapters import PrawSession
from resources.sources.base import SourceSpec, require_running

EVERYTHING = "all"
SORTS = ("hot", "rising")
PAGE = 100
"""Posts a page, the most that Reddit and Arctic Shift give."""

SUBREDDIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{1,20}")
LONGEST_PAUSE = 60.0
"""Seconds that a run waits where a rate limit asks for it; asked for more, the source waits for a later run."""

LONGEST_WAIT = timedelta(hours=1)
EPOCH_SECONDS, EPOCH_MILLISECONDS = 1e9, 1e12
"""A reset from these on is a moment since 1970, below them it is seconds from now."""


class RedditPosts:
    """The hot and rising posts of r/all and of the configured subreddits.

    Args:
        client_id: of an app that Reddit has approved.
        client_secret: of the same app.
        subreddits: names, beside r/all.
        oauth_url: where the API answers.
        reddit_url: where tokens are had.
        archive_url: of Arctic Shift.
        pause: waits so many seconds.
    """

    name = "reddit_posts"
    spec = SourceSpec(
        cadence="hourly: two listings of 100 posts for r/all and for each subreddit",
        credentials=("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET", "ENGINE_CONTACT"),
        requests_per_minute=60,
        terms="Reddit's Data API terms and Responsible Builder Policy: since 2025-11-11 every new app needs Reddit's "
        "explicit approval, and commercial use needs a contract with Reddit. Without both, leave it off. Posts belong "
        "to their authors: they are evidence of a trend, never text for a product",
        counters="likes: score (up less down votes, blurred by Reddit); comments: number of comments; views: not given",
        history="from the Arctic Shift archive, for the configured subreddits only: what was posted in the hour, "
        "without counters, because the archive's are not those of that hour",
        live=True,
    )

    def __init__(
        self,
        client_id: SecretStr | None,
        client_secret: SecretStr | None,
        subreddits: Sequence[str] = (),
        *,
        oauth_url: str = "https://oauth.reddit.com",
        reddit_url: str = "https://www.reddit.com",
        archive_url: str = "https://arctic-shift.photon-reddit.com",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self.subreddits = tuple(subreddits)
        self._oauth_url = oauth_url
        self._reddit_url = reddit_url
        self._archive_url = archive_url
        self._pause = pause

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterator[Payload]:
        """One payload a listing; of a past hour, one a page of the archive, captured at the hour's end.

        Raises:
            PermanentError: credentials are missing or refused; ENGINE_REDDIT_SUBREDDITS has what is no name; the hour
                is yet to come; or it is over, and no subreddit is configured.
            TransientError, WaitingError: as `web`; WaitingError also where a rate limit asks for a longer pause than
                LONGEST_PAUSE.
        """
        if wrong := [name for name in self.subreddits if not SUBREDDIT.fullmatch(name)]:
            raise PermanentError(
                f"ENGINE_REDDIT_SUBREDDITS: {wrong[0]!r} is not the name of a subreddit: write it without r/, letters, "
                "digits and _ alone"
            )
        if hour_of(hour) < hour_of(now):
            return self._archived(hour_of(hour), now, web)
        require_running(hour, now, self.name)
        return self._live(now, web)

    def _live(self, now: datetime, web: Web) -> Iterator[Payload]:
        session = PrawSession(web)
        reddit = self._reddit(session)
        paths = [f"r/{name}/{sort}" for name in dict.fromkeys((EVERYTHING, *self.subreddits)) for sort in SORTS]
        for path in paths:
            answer = self._listing(reddit, session, path)
            yield _payload(answer, now)
            if path != paths[-1]:
                self._heed(answer, now)

    def _reddit(self, session: PrawSession) -> Any:
        import praw  # noqa: PLC0415 - heavy

        if self._client_id is None or self._client_secret is None:
            raise PermanentError("REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET: set both to those of an approved app")
        reddit = praw.Reddit(
            "DEFAULT",
            client_id=self._client_id.get_secret_value(),
            client_secret=self._client_secret.get_secret_value(),
            user_agent=self.name,
            oauth_url=self._oauth_url,
            reddit_url=self._reddit_url,
            check_for_updates=False,
            check_for_async=False,
            requestor_kwargs={"session": session},
        )
        reddit.read_only = True
        return reddit

    def _listing(self, reddit: Any, session: PrawSession, path: str) -> Answer:
        from prawcore.exceptions import OAuthException, RequestException  # noqa: PLC0415 - heavy

        try:
            reddit.request(method="GET", path=path, params={"limit": PAGE})
        except RequestException as error:
            raise error.original_exception from None
        except OAuthException as error:
            raise PermanentError(
                f"{self.name}: Reddit gives no token ({error}): check REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, and that "
                "the app is of type script or web and approved"
            ) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise TransientError(f"{self.name}: the answer to a request for a token holds none: {error!r}") from error
        return session.answers[-1]

    def _archived(self, start: datetime, now: datetime, web: Web) -> Iterator[Payload]:
        if not self.subreddits:
            raise PermanentError(
                f"{self.name}: what was hot at {start:%Y-%m-%d %H:00} UTC on r/all is kept nowhere; for what was "
                "posted then, set ENGINE_REDDIT_SUBREDDITS: the archive is asked by subreddit"
            )
        end = start + timedelta(hours=1)
        captured_at = end - timedelta(microseconds=1)
        for name in self.subreddits:
            # Whether `after` includes its own second is not documented: ask from a second earlier.
            after = int(start.timestamp()) - 1
            while True:
                answer = web.get(
                    f"{self._archive_url}/api/posts/search",
                    params={
                        "subreddit": name, "after": after, "before": int(end.timestamp()), "limit": PAGE, "sort": "asc"
                    },
                )  # fmt: skip
                yield _payload(answer, captured_at)
                self._heed(answer, now)
                times = self._times(answer)
                if len(times) < PAGE:
                    break
                after = max(int(max(times)) - 1, after + 1)

    def _times(self, answer: Answer) -> list[float]:
        try:
            posts = document_list(answer.body.decode("utf-8-sig", errors="replace"), "data")
        except RefusedError as refusal:
            raise TransientError(f"{self.name}: Arctic Shift: {answer.url}: {refusal}") from refusal
        stamps = [post.get("created_utc") if isinstance(post, dict) else None for post in posts]
        return [stamp if isinstance(stamp, int | float) and 0 <= stamp < EPOCH_MILLISECONDS else 0 for stamp in stamps]

    def _heed(self, answer: Answer, now: datetime) -> None:
        """Wait as the rate-limit headers of the answer ask before another request."""
        remaining, reset = (_number(answer.headers.get(f"x-ratelimit-{name}")) for name in ("remaining", "reset"))
        if remaining is None or reset is None or remaining >= 1:
            return
        if reset >= EPOCH_SECONDS:
            reset = (reset / 1000 if reset >= EPOCH_MILLISECONDS else reset) - now.timestamp()
        if reset > LONGEST_PAUSE:
            until = now + min(timedelta(seconds=reset), LONGEST_WAIT)
            raise WaitingError(f"{self.name}: the rate limit of {answer.url} is used up", until=until)
        self._pause(max(reset, 0.0))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 10 * EPOCH_MILLISECONDS else None


def _payload(answer: Answer, captured_at: datetime) -> Payload:
    return Payload(
        source=RedditPosts.name,
        captured_at=captured_at,
        body=answer.body,
        media_type=answer.media_type,
        url=answer.url,
    )
