"""Official libraries that bring an HTTP client of their own, made to ask through `Web` instead.

What belongs here: the objects that those libraries take for their transport. What does not: what is asked (sources),
and retries, waiting, caching and errors, which are `Web`'s and pass through unchanged.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from resources.fetching.base import Answer, Web

if TYPE_CHECKING:
    import httplib2
    import requests

OWN_HEADERS = frozenset(
    {"user-agent", "accept", "accept-encoding", "content-length", "connection", "x-goog-api-client"}
)
"""Headers that the libraries set and `Web` sets itself, or that tell more of this machine than is needed."""


class PrawSession:
    """What prawcore takes for a `requests.Session`.

    prawcore wraps what is raised here in its `RequestException`, as `original_exception`. It is told nothing of rate
    limits, because it would sleep for as long as an answer says; `answers` have them.
    """

    def __init__(self, web: Web) -> None:
        self._web = web
        self.headers: dict[str, str] = {}
        """prawcore puts its User-Agent here; `Web` sends its own."""
        self.answers: list[Answer] = []
        """What was answered, byte for byte, in order."""

    def request(
        self,
        method: str,
        url: str,
        *,
        auth: tuple[str, str] | None = None,
        data: Iterable[tuple[str, str]] | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> requests.Response:
        """Ask, and return the good answer in the shape of `requests`. Raises as `Web.send`."""
        import requests  # noqa: PLC0415 - heavy

        sent = _passed_on(headers)
        if auth is not None:
            sent["Authorization"] = f"Basic {b64encode(':'.join(auth).encode()).decode()}"
        form = dict(data) if data is not None else None
        answer = self._web.send(method.upper(), url, params=params, headers=sent, data=form)
        self.answers.append(answer)
        response = requests.Response()
        response.status_code = answer.status
        response.url = answer.url
        response.headers.update({k: v for k, v in answer.headers.items() if not k.startswith("x-ratelimit")})
        response.raw = io.BytesIO(answer.body)
        return response

    def close(self) -> None:
        """Nothing is open."""


class GoogleHttp:
    """What googleapiclient takes for an `httplib2.Http`.

    Args:
        web: does the asking.
        headers: sent with each request: the API key, which otherwise would stand in the URL.
        cost: units of the source's quota that a request costs.
    """

    def __init__(self, web: Web, headers: Mapping[str, str], cost: int = 1) -> None:
        self._web = web
        self._headers = headers
        self._cost = cost
        self.answers: list[Answer] = []
        """What was answered, byte for byte, in order."""

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[httplib2.Response, bytes]:
        """Ask, and return the good answer in the shape of httplib2. Raises as `Web.send`."""
        import httplib2  # noqa: PLC0415 - heavy

        sent = _passed_on(headers) | dict(self._headers)
        answer = self._web.send(method, uri, headers=sent, data=body, cost=self._cost)
        self.answers.append(answer)
        return httplib2.Response({**answer.headers, "status": str(answer.status)}), answer.body

    def close(self) -> None:
        """Nothing is open."""


def _passed_on(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (headers or {}).items() if name.lower() not in OWN_HEADERS}
