"""The client behind `Web`: httpx, with what politeness asks for."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import Final, NamedTuple, NoReturn, Self
from xml.etree.ElementTree import ParseError

import httpx
import stamina
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from hishel import CacheOptions
from hishel.httpx import CacheTransport

from resources.errors import ErrorClass, PermanentError, TransientError, WaitingError
from resources.fetching.base import Answer, Expect, Manners
from resources.fetching.cache import Cache, cache
from resources.fetching.gate import Gate, OpenGate, StoreGate
from resources.fetching.rules import PATIENCE, retry_delay, seconds_of, stagger
from resources.fetching.masking import MaskedUrls, quoted, secrets_of, shown
from resources.fetching.transport import TIMEOUT, OversizeError, Transport
from resources.settings import Settings
from resources.store import Store

PROJECT = "design-idea-engine/0.1"
TRIES = 3
TOTAL = timedelta(seconds=180)
"""No further try is begun after this."""
REDIRECTS = 5
OWN = ("user-agent", "accept", "accept-encoding", "accept-language")
"""Headers that may go to another host."""
HARMLESS: Final[frozenset[ErrorClass]] = frozenset({"not_found", "refused"})
"""The source works, and says that we asked for the wrong thing."""
FORMATS: Final[Mapping[Expect, str]] = {
    "json": "application/json",
    "xml": "application/xml, application/rss+xml, application/atom+xml, text/xml;q=0.9",
    "html": "text/html",
    "any": "*/*",
}

logging.getLogger("httpx").addFilter(MaskedUrls())


def _now() -> datetime:
    return datetime.now(UTC)


class _Asked(NamedTuple):
    """A request, and what must not be said of it."""

    request: httpx.Request
    expect: Expect
    secrets: frozenset[str]


class Client:
    """HTTP on behalf of one source, for one run; safe to share between threads. Close it, or use it in `with`.

    Args:
        source: its name.
        credentials: the environment variables that a 401 or 403 may be mended by.
        contact: e-mail or page, for the User-Agent.
        gate: holds the source back.
        cache: what it answered before.
        transport: how to reach servers.
        now: the clock.
        sleep: waits so many seconds.
        chance: of delays.
    """

    def __init__(
        self,
        source: str,
        credentials: tuple[str, ...] = (),
        contact: str | None = None,
        *,
        gate: Gate | None = None,
        cache: Cache | None = None,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = _now,
        sleep: Callable[[float], None] = time.sleep,
        chance: random.Random | None = None,
    ) -> None:
        self._source = source
        self._credentials = credentials
        self._gate = gate or OpenGate()
        self._cache = cache
        self._now = now
        self._sleep = sleep
        self._chance = chance or random.Random()
        self._starting = Lock()
        self._started = False
        reach = transport or Transport()
        self._http = httpx.Client(
            transport=CacheTransport(reach, cache, CacheOptions(shared=False)) if cache else reach,
            timeout=TIMEOUT,
            headers={
                "User-Agent": f"{PROJECT} ({contact})" if contact else PROJECT,
                "Accept-Encoding": "gzip",
                "Cache-Control": "no-cache",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and the cache."""
        self._http.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Expect = "json",
        cost: int = 1,
        quota_key: str = "",
    ) -> Answer:
        """`send("GET", …)`."""
        return self.send("GET", url, params=params, headers=headers, expect=expect, cost=cost, quota_key=quota_key)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | bytes | None = None,
        expect: Expect = "json",
        cost: int = 1,
        quota_key: str = "",
    ) -> Answer:
        """As `Web.send`."""
        asked = self._built(method, url, params, headers or {}, data, expect)
        self._start()
        failures = 0
        delay: float | None = None

        def once() -> Answer:
            nonlocal failures, delay
            delay = None
            leave = self._gate.enter(cost, quota_key)
            if leave.wait:
                self._sleep(leave.wait)
            try:
                answer = self._answer(asked)
            except (TransientError, PermanentError) as error:
                failures += 1
                retry_after = error.retry_after if isinstance(error, TransientError) else None
                if error.error_class in HARMLESS:
                    self._gate.succeeded(leave)
                    raise
                until = self._gate.failed(leave, str(error), retry_after)
                if retry_after is not None and retry_after > PATIENCE.total_seconds():
                    until = until or self._now() + timedelta(seconds=retry_after)
                    told = f"{error}; it asks to be left alone for {retry_after:.0f} s"
                    raise WaitingError(told, until=until) from error
                if isinstance(error, TransientError) and until is None:
                    delay = retry_delay(failures, retry_after, self._chance)
                raise
            self._gate.succeeded(leave)
            return answer

        # A delay alone says that another try makes sense: not where the circuit opened or our own database failed.
        caller = stamina.RetryingCaller(attempts=TRIES, timeout=TOTAL)
        return caller(lambda _: False if delay is None else delay, once)

    def _start(self) -> None:
        """Let the first request of a run wait, at the full hour; the others wait with it."""
        with self._starting:
            if not self._started:
                self._started = True
                wait = stagger(self._now(), self._chance)
                if wait:
                    self._sleep(wait)

    def _built(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str],
        data: Mapping[str, str] | bytes | None,
        expect: Expect,
    ) -> _Asked:
        form = data if isinstance(data, Mapping) else None
        content = data if isinstance(data, bytes) else None
        secrets = secrets_of(headers, form or {})
        try:
            whole = httpx.URL(url).copy_merge_params(params or {})
            sent = {"Accept": FORMATS[expect], **headers}
            request = self._http.build_request(method, whole, headers=sent, data=form, content=content)
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise PermanentError(f"{self._source}: {method} can't be asked: {quoted(str(error), secrets)}") from None
        if whole.scheme not in {"http", "https"} or not whole.host:
            raise PermanentError(f"{self._source}: {shown(whole)} can't be asked: it needs http(s):// and a host")
        return _Asked(request, expect, secrets)

    def _answer(self, asked: _Asked) -> Answer:
        """One try: a good answer, redirects followed."""
        request = asked.request
        for _ in range(REDIRECTS + 1):
            answer = self._exchanged(request)
            if not answer.has_redirect_location:
                return self._judged(answer, asked)
            request = self._redirected(answer)
        raise PermanentError(
            f"{self._source}: {shown(asked.request.url)} redirects more than {REDIRECTS} times", error_class="refused"
        )

    def _exchanged(self, request: httpx.Request) -> httpx.Response:
        where = f"{self._source}: {request.method} {shown(request.url)}"
        if self._cache:
            request.extensions["caching"] = {"key": self._cache.key(str(request.url), request.headers)}
        try:
            return self._http.send(request)
        except httpx.TimeoutException as error:
            raise TransientError(f"{where} was not answered in time: {error}", error_class="timeout") from error
        except OversizeError as error:
            raise PermanentError(f"{where} answered too much: {error}", error_class="unreadable") from error
        except httpx.DecodingError as error:
            raise TransientError(f"{where} can't be read: {error}", error_class="unreadable") from error
        except httpx.TransportError as error:
            kind = type(error).__name__
            raise TransientError(f"{where} got no answer: {kind}: {error}", error_class="connection") from error

    def _redirected(self, answer: httpx.Response) -> httpx.Request:
        """The request that a redirect asks for, without credentials where it leads to another host."""
        request, to = answer.request, answer.next_request
        where = f"{self._source}: {request.method} {shown(request.url)} answered {answer.status_code}"
        if to is None or request.method not in {"GET", "HEAD"}:
            raise PermanentError(f"{where}, a redirect, which only a GET may follow", error_class="refused")
        if to.url.scheme not in {"http", "https"} or not to.url.host:
            raise PermanentError(f"{where} and leads to {to.url.scheme[:20]}:, which is no HTTP", error_class="refused")
        same = (to.url.scheme, to.url.host, to.url.port) == (request.url.scheme, request.url.host, request.url.port)
        kept = {name: value for name, value in request.headers.items() if name in OWN or (same and name != "host")}
        return self._http.build_request(request.method, to.url, headers=kept)

    def _judged(self, answer: httpx.Response, asked: _Asked) -> Answer:
        status = answer.status_code
        where = f"{self._source}: {answer.request.method} {shown(answer.request.url)} answered {status}"
        if not answer.is_success:
            self._refuse(answer, where, asked)
        problem = _unlike(asked.expect, answer.content)
        if problem:
            if self._cache:
                self._cache.forget(answer.request.extensions["caching"]["key"])
            raise TransientError(f"{where}, {problem}", error_class="unreadable")
        return Answer(
            status=status,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
            media_type=answer.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower(),
            url=shown(answer.request.url),
        )

    def _refuse(self, answer: httpx.Response, where: str, asked: _Asked) -> NoReturn:
        said = quoted(answer.text, asked.secrets)
        full = f"{where}: {said}" if said else where
        retry_after = seconds_of(answer.headers.get("retry-after"), self._now())
        match answer.status_code:
            case 408:
                raise TransientError(full, retry_after=retry_after, error_class="timeout")
            case 429:
                raise TransientError(full, retry_after=retry_after, error_class="rate_limited")
            case 401 | 403 as status:
                mend = ", ".join(self._credentials) or "whether its terms let us ask, and ENGINE_CONTACT"
                kind: ErrorClass = "unauthorized" if status == 401 else "forbidden"
                raise PermanentError(f"{where}: check {mend}. It said: {said}", error_class=kind)
            case 404 | 410:
                raise PermanentError(full, error_class="not_found")
            case status if 400 <= status < 500:
                raise PermanentError(full, error_class="refused")
            case status if status >= 500:
                raise TransientError(full, retry_after=retry_after, error_class="server")
        raise TransientError(f"{where}, which is no answer to what was asked", error_class="unreadable")


def client(source: str, manners: Manners, settings: Settings, store: Store) -> Client:
    """The client of a source for one run.

    Args:
        source: its name.
        manners: its spec.
        settings: who we are, and where the cache lies.
        store: keeps what holds the source back.

    Raises:
        PermanentError: there is no secret to seal the cache with.
    """
    gate = StoreGate(store, source, requests_per_minute=manners.requests_per_minute, quota=manners.quota, now=_now)
    return Client(source, manners.credentials, settings.contact, gate=gate, cache=cache(settings))


def _unlike(expect: Expect, body: bytes) -> str:
    """What is wrong with a body, if it is not what was expected."""
    if expect == "any":
        return ""
    if not body.strip():
        return f"with nothing in place of {expect.upper()}"
    if expect == "html":
        return ""
    text = body.decode("utf-8-sig", errors="replace")
    if text.lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
        return f"with HTML in place of {expect.upper()}"
    try:
        if expect == "json":
            json.loads(text)
        else:
            fromstring(body)
    except (ValueError, RecursionError, ParseError, DefusedXmlException) as error:
        return f"with {expect.upper()} that breaks off or is none: {quoted(str(error), ())}"
    return ""
