"""TikTok: the Creative Center's page of popular hashtags, read in a headless browser. Off unless a person opts in.

TikTok offers no API that may be used here, and its terms of service forbid automated access without permission: only
who has that permission may set ENGINE_TIKTOK_BROWSER. The page is opened once an hour, if robots.txt allows it, under
a User-Agent that says who we are; nothing is disguised, and a page that asks for a login or a puzzle is left alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from pydantic import SecretStr

from pipeline.models import Payload, hour_of
from resources.errors import PermanentError, TransientError
from resources.fetching import Web
from resources.sources.base import SourceSpec, require_running

if TYPE_CHECKING:
    from playwright.sync_api import Page, ProxySettings, Response

AGENT = "design-idea-engine"
PATH = "/business/creativecenter/inspiration/popular/hashtag/pc/en"
ROW = '[data-testid^="cc_commonCom-trend_hashtag_item"]'
MAX_ROWS = 100

READ_ROWS = """([row, limit]) => {
    const text = (element) => (element?.textContent ?? '').trim().slice(0, 200);
    return [...document.querySelectorAll(row)].slice(0, limit).map((found) => {
        const labels = [...found.querySelectorAll('[class*="itemLabel"]')].slice(0, 10).map(text);
        const values = [...found.querySelectorAll('[class*="itemValue"]')].slice(0, 10).map(text);
        return {
            rank: text(found.querySelector('[class*="rankingIndex"]')),
            hashtag: text(found.querySelector('[class*="titleText"]')),
            figures: Object.fromEntries(labels.map((label, at) => [label, values[at] ?? ''])),
        };
    });
}"""
"""What each row shows, as text: its rank, its hashtag and its figures by their labels."""

PASSED_OVER = frozenset({"image", "media", "font"})


class TiktokHashtags:
    """The popular hashtags that the page shows to a visitor without an account.

    Args:
        browser: a Chromium.
        proxies: http://user:password@host:port; each hour takes the next one.
        contact: for the User-Agent.
        base_url: where the Creative Center lies.
        timeout: seconds that the page may take to show its rows.
    """

    name = "tiktok_hashtags"
    spec = SourceSpec(
        cadence="hourly; the page changes daily",
        credentials=("ENGINE_TIKTOK_BROWSER", "ENGINE_CONTACT"),
        requests_per_minute=6,
        terms="TikTok's terms of service do not allow automated access without its permission: leave this source off "
        "unless you have it. The Creative Center is a page, no API. The Research API is for non-profit research and "
        "not for commercial use",
        counters="comments: posts with the hashtag; views: views of them; both rounded as the page shows them (51K), "
        "over the period that it shows, which is the last 7 days at first; likes: none",
        history="none: the page shows only the present",
        live=True,
    )

    def __init__(
        self,
        browser: Path | None,
        proxies: Sequence[SecretStr] = (),
        contact: str | None = None,
        *,
        base_url: str = "https://ads.tiktok.com",
        timeout: float = 30.0,
    ) -> None:
        self.browser = browser
        self._proxies = tuple(proxies)
        self._contact = contact
        self.base_url = base_url
        self.timeout = timeout

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """One payload: the rows of the page as JSON, `{"page": …, "rows": [{rank, hashtag, figures}]}`, texts as shown.

        Raises:
            PermanentError: no browser or contact is set; Playwright or the browser is missing; robots.txt forbids the
                page or can't be had; a proxy can't be right; TikTok refuses us; the hour is over.
            TransientError: no answer, or a page that shows no hashtags.
            WaitingError: the source's circuit is open.
        """
        require_running(hour, now, self.name)
        if self.browser is None or not self._contact:
            raise PermanentError(f"{self.name}: set ENGINE_TIKTOK_BROWSER and ENGINE_CONTACT, having read its terms")
        proxy = self._proxy(now)
        url = f"{self.base_url}{PATH}"
        self._ask_robots(url, web)
        rows = self._rows(url, self.browser, proxy)
        body = json.dumps({"page": url, "rows": rows}, ensure_ascii=False, indent=1).encode(errors="replace")
        yield Payload(source=self.name, captured_at=now, body=body, url=url)

    def _ask_robots(self, url: str, web: Web) -> None:
        """Raise PermanentError unless robots.txt is there and allows the page."""
        place = f"{self.base_url}/robots.txt"
        answer = web.get(place, expect="any")
        if "html" in answer.media_type:
            raise PermanentError(f"{self.name}: {place} is a web page, not the rules for robots: {url} stays closed")
        rules = RobotFileParser()
        rules.parse(answer.body.decode(errors="replace").splitlines())
        if not rules.can_fetch(AGENT, url):
            raise PermanentError(f"{self.name}: {place} forbids {url} to robots: unset ENGINE_TIKTOK_BROWSER")

    def _proxy(self, now: datetime) -> ProxySettings | None:
        if not self._proxies:
            return None
        hours = int((hour_of(now) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) // 3600
        at = hours % len(self._proxies)
        wrong = f"ENGINE_TIKTOK_PROXIES: number {at + 1} should be http://user:password@host:port"
        try:
            parts = urlsplit(self._proxies[at].get_secret_value())
            place, port = parts.hostname, parts.port
        except ValueError:
            raise PermanentError(wrong) from None
        if parts.scheme not in {"http", "https", "socks5"} or not place or not port:
            raise PermanentError(wrong)
        found: ProxySettings = {"server": f"{parts.scheme}://{place}:{port}"}
        if parts.username:
            found |= {"username": parts.username, "password": parts.password or ""}
        return found

    def _rows(self, url: str, browser: Path, proxy: ProxySettings | None) -> list[dict[str, Any]]:
        try:
            from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as error:
            raise PermanentError(f"{self.name}: install the extra `browser` (Playwright)") from error
        if not browser.is_file():
            raise PermanentError(f"ENGINE_TIKTOK_BROWSER={str(browser)!r}: no such program: name a Chromium")
        try:
            with sync_playwright() as playwright:
                # Chromium's own sandbox does not start for root.
                opened = playwright.chromium.launch(
                    executable_path=browser, proxy=proxy, chromium_sandbox=os.geteuid() != 0
                )
                context = opened.new_context(
                    user_agent=f"{AGENT} ({self._contact})", accept_downloads=False, service_workers="block"
                )
                context.set_default_timeout(self.timeout * 1000)
                page = context.new_page()
                page.route(
                    "**/*",
                    lambda route: route.abort() if route.request.resource_type in PASSED_OVER else route.continue_(),
                )
                return self._read(page, url)
        except Error as error:
            raise TransientError(f"{self.name}: {url}: {_first_line(error)}") from error

    def _read(self, page: Page, url: str) -> list[dict[str, Any]]:
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer) if _is_the_page(answer, page) else None)
        try:
            page.goto(url, wait_until="domcontentloaded")
        finally:
            # Chromium itself fails on a refusal without a body, and does not say which one it was.
            if answers:
                self._judge(answers[-1], url)
        page.wait_for_selector(ROW, state="attached")
        rows: list[dict[str, Any]] = page.evaluate(READ_ROWS, [ROW, MAX_ROWS])
        return rows

    def _judge(self, answer: Response, url: str) -> None:
        where = f"{self.name}: {url} answered {answer.status}"
        if answer.status in {408, 429} or answer.status >= 500:
            after = answer.headers.get("retry-after", "")
            raise TransientError(where, retry_after=float(after) if after.isdigit() else None)
        if answer.status >= 400:
            raise PermanentError(f"{where}: TikTok does not let us in: unset ENGINE_TIKTOK_BROWSER")


def _is_the_page(answer: Response, page: Page) -> bool:
    return answer.request.is_navigation_request() and answer.frame == page.main_frame


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
