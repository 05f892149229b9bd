"""Which texts the record may know: a Bloom filter in a file, so that only those are looked up there.

What belongs here: keeping the filter on disk, in step with the record, and no longer believing it when it is not. What
does not: what a known text means. Nothing ever depends on the file: a text that it takes for known costs one look-up,
and a filter that is lost, damaged, outgrown or of another record is made again from the record.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from rbloom import Bloom
from xxhash import xxh3_128_intdigest

RATE = 0.001
"""The share of unknown texts that are taken for known when the filter is full. One costs an index look-up."""

LEAST_CAPACITY = 200_000
ROOM = 2
"""A filter is made for so many times the texts that there are."""

FORMAT = 1
log = logging.getLogger(__name__)


class Marked(NamedTuple):
    """A text hash, and where in the order of recording it stands."""

    text_hash: str
    seq: int


class Texts(Protocol):
    """The record's side: see `resources.store.topics.Topics`."""

    def texts_after(self, seq: int) -> Iterator[Marked]:
        """What was recorded after the mark, in order."""
        ...

    def text_at(self, seq: int) -> str | None:
        """The text hash that stands at the mark."""
        ...

    def count(self) -> int:
        """About how many texts there are."""
        ...


class Answer(NamedTuple):
    """What a filter said of texts."""

    asked: int
    maybe: frozenset[str]


class TextFilter:
    """The filter in a folder. Use it between the record's `hold` and the end of that transaction.

    The mark says up to which place of the record's order the filter knows all. What was recorded since, by whomever, is
    caught up with. Transactions that record signals hold one lock one after the other, so that nothing with a place
    before the mark can still be committed after it.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "signals.bloom"
        self._bloom = _empty(LEAST_CAPACITY)
        self._capacity = LEAST_CAPACITY
        self._keys = 0
        self._last: Marked | None = None
        self._read_once = False
        self.rebuilt = ""
        """Why the filter was made again in `catch_up`; empty where it was not."""

    def catch_up(self, texts: Texts) -> None:
        """Read the file, the first time, and add what was recorded since.

        The filter is made again where the file can't be believed.
        """
        unread, self._read_once = not self._read_once, True
        damage = self._read(texts) if unread else ""
        if not damage:
            self._add(texts.texts_after(self._last.seq if self._last else 0))
            if self._keys <= self._capacity:
                return
            damage = f"{self._keys:,} texts, more than the {self._capacity:,} it was made for"
        self.rebuilt = damage
        begun = time.perf_counter()
        self._capacity = max(LEAST_CAPACITY, ROOM * texts.count())
        self._bloom, self._keys, self._last = _empty(self._capacity), 0, None
        self._add(texts.texts_after(0))
        told = log.info if self._keys else log.debug
        told(
            "%s made again from the record, %d texts in %.1f s: %s",
            *(self.file, self._keys, time.perf_counter() - begun, self.rebuilt),
        )

    def ask(self, text_hashes: Collection[str]) -> Answer:
        """Which of the texts the record may know; the others it does not."""
        return Answer(len(text_hashes), frozenset(text for text in text_hashes if text in self._bloom))

    def save(self) -> None:
        """Replace the file by one that knows what this filter knows."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        body = self._bloom.save_bytes()
        head = {
            "format": FORMAT,
            "rate": RATE,
            "capacity": self._capacity,
            "keys": self._keys,
            "mark": self._last.seq if self._last else 0,
            "text_hash": self._last.text_hash if self._last else None,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        with tempfile.NamedTemporaryFile(dir=self.file.parent, prefix=".bloom-", delete=False) as written:
            try:
                written.write(json.dumps(head).encode() + b"\n" + body)
                written.flush()
                os.fsync(written.fileno())
                Path(written.name).replace(self.file)
            except BaseException:
                Path(written.name).unlink()
                raise

    def _read(self, texts: Texts) -> str:
        """Take the file's filter; why not, where it can't be believed."""
        try:
            first, _, body = self.file.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return "there was no file"
        try:
            head = json.loads(first)
            if (head["format"], head["rate"]) != (FORMAT, RATE):
                return f"the file is of format {head['format']} and rate {head['rate']}, not {FORMAT} and {RATE}"
            if head["sha256"] != hashlib.sha256(body).hexdigest():
                return "the file is damaged"
            last = Marked(head["text_hash"], head["mark"])
            self._capacity, self._keys = head["capacity"], head["keys"]
        except (ValueError, KeyError, TypeError):
            return "the file can't be read"
        if last.seq and texts.text_at(last.seq) != last.text_hash:
            return f"the file knows another record: at {last.seq} it has another text"
        self._bloom, self._last = Bloom.load_bytes(body, _place), last if last.seq else None
        return ""

    def _add(self, marked: Iterable[Marked]) -> None:
        for one in marked:
            self._bloom.add(one.text_hash)
            self._keys += 1
            self._last = one


def _empty(capacity: int) -> Bloom:
    return Bloom(capacity, RATE, _place)


def _place(text_hash: Any) -> int:
    """xxh3 of the text as the signed number of 128 bits that rbloom wants; the same in every process."""
    return xxh3_128_intdigest(text_hash.encode()) - 2**127
