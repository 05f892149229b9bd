"""Instagram: chosen hashtags and their posts, through the Graph API's hashtag search."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import SecretStr

from pipeline.models import Payload
from resources.errors import PermanentError, TransientError
from resources.fetching import Answer, Web
from resources.fetching.base import Quota
from resources.sources.base import SourceSpec, require_running

MAX_HASHTAGS = 30
"""Different hashtags that one account may search for in any 7 days."""

EDGES = ("top_media", "recent_media")
FIELDS = "id,caption,media_type,permalink,timestamp,like_count,comments_count"
"""No username: the API refuses to tell it."""

LIMIT = 50
"""The most on a page; further pages are not asked for."""


class InstagramHashtags:
    """Hashtags, their most popular posts, and those of the last 24 hours.

    Args:
        token: a user access token.
        user_id: of the Instagram professional account that searches.
        hashtags: without their signs.
        base_url: of the Graph API, with its version.
    """

    name = "instagram_hashtags"
    spec = SourceSpec(
        cadence="hourly; recent posts are those of the last 24 hours",
        credentials=("INSTAGRAM_ACCESS_TOKEN", "INSTAGRAM_USER_ID", "ENGINE_INSTAGRAM_HASHTAGS", "ENGINE_CONTACT"),
        requests_per_minute=60,
        quota=Quota(units=MAX_HASHTAGS, window=timedelta(days=7), distinct=True),
        terms="permitted to apps that Meta has reviewed for Instagram Public Content Access, under the Meta Platform "
        "Terms; posts belong to their authors: designs use what they speak of, never a caption or a picture",
        counters="likes, where the owner does not hide them, and comments, of the post; the hashtag itself has none; "
        "views: none",
        history="none: the API knows the present counters; recent posts reach back 24 hours",
        live=True,
    )

    def __init__(
        self,
        token: SecretStr | None,
        user_id: str | None,
        hashtags: Sequence[str],
        *,
        base_url: str = "https://graph.facebook.com/v24.0",
    ) -> None:
        self._token = token
        self._user_id = user_id
        self.hashtags = tuple(hashtags)
        self.base_url = base_url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """Three answers for each hashtag: the hashtag, its top posts, its recent posts.

        A payload's address has the hashtag as its fragment: the answers of the API don't say what they were asked for.

        Raises:
            PermanentError: a credential or hashtag is missing or can't be right; the hour is over; a refusal, which
                a hashtag that Meta holds to be sensitive gets, too.
            TransientError: no answer, not JSON, or a search that finds nothing.
            WaitingError: 30 other hashtags were searched for in the last 7 days, or the source's circuit is open.
        """
        require_running(hour, now, self.name)
        if self._token is None or not self._user_id:
            raise PermanentError(f"{self.name}: set INSTAGRAM_ACCESS_TOKEN and INSTAGRAM_USER_ID")
        if not self._user_id.isascii() or not self._user_id.isdigit():
            raise PermanentError("INSTAGRAM_USER_ID=***: should be digits: the id of the account, not its name")
        wrong = [tag for tag in self.hashtags if not re.fullmatch(r"\w{1,100}", tag)]
        if wrong or not 1 <= len({tag.casefold() for tag in self.hashtags}) <= MAX_HASHTAGS:
            raise PermanentError(
                f"ENGINE_INSTAGRAM_HASHTAGS={','.join(self.hashtags)!r}: name 1 to {MAX_HASHTAGS} hashtags of letters, "
                "digits and _, without #"
            )
        for tag in dict.fromkeys(tag.casefold() for tag in self.hashtags):
            try:
                yield from self._of(tag, self._user_id, self._token, now, web)
            except PermanentError as error:
                raise PermanentError(f"{error} (asked for {tag!r} of ENGINE_INSTAGRAM_HASHTAGS)") from error

    def _of(self, tag: str, user_id: str, token: SecretStr, now: datetime, web: Web) -> Iterable[Payload]:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"}

        def ask(path: str, params: Mapping[str, str | int]) -> Answer:
            # The quota counts a hashtag once, however often it is asked about.
            return web.get(f"{self.base_url}/{path}", params=params, headers=headers, quota_key=tag)

        found = _id(ask("ig_hashtag_search", {"user_id": user_id, "q": tag}), tag)
        asked: list[tuple[str, Mapping[str, str | int]]] = [(found, {"fields": "id,name"})]
        asked += [(f"{found}/{edge}", {"user_id": user_id, "fields": FIELDS, "limit": LIMIT}) for edge in EDGES]
        for path, params in asked:
            answer = ask(path, params)
            yield Payload(
                source=self.name,
                captured_at=now,
                body=answer.body,
                media_type=answer.media_type,
                url=f"{self.base_url}/{path}#{tag}",
            )


def _id(answer: Answer, tag: str) -> str:
    document = json.loads(answer.body)
    rows = document.get("data") if isinstance(document, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    found = first.get("id") if isinstance(first, dict) else None
    if not isinstance(found, str) or not re.fullmatch(r"[0-9]{1,40}", found):
        raise TransientError(f"instagram_hashtags: the search for {tag!r} answered no id")
    return found
