"""Redis, where there is one, in front of the record: the newest hot topics, for a while.

What belongs here: what is kept there, for how long, and that whoever asks never waits long for it nor fails by it.
What does not: what is served when it has no answer (the record, always).

The value is not compared with the record, or nothing would be saved: it ends by itself TTL after it was put, which is
one ranking late at most. It says of which hour it is.
"""

from __future__ import annotations

import logging
from functools import cached_property
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr, ValidationError

from pipeline.scoring.hot_topics import HotHour

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

logger = logging.getLogger(__name__)

KEY: Final = "design-idea-engine:hot-topics:1"
"""The number changes with the shape of the value."""
TTL_S: Final = 2 * 3600
WAIT_S: Final = 0.3
"""For a connection, and for an answer: PostgreSQL takes less than a page that waits."""
MEND: Final = "write it as redis://[user:password@]host:port/database"

T = TypeVar("T")


class Cache:
    """The newest hot topics in Redis; without a URL it has nothing and keeps nothing.

    No method raises for what is wrong with Redis: that is logged once, till it is well again, and told by `state`.
    Connects when first used; safe to share between threads.

    Args:
        url: redis://… or rediss://…, with its password; None or empty: off.
    """

    def __init__(self, url: SecretStr | None) -> None:
        self._url = url.get_secret_value() if url else ""
        self._wrong: str | None = None
        self._noting = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        if "_client" in self.__dict__:
            self._client.close()

    def put(self, hot: HotHour | None) -> bool:
        """Keep these for TTL_S, or nothing; whether that was done."""
        if hot is None:
            return self.clear()
        value = hot.model_dump_json().encode()
        return bool(self._ask(lambda redis: redis.set(KEY, value, ex=TTL_S)))

    def newest(self) -> HotHour | None:
        """What was put last; None where it has ended, or was never put, or can't be had."""
        return self._ask(_read)

    def clear(self) -> bool:
        """Forget what was put; whether that is sure: an unreachable Redis forgets it TTL_S after it was put."""
        return self._ask(lambda redis: redis.delete(KEY)) is not None

    def state(self) -> str:
        """ok, off, or what is wrong."""
        if not self._url:
            return "off"
        self._ask(lambda redis: redis.ping())
        return self._wrong or "ok"

    @cached_property
    def _client(self) -> Redis:
        # Most installations have none.
        from redis import ConnectionError as Unusable  # noqa: PLC0415 - heavy
        from redis import Redis  # noqa: PLC0415 - heavy
        from redis.backoff import NoBackoff  # noqa: PLC0415 - heavy
        from redis.retry import Retry  # noqa: PLC0415 - heavy

        try:
            client = Redis.from_url(
                self._url, socket_connect_timeout=WAIT_S, socket_timeout=WAIT_S, retry=Retry(NoBackoff(), 0)
            )
            # Not connected yet: an option that Redis does not know is found here.
            client.connection_pool.make_connection()
        except (TypeError, ValueError):
            # What is said of the URL may hold a piece of it.
            raise Unusable(f"REDIS_URL can't be read: {MEND}") from None
        return client

    def _ask(self, question: Callable[[Redis], T]) -> T | None:
        """The answer; None where Redis is off or has none to give."""
        if not self._url:
            return None
        from redis import RedisError  # noqa: PLC0415 - heavy

        try:
            answer = question(self._client)
        except (RedisError, OSError) as error:
            self._note(f"{type(error).__name__}: {self._masked(str(error))}")
            return None
        self._note(None)
        return answer

    def _note(self, wrong: str | None) -> None:
        with self._noting:
            before, self._wrong = self._wrong, wrong
        if wrong and not before:
            logger.warning("The cache of hot topics is out of use, PostgreSQL serves them: %s", wrong)
        elif before and not wrong:
            logger.info("The cache of hot topics is in use again.")

    def _masked(self, said: str) -> str:
        for secret in _secrets(self._url):
            said = said.replace(secret, "***")
        return said


def _secrets(url: str) -> tuple[str, ...]:
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return (url,)
    return tuple(filter(None, (url, password, unquote(password))))


def _read(redis: Redis) -> HotHour | None:
    value = redis.get(KEY)
    if value is None:
        return None
    try:
        return HotHour.model_validate_json(value)
    except ValidationError as error:
        logger.warning("Took %s out of the cache, it is not as it was put: %s problems", KEY, error.error_count())
        redis.delete(KEY)
        return None
