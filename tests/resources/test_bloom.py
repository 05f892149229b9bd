"""The filter in front of the record: few false alarms, none missed, and a file believed only when right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.models import sha256
from resources.bloom import LEAST_CAPACITY, RATE, Marked, TextFilter


class Record:
    """The record's side, of so many texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.asked_from: list[int] = []

    def texts_after(self, seq: int) -> Iterator[Marked]:
        self.asked_from.append(seq)
        for i in range(seq, len(self.texts)):
            yield Marked(self.texts[i], i + 1)

    def text_at(self, seq: int) -> str | None:
        return self.texts[seq - 1] if seq <= len(self.texts) else None

    def count(self) -> int:
        return len(self.texts)


def hashes(number: int, salt: str = "") -> list[str]:
    return [sha256(f"{salt}{i}".encode()) for i in range(number)]


def kept(folder: Path, record: Record) -> TextFilter:
    texts = TextFilter(folder)
    texts.catch_up(record)
    texts.save()
    return texts


@pytest.fixture
def record() -> Record:
    return Record(hashes(1000))


@pytest.mark.slow
def test_a_million_texts_are_known_and_few_others_are_taken_for_known(tmp_path: Path) -> None:
    known = hashes(1_000_000)
    kept(tmp_path, Record(known))
    again = TextFilter(tmp_path)
    again.catch_up(Record(known))
    assert not again.rebuilt
    assert len(again.ask(known).maybe) == 1_000_000
    # Made for twice as many, it does better than its rate; full, it would take 1,000 ± 32 of a million.
    assert len(again.ask(hashes(1_000_000, "other ")).maybe) < RATE * 1_000_000


def test_a_full_filter_keeps_its_rate(tmp_path: Path) -> None:
    kept(tmp_path, Record(hashes(100_000)))
    texts = TextFilter(tmp_path)
    texts.catch_up(Record(hashes(LEAST_CAPACITY)))
    assert not texts.rebuilt
    false = len(texts.ask(hashes(1_000_000, "other ")).maybe)
    assert 700 < false < 1300


def test_it_reads_only_what_came_after_its_mark(tmp_path: Path, record: Record) -> None:
    kept(tmp_path, record)
    more = Record([*record.texts, *hashes(5, "more ")])
    texts = TextFilter(tmp_path)
    texts.catch_up(more)
    assert more.asked_from == [1000]
    assert texts.ask(hashes(5, "more ")).maybe == set(hashes(5, "more "))


def test_it_grows_with_the_record(tmp_path: Path) -> None:
    kept(tmp_path, Record(hashes(10)))
    grown = Record(hashes(LEAST_CAPACITY + 1))
    texts = kept(tmp_path, grown)
    assert "more than" in texts.rebuilt
    assert json.loads(texts.file.read_bytes().partition(b"\n")[0])["capacity"] > LEAST_CAPACITY
    assert grown.asked_from[-1] == 0


def lose(file: Path) -> None:
    file.unlink()


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-7] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def rate(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"rate": 0.001', b'"rate": 0.01'))


def garble(file: Path) -> None:
    file.write_bytes(b"[1, 2]\nx")


@pytest.mark.parametrize(
    ("harm", "said"),
    [(lose, "no file"), (flip, "damaged"), (cut, "can't be read"), (rate, "rate 0.01"), (garble, "can't be read")],
    ids=["lost", "one bit", "cut off", "another rate", "another file"],
)
def test_a_file_that_is_not_right_is_made_again(
    tmp_path: Path, record: Record, harm: Callable[[Path], None], said: str
) -> None:
    harm(kept(tmp_path, record).file)
    texts = TextFilter(tmp_path)
    texts.catch_up(record)
    assert said in texts.rebuilt
    assert len(texts.ask(record.texts).maybe) == 1000


def test_saving_leaves_one_whole_file(tmp_path: Path, record: Record) -> None:
    for _ in range(3):
        kept(tmp_path, record)
    assert [file.name for file in tmp_path.iterdir()] == ["signals.bloom"]
