"""The opt-in reader of TikTok's Creative Center, in a real Chromium against a page of that shape on loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipeline.models import Counters, Payload
from resources.errors import PermanentError, TransientError
from resources.sources.tiktok_hashtags import PATH, TiktokHashtags
from tests.contracts import trend_exchanges as exchange

OPEN = exchange.Reply(b"User-agent: *\nDisallow: /business/private\n", media_type="text/plain")
PROXY = "http://jo:hunter2secret@127.0.0.1:9"


def row(at: int, hashtag: str, posts: str = "51K", views: str = "34M") -> str:
    figures = "".join(
        f'<div><span class="CardPc_itemValue__XGDmG">{value}</span>'
        f'<span class="CardPc_itemLabel__FRKbE">{label}</span></div>'
        for label, value in (("Posts", posts), ("Views", views))
    )
    return f"""<div class="CommonDataList_cardWrapper__kHTJP">
      <a id="hashtagItemContainer" data-testid="cc_commonCom-trend_hashtag_item-{at}" href="/x">
        <span class="RankingStatus_rankingIndex__ZMDrH">{at + 1}</span>
        <span class="CardPc_titleText__RYOWo"># <!-- -->{hashtag}</span>
        <div class="CardPc_pavWrapper__uYi97">{figures}</div>
        <img src="/picture.png">
      </a></div>"""


def page(rows: str, late: bool = True) -> exchange.Reply:
    """The page; its rows come by script, as on the real one."""
    told = json.dumps(rows).replace("</", "<\\/")
    script = f"<script>setTimeout(() => {{ document.getElementById('list').innerHTML = {told}; }}, 50);</script>"
    inner = f"<div id=list></div>{script}" if late else f"<div id=list>{rows}</div>"
    shown = f"<!DOCTYPE html><title>Hashtags</title>{inner}"
    return exchange.Reply(shown.encode(), media_type="text/html; charset=utf-8")


def answering(shown: exchange.Reply | None, robots: exchange.Reply = OPEN) -> Callable[[str], exchange.Reply | None]:
    return lambda path: robots if path == "/robots.txt" else shown if path == PATH else exchange.Reply(b"", 404)


def source(base_url: str, browser: Path | None = None, **more: Any) -> TiktokHashtags:
    return TiktokHashtags(browser or Path("/bin/true"), contact=exchange.CONTACT, base_url=base_url, **more)


@pytest.fixture(scope="module")
def chromium() -> Path:
    """A Chromium of the system."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine: install chromium to run the browser tests")
    return Path(program)


# --- in the browser


@pytest.mark.browser
def test_what_the_page_shows_becomes_signals(chromium: Path) -> None:
    rows = row(0, "CatTok") + row(1, "booktok", "1.2M", "987") + row(2, "nsfwtok") + row(3, "odd", "many")
    with exchange.served(answering(page(rows))) as server:
        payloads = exchange.fetched(source(server.base_url, chromium))
    (payload,) = payloads
    assert payload.url == f"{server.base_url}{PATH}"
    assert json.loads(payload.body)["rows"][0] == {
        "rank": "1",
        "hashtag": "# CatTok",
        "figures": {"Posts": "51K", "Views": "34M"},
    }
    cats, books = exchange.signals(payloads)
    assert (cats.content, cats.counters) == ("Cat Tok", Counters(comments=51_000, views=34_000_000))
    assert cats.metadata == {"kind": "post", "tags": ["CatTok"], "rank": 1}
    assert books.counters == Counters(comments=1_200_000, views=987)
    unsafe, odd = exchange.reasons(payloads)
    assert "not safe for work" in unsafe
    assert "figures.Posts: 'many'" in odd
    opened = [asked for asked in server.asked if asked.path == PATH]
    assert [asked.path for asked in server.asked if asked.path != "/favicon.ico"] == ["/robots.txt", PATH]
    assert opened[0].headers["user-agent"] == f"design-idea-engine ({exchange.CONTACT})"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("shown", "kind", "said"),
    [
        pytest.param(page("<h1>Log in</h1>"), TransientError, "Timeout", id="login"),
        pytest.param(exchange.Reply(b"", 403), PermanentError, "answered 403", id="403"),
        pytest.param(exchange.Reply(b"", 401), PermanentError, "answered 401", id="401"),
        pytest.param(exchange.Reply(b"", 500), TransientError, "answered 500", id="500"),
        pytest.param(None, TransientError, "Timeout", id="silence"),
    ],
)
def test_a_page_without_hashtags_is_an_error(
    chromium: Path, shown: exchange.Reply | None, kind: type[Exception], said: str
) -> None:
    with exchange.served(answering(shown)) as server, pytest.raises(kind, match=said):
        exchange.fetched(source(server.base_url, chromium, timeout=1.5))


@pytest.mark.browser
def test_a_limit_says_how_long_to_wait(chromium: Path) -> None:
    limited = exchange.Reply(b"", 429, headers={"Retry-After": "7200"})
    with exchange.served(answering(limited)) as server, pytest.raises(TransientError) as error:
        exchange.fetched(source(server.base_url, chromium))
    assert error.value.retry_after == 7200


@pytest.mark.browser
def test_a_page_of_endless_rows_and_texts_is_cut(chromium: Path) -> None:
    rows = "".join(row(at, "x" * 5_000) for at in range(150))
    with exchange.served(answering(page(rows, late=False))) as server:
        (payload,) = exchange.fetched(source(server.base_url, chromium))
    shown = json.loads(payload.body)["rows"]
    assert len(shown) == 100
    assert max(len(found["hashtag"]) for found in shown) == 200


