"""The folder of community titles of the user's own. It is only read; which niche they serve is not known here."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from pipeline.signals.privacy.scrubbing import scrub
from pipeline.signals.text import clean
from resources.errors import PermanentError

COLUMNS = ("community", "title")
LONGEST = 500
"""Characters of a title that are read."""


class TitleFolder:
    """CSV and Parquet files with the columns `community` (with or without r/) and `title`.

    Args:
        folder: None: there are no titles.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def titles(self, communities: Collection[str], most: int) -> dict[str, list[str]]:
        """The first `most` titles of each community, by name of file, without personal data.

        Args:
            communities: names in lower case; of others nothing is read.
            most: of each community.

        Raises:
            PermanentError: the folder is not there; a file can't be read, or lacks a column.
        """
        found: dict[str, list[str]] = {}
        for path in self._files():
            for community, title in self._rows(path, communities, most):
                mine = found.setdefault(community, [])
                if len(mine) < most and (text := scrub(clean(title[:LONGEST])).text):
                    mine.append(text)
        return found

    def _files(self) -> list[Path]:
        if self.folder is None:
            return []
        if not self.folder.is_dir():
            raise PermanentError(f"ENGINE_COMMUNITY_TITLES={str(self.folder)!r} is no folder: make it, or unset it")
        return sorted(itertools.chain(self.folder.glob("*.csv"), self.folder.glob("*.parquet")))

    def _rows(self, path: Path, communities: Collection[str], most: int) -> Iterator[tuple[str, str]]:
        try:
            rows = pl.scan_parquet(path) if path.suffix == ".parquet" else pl.scan_csv(path, infer_schema=False)
            if lacking := [name for name in COLUMNS if name not in rows.collect_schema().names()]:
                raise PermanentError(
                    f"titles in {path} have no column {' and no column '.join(lacking)}: name the columns "
                    f"{' and '.join(COLUMNS)}"
                )
            community = pl.col("community").cast(pl.String).str.to_lowercase().str.replace("^/?r/", "")
            wanted = (
                rows.select(community, pl.col("title").cast(pl.String))
                .drop_nulls()
                .filter(pl.col("community").is_in(sorted(communities)))
                .group_by("community", maintain_order=True)
                .head(most)
                .collect()
            )
        except (OSError, PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise PermanentError(f"titles in {path} can't be read ({reason}): give CSV or Parquet in UTF-8") from error
        yield from wanted.iter_rows()
