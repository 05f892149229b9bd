"""Addresses of pages without accounts, credentials and traces of who shared them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

_ACCOUNT_FREE: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.IGNORECASE), path)
    for pattern, path in (
        (r"(?:mobile\.)?(?:twitter|x)\.com/\w+/status(?:es)?/(\d+).*", r"/i/status/\1"),
        (r"(?:\w+\.)?reddit\.com/u(?:ser)?/[\w-]+/comments/(\w+).*", r"/comments/\1/"),
        (r"instagram\.com/[\w.]+/(p|reel)/([\w-]+).*", r"/\1/\2/"),
        (r"tiktok\.com/@[\w.]+/video/(\d+).*", r"/embed/v2/\1"),
        (r"medium\.com/@[\w.-]+/(?:[^/]*-)?([0-9a-f]{8,14})/?", r"/p/\1"),
    )
)
"""Host and path that name an account → the path at which the same page is found without it."""

_PUBLIC_PLACES = {
    "twitter.com": "i|search|hashtag|explore|home",
    "x.com": "i|search|hashtag|explore|home",
    "instagram.com": "p|reel|reels|tv|explore",
    "facebook.com": "groups|events|watch|hashtag|marketplace|reel",
    "threads.net": "search|tag",
    "threads.com": "search|tag",
    "tiktok.com": "tag|discover|embed|music|explore",
    "pinterest.com": "pin|ideas|search|today",
    "twitch.tv": "videos|directory|search|p",
    "soundcloud.com": "discover|search|charts|tags",
    "deviantart.com": "tag|topic|search",
    "flickr.com": "explore|groups|search|tags",
    "patreon.com": "posts|explore",
    "ko-fi.com": "explore|post",
    "t.me": "",
    "telegram.me": "",
    "linktr.ee": "",
    "about.me": "",
    "cash.app": "",
    "paypal.me": "",
    "venmo.com": "",
    "keybase.io": "",
    "gravatar.com": "",
    "codepen.io": "tag|trending|search|collection",
    "gist.github.com": "discover|starred|search",
}
"""Sites on which the first part of a path is an account, but for these."""

_ACCOUNT_PATH = re.compile(
    r"""/(?:@|~)[^/]                                         # Mastodon, YouTube, TikTok, Medium; the ~ of old servers
      | ^/(?:u|user|users|people|profile|profiles|member|members)/[^/]
      | /User(?:_talk)?:[^/]
      | ^/user/?$                                            # the account is in the query
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PROFILE = re.compile(
    r"(?:github|gitlab|codeberg|bitbucket)\.(?:com|org)/[^/]+/?|"
    r"(?:etsy\.com/shop|snapchat\.com/add|linkedin\.com/in|steamcommunity\.com/id|youtube\.com/(?:c|channel))/.+",
    re.IGNORECASE,
)
"""Sites and paths of profiles: the account itself, not what it made."""
_OWN_PAGES = re.compile(
    r"/(?:about|features|pricing|explore|trending|security|blog|topics|readme|new)/?", re.IGNORECASE
)
_ACCOUNT_HOST = re.compile(
    r"[\w-]+\.(?:bsky\.social|tumblr\.com|deviantart\.com|livejournal\.com|carrd\.co)", re.IGNORECASE
)
_NOBODYS_HOST = re.compile(r"(?:www|m|mobile|old|new|api|on)\.", re.IGNORECASE)

_PERSONAL_KEY = re.compile(
    r"""(?:.*[_-])?(?:e?mail|user|username|user_?id|uid|account|author|login|phone|tel|token|key|apikey|secret|
        password|passwd|pwd|auth|sig|signature|session|session_?id|jwt|credential)
      | [fgy]bclid|gclid|dclid|msclkid|twclid|yclid|igshi?d?|si|mc_[ce]id|_hs.*|share_?id|ref_?src|rdt_cid|x-amz-.*""",
    re.IGNORECASE | re.VERBOSE,
)
"""Names of parameters that say who someone is, let someone in, or tell who shared the address."""
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w|^mailto:", re.IGNORECASE)


def public_url(url: str | None) -> str | None:
    """The address of the same page without accounts, credentials, e-mail addresses and sharing marks.

    None where there is none: another scheme than HTTP, a bare IP address, a page that is found by an account only, an
    address that can't be understood. What has nothing to hide comes back as it is. Never raises.
    """
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or "." not in host or _is_ip(host):
        return None
    path = _public_path(host, parts)
    if path is None or _MAIL.search(_decoded(path)):
        return None
    query = "&".join(pair for pair in parts.query.split("&") if not _is_personal(pair))
    fragment = "" if _is_personal_fragment(parts.fragment) else parts.fragment
    if (path, query, fragment) == (parts.path, parts.query, parts.fragment) and "@" not in parts.netloc:
        return url
    authority = parts.netloc if "@" not in parts.netloc else f"{host}{port}"
    return urlunsplit((parts.scheme, authority, path, query, fragment))


def names_account(url: str) -> bool:
    """Whether an HTTP address says whose page it is, by its path or by credentials. Never raises."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and (
        "@" in parts.netloc or _public_path(host, parts) != parts.path
    )


def _public_path(host: str, parts: SplitResult) -> str | None:
    """The path without an account; None if there is no such."""
    site = _NOBODYS_HOST.sub("", host, count=1) if _NOBODYS_HOST.match(host) else host
    path = _decoded(parts.path)
    for pattern, free in _ACCOUNT_FREE:
        if match := pattern.fullmatch(f"{site}{path}"):
            if path.lower().startswith("/i/"):
                return parts.path
            return match.expand(free)
    if _ACCOUNT_HOST.fullmatch(site) or _ACCOUNT_PATH.search(path):
        return None
    first = path.strip("/").split("/")[0]
    places = _PUBLIC_PLACES.get(site)
    if places is not None and first and not re.fullmatch(places, first, re.IGNORECASE):
        return None
    if _PROFILE.fullmatch(f"{site}{path}") and first and not _OWN_PAGES.fullmatch(path):
        return None
    return parts.path


def _is_ip(host: str) -> bool:
    if not (":" in host or host[-1].isdigit()):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _decoded(text: str) -> str:
    """Without percent signs, however often they were put in."""
    while "%" in text and (plain := unquote(text)) != text:
        text = plain
    return text


def _is_personal(pair: str) -> bool:
    key, _, value = _decoded(pair).partition("=")
    return _PERSONAL_KEY.fullmatch(key) is not None or _MAIL.search(value) is not None or value.startswith("@")


def _is_personal_fragment(fragment: str) -> bool:
    plain = _decoded(fragment)
    return "@" in plain or any(_is_personal(pair) for pair in plain.split("&") if "=" in pair)