@pytest.mark.browser
def test_a_proxy_that_is_down_is_no_page_and_its_password_is_never_told(
    chromium: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    # A Chromium passes its proxy by on loopback; a name of the outside goes to the proxy, where nobody listens.
    outside = source("http://creative.example", chromium, proxies=[SecretStr(PROXY)], timeout=5.0)
    monkeypatch.setattr(outside, "_ask_robots", lambda url, web: None)
    with pytest.raises(TransientError) as error:
        exchange.fetched(outside)
    assert "PROXY" in str(error.value)
    assert "hunter2secret" not in f"{error.value!r}{error.value.__cause__!r}{caplog.text}"


# --- before the browser


@pytest.mark.parametrize(
    "robots",
    [
        exchange.Reply(f"User-agent: *\nDisallow: {PATH}".encode(), media_type="text/plain"),
        exchange.Reply(b"User-agent: *\nDisallow: /", media_type="text/plain"),
        exchange.Reply(b"User-agent: design-idea-engine\nDisallow: /business/", media_type="text/plain"),
    ],
    ids=["path", "all", "us"],
)
def test_what_robots_txt_forbids_stays_closed(robots: exchange.Reply) -> None:
    with (
        exchange.served(answering(None, robots)) as server,
        pytest.raises(PermanentError, match=r"robots\.txt forbids"),
    ):
        exchange.fetched(source(server.base_url))
    assert [asked.path for asked in server.asked] == ["/robots.txt"]


@pytest.mark.parametrize(
    ("robots", "kind"),
    [
        (exchange.Reply(b"", 404), PermanentError),
        (exchange.Reply(b"", 403), PermanentError),
        (exchange.Reply(b"<html>", media_type="text/html"), PermanentError),
        (exchange.Reply(b"", 500), TransientError),
    ],
    ids=["404", "403", "html", "500"],
)
def test_where_robots_txt_can_not_be_read_the_page_stays_closed(robots: exchange.Reply, kind: type[Exception]) -> None:
    with exchange.served(answering(None, robots)) as server, pytest.raises(kind):
        exchange.fetched(source(server.base_url))
    assert PATH not in {asked.path for asked in server.asked}


def test_without_the_opt_in_nothing_is_asked() -> None:
    with exchange.served(answering(None)) as server:
        for off in (
            TiktokHashtags(None, contact=exchange.CONTACT, base_url=server.base_url),
            TiktokHashtags(Path("/bin/true"), base_url=server.base_url),
        ):
            with pytest.raises(PermanentError, match="set ENGINE_TIKTOK_BROWSER and ENGINE_CONTACT"):
                exchange.fetched(off)
    assert server.asked == []


def test_a_browser_that_is_not_there_is_named() -> None:
    with (
        exchange.served(answering(None)) as server,
        pytest.raises(PermanentError, match="ENGINE_TIKTOK_BROWSER='/no/where'"),
    ):
        exchange.fetched(source(server.base_url, Path("/no/where")))


def test_another_hour_is_refused() -> None:
    off = source("http://127.0.0.1:9")
    with pytest.raises(PermanentError, match="the past can't be fetched"):
        list(off.fetch(exchange.NOW - timedelta(hours=1), exchange.NOW, exchange.web(off)))


@pytest.mark.parametrize(
    "proxy", ["hunter2secret", "ftp://a:hunter2secret@h:1", "http://h", "http://u:hunter2secret@h:port"]
)
def test_a_proxy_that_can_not_be_right_is_named_by_its_number(proxy: str) -> None:
    wrong = source("http://127.0.0.1:9", proxies=[SecretStr(proxy)])
    with pytest.raises(PermanentError, match="ENGINE_TIKTOK_PROXIES: number 1") as error:
        exchange.fetched(wrong)
    assert "hunter2secret" not in f"{error.value}{error.value.__cause__}"


def test_each_hour_takes_the_next_proxy() -> None:
    made = source("http://127.0.0.1:9", proxies=[SecretStr(f"http://u:p@host{n}:80") for n in range(3)])
    taken = [made._proxy(exchange.NOW + timedelta(hours=hour)) for hour in range(4)]
    servers = [each["server"] for each in taken if each]
    assert len(set(servers[:3])) == 3
    assert servers[3] == servers[0]
    assert taken[0] is not None
    assert taken[0]["username"] == "u"


def test_it_says_what_its_terms_are() -> None:
    spec = TiktokHashtags.spec
    assert "do not allow automated access" in spec.terms
    assert "not for commercial use" in spec.terms
    assert spec.credentials == ("ENGINE_TIKTOK_BROWSER", "ENGINE_CONTACT")
    assert spec.live


# --- what was read


@pytest.mark.parametrize(
    ("shown", "number"),
    [("51K", 51_000), ("1.2M", 1_200_000), ("3B", 3 * 10**9), ("987", 987), ("1,234", 1_234), (" 7 k ", 7_000)],
)
def test_figures_are_as_exact_as_shown(shown: str, number: int) -> None:
    assert read_one({"hashtag": "#tea", "rank": "3", "figures": {"Views": shown}}) == Counters(views=number)


@pytest.mark.parametrize("shown", ["", "-1", "1.2.3K", "9999999999999B", "K", "∞", None, 1.5, True])
def test_other_figures_are_refused(shown: object) -> None:
    item = {"hashtag": "#tea", "rank": "3", "figures": {"Views": shown}}
    if shown is None:
        assert read_one(item) == Counters()
    else:
        (reason,) = exchange.reasons([payload_of(item)])
        assert reason.startswith("figures.Views")


def payload_of(*rows: object) -> Payload:
    return Payload(source="tiktok_hashtags", captured_at=exchange.NOW, body=json.dumps({"rows": rows}).encode())


def read_one(item: object) -> Counters:
    (signal,) = exchange.signals([payload_of(item)])
    return signal.counters
