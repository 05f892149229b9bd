"""Asking a service for a picture over HTTP: what its answers mean, and when it is asked again.

What belongs here: what services have in common. What does not: what they are asked, and what it costs.
"""

from __future__ import annotations

import base64
import binascii
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import httpx
import pyvips
import stamina

from pipeline.models import Json, Painting
from resources.errors import ErrorClass, PermanentError, TransientError, WaitingError
from resources.fetching.masking import quoted, secrets_of
from resources.fetching.rules import PATIENCE, retry_delay, seconds_of
from resources.fetching.transport import OversizeError, Transport

TRIES = 3
CONNECT_S = 5.0
PASSING_STATUS: Final[Mapping[int, ErrorClass]] = {408: "timeout", 429: "rate_limited"}
PASSING: Final[frozenset[ErrorClass]] = frozenset({"connection", "rate_limited", "server"})
"""Worth another try. A timeout is not: the time that there was is gone."""


class Picture(NamedTuple):
    """A picture that was looked at: it is one."""

    png: bytes
    width: int
    height: int


class Service:
    """One HTTP service on behalf of one painter; `secrets` must never be quoted.

    Args:
        name: of the painter.
        url: its base.
        limit: seconds that an exchange may take.
        headers: sent with every request; their values are secrets.
        credentials: the variables that a 401 or 403 may be mended by.
        auth: user and password, if it wants them.
    """

    def __init__(
        self,
        name: str,
        url: str,
        limit: float,
        *,
        headers: Mapping[str, str] | None = None,
        credentials: str = "",
        auth: tuple[str, str] | None = None,
    ) -> None:
        self.name = name
        self._credentials = credentials
        passwords = {"password": httpx.URL(url).password, "auth_password": auth[1] if auth else ""}
        self.secrets = secrets_of(headers or {}, passwords)
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", **(headers or {})},
            auth=auth,
            timeout=httpx.Timeout(limit, connect=CONNECT_S),
            transport=Transport(limit),
        )

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """One exchange; `content` as httpx takes it (json, data, files, params, timeout).

        Raises:
            TransientError: `connection` where it was not reached, `timeout` and `unreadable` where it may have worked.
        """
        base = str(self._http.base_url.copy_with(userinfo=b"")).rstrip("/")
        where = f"{self.name}: {method} {base}{path}"
        try:
            return self._http.request(method, path, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise TransientError(
                f"{where} can't be reached: {error}: is it running?", error_class="connection"
            ) from error
        except httpx.TimeoutException as error:
            raise TransientError(f"{where} was not answered in time: {error}", error_class="timeout") from error
        except OversizeError as error:
            raise PermanentError(f"{where} answered too much: {error}", error_class="unreadable") from error
        except httpx.TransportError as error:
            told = f"{where} broke off: {type(error).__name__}: {error}"
            raise TransientError(told, error_class="unreadable") from error

    def ask(self, method: str, path: str, **content: Any) -> Json:
        """One exchange, answered with a JSON object.

        Raises:
            TransientError: as `send`; 408, 429, 5xx, or an answer that is no JSON object.
            PermanentError: any other 4xx.
        """
        return self.document(self.send(method, path, **content))

    def document(self, answer: httpx.Response) -> Json:
        """The JSON object of a good answer; raises as `ask`."""
        self.judge(answer)
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            told = f"{self._where(answer)} with what is no JSON object: {quoted(answer.text, self.secrets)}"
            raise TransientError(told, error_class="unreadable")
        return document

    def judge(self, answer: httpx.Response) -> None:
        """Raise as `ask` unless the answer is a good one."""
        if not answer.is_success:
            raise self.failure(answer)

    def failure(self, answer: httpx.Response) -> TransientError | PermanentError:
        """What a bad answer means."""
        said = quoted(answer.text, self.secrets)
        return failure(
            self._where(answer), answer.status_code, said, answer.headers.get("retry-after"), self._credentials
        )

    def _where(self, answer: httpx.Response) -> str:
        url = answer.request.url.copy_with(userinfo=b"", query=None)
        return f"{self.name}: {answer.request.method} {url} answered {answer.status_code}"


def failure(
    where: str, status: int, said: str, retry_after: str | None, credentials: str
) -> TransientError | PermanentError:
    """What a bad answer means.

    Args:
        where: who answered which request.
        status: of the answer.
        said: its words, without secrets.
        retry_after: the header's value.
        credentials: the variables that a 401 or 403 may be mended by.
    """
    full = f"{where}: {said}" if said else where
    delay = seconds_of(retry_after, datetime.now(UTC))
    if status in {401, 403}:
        mend = f"check {credentials}" if credentials else "does it want credentials?"
        kind: ErrorClass = "unauthorized" if status == 401 else "forbidden"
        return PermanentError(f"{where}: {mend}. It said: {said}", error_class=kind)
    if status == 402:
        return PermanentError(f"{full}: the account has no credits left: buy some", error_class="refused")
    if status in PASSING_STATUS or status >= 500:
        return TransientError(full, retry_after=delay, error_class=PASSING_STATUS.get(status, "server"))
    if status >= 400:
        return PermanentError(full, error_class="not_found" if status in {404, 410} else "refused")
    return TransientError(f"{full}, which is no answer to what was asked", error_class="unreadable")


def patiently(paint: Callable[[], Painting], limit: float, chance: random.Random | None = None) -> Painting:
    """Ask, and ask again where that may help, after what Retry-After says.

    Args:
        paint: asks once.
        limit: seconds after which no further try is begun.
        chance: of the delays.

    Returns:
        The painting; its cost holds what earlier tries may have cost.

    Raises:
        WaitingError: the service asks to be left alone for longer than a picture can wait.
        TransientError, PermanentError: those of the last try, with the cost of all.
    """
    dice = chance or random.Random()
    lost = failures = 0
    delay: float | None = None

    def once() -> Painting:
        nonlocal lost, failures, delay
        delay = None
        try:
            painting = paint()
        except (TransientError, PermanentError) as error:
            failures += 1
            lost += error.cost_micros
            error.cost_micros = lost
            retry_after = error.retry_after if isinstance(error, TransientError) else None
            if retry_after is not None and retry_after > PATIENCE.total_seconds():
                until = datetime.now(UTC) + timedelta(seconds=retry_after)
                told = f"{error}; it asks to be left alone for {retry_after:.0f} s"
                raise WaitingError(told, until=until) from error
            if isinstance(error, TransientError) and error.error_class in PASSING:
                delay = retry_delay(failures, retry_after, dice)
            raise
        return painting.model_copy(update={"cost_micros": painting.cost_micros + lost})

    caller = stamina.RetryingCaller(attempts=TRIES, timeout=limit)
    return caller(lambda _: False if delay is None else delay, once)


def picture(encoded: str, where: str) -> Picture:
    """A picture that came as base64, as a PNG.

    Raises:
        TransientError: it is none.
    """
    try:
        return looked_at(base64.b64decode(encoded, validate=True), where)
    except binascii.Error as error:
        raise TransientError(f"{where}: the picture is no base64", error_class="unreadable") from error


def looked_at(data: bytes, where: str) -> Picture:
    """A picture of any format as a PNG.

    Raises:
        TransientError: it is none, or breaks off.
    """
    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="truncated")
        png = data if data.startswith(b"\x89PNG") else bytes(image.pngsave_buffer())
    except pyvips.Error as error:
        told = f"{where}: {len(data):,} bytes that are no picture"
        raise TransientError(told, error_class="unreadable") from error
    return Picture(png, image.width, image.height)


class Stopwatch:
    """Seconds since it was made, and what is left of a limit."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Until the limit; negative after it."""
        return self._limit - self.seconds
