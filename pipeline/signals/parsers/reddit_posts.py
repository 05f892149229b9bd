"""Reddit: a Listing of posts, as `/r/<sub>/hot`, `/rising`, `/top` answer; or a list of Listings.

Or `{"data": [post, …]}`, as the archive Arctic Shift answers: such posts are of the past. Their counters are those of
the moment they were archived, mostly 0 and 1, so they are left out.
"""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any

from pydantic import Field

from pipeline.models import MAX_COUNTER, Counters, Json, Payload, Signal
from pipeline.signals.parsers.base import (
    Count,
    RawItem,
    RefusedError,
    UnixSeconds,
    json_document,
    named,
    shape,
    shown,
    unix_time,
)
from pipeline.signals.text import Headline, Text

ACCOUNT_FIELDS = frozenset({"author", "author_fullname", "author_flair_text", "approved_by", "banned_by"})


ARCHIVED = "arctic_shift"
"""Kind of the items of an archive's document, where Reddit's own say "t3"."""


class Post(RawItem):
    """The fields of a post that are used, wherever it comes from."""

    id: Annotated[str, Field(strict=True, pattern=r"^[0-9a-z]{1,20}$")]
    title: Headline
    subreddit: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_]{1,49}$")]
    created_utc: UnixSeconds
    link_flair_text: Text | None = None
    over_18: Annotated[bool, Field(strict=True)] = False
    stickied: Annotated[bool, Field(strict=True)] = False
    removed_by_category: str | None = None


class LivePost(Post):
    """A post (a "t3") with its counters at the moment."""

    score: Annotated[int, Field(strict=True, ge=-MAX_COUNTER, le=MAX_COUNTER)]
    num_comments: Count
    view_count: Count | None = None
    upvote_ratio: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None


def accounts(item: object) -> list[str]:
    """The author; `[deleted]` is nobody."""
    return [name for name in named(item, "data.author") if name != "[deleted]"]


def items(text: str) -> list[object]:
    """The children of the listing, or of all the listings, in order; or the posts of an archive."""
    document = json_document(text)
    if isinstance(document, dict) and "kind" not in document and isinstance(document.get("data"), list):
        return [{"kind": ARCHIVED, "data": post} for post in document["data"]]
    listings = document if isinstance(document, list) else [document]
    return [child for listing in listings for child in _children(listing)]


def signal(item: object, payload: Payload) -> Signal:
    """A post as a signal. What is not for everyone, pinned by moderators or taken down is refused."""
    data, archived = _post_data(item)
    post = Post.model_validate(data) if archived else LivePost.model_validate(data)
    if post.over_18:
        raise RefusedError("over_18: True: not safe for work, never a source of designs")
    if post.stickied:
        raise RefusedError("stickied: True: pinned by moderators, so its counters say nothing about a trend")
    if post.removed_by_category:
        raise RefusedError(f"removed_by_category: {shown(post.removed_by_category)}: taken down")
    if post.subreddit.lower().startswith("u_"):
        raise RefusedError("subreddit: u_***: the page of an account, not a community")
    return Signal(
        source=payload.source,
        external_id=post.id,
        content=post.title,
        url=f"https://www.reddit.com/comments/{post.id}/",
        category=post.subreddit,
        published_at=unix_time(post.created_utc),
        captured_at=payload.captured_at,
        counters=_counters(post),
        metadata=_metadata(post),
    )


def _children(listing: Any) -> list[object]:
    if isinstance(listing, dict) and listing.get("kind") == "Listing" and isinstance(listing.get("data"), dict):
        children = listing["data"].get("children")
        if isinstance(children, list):
            return children
    raise RefusedError(f'body: expected {{"kind": "Listing", "data": {{"children": […]}}}}, got {shape(listing)}')


def _post_data(item: object) -> tuple[object, bool]:
    """The fields of a post, and whether they come from an archive."""
    if not isinstance(item, dict):
        raise RefusedError(f"item: expected an object, got {shape(item)}")
    if item.get("kind") not in ("t3", ARCHIVED):
        raise RefusedError(f"kind: {shown(item.get('kind'))} is not a post ('t3')")
    if not isinstance(item.get("data"), dict):
        raise RefusedError("data: missing, or not an object")
    return item["data"], item["kind"] == ARCHIVED


def _counters(post: Post) -> Counters:
    if not isinstance(post, LivePost):
        return Counters()
    return Counters(
        likes=max(post.score, 0),
        comments=post.num_comments,
        views=post.view_count,
        dislikes=None if post.upvote_ratio is None else dislikes(post.score, post.upvote_ratio),
    )


def dislikes(score: int, upvote_ratio: float) -> int:
    """Votes against, which Reddit doesn't tell: of score = up − down and ratio = up / (up + down).

    Where these don't give it, as a score is not told below 0 and the ratio is rounded, the fewest that go with the
    ratio and one vote for, which is the author's.
    """
    if score > 0 and upvote_ratio > 0.5:
        return min(round(score * (1 - upvote_ratio) / (2 * upvote_ratio - 1)), MAX_COUNTER)
    share = max(upvote_ratio, 0.01)
    return ceil((1 - share) / share)


def _metadata(post: Post) -> Json:
    facts: Json = {"kind": "post"}
    if post.link_flair_text:
        facts["flair"] = post.link_flair_text
    if not isinstance(post, LivePost):
        return facts | {"history": ARCHIVED}
    if post.upvote_ratio is not None:
        facts["upvote_ratio"] = post.upvote_ratio
    if post.score < 0:
        facts["score"] = post.score
    return facts
