"""The folder into which people drop marketplace reports. It is only read; what is in a report is not known here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from resources.errors import PermanentError


class ReportFolder:
    """CSV files in one folder. A folder that does not exist holds none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each CSV file, by name.

        Raises:
            PermanentError: a file can't be read.
        """
        for path in sorted(self.folder.glob("*.csv")) if self.folder.is_dir() else []:
            try:
                yield path.name, path.read_bytes()
            except OSError as error:
                raise PermanentError(f"report {path} can't be read: {error.strerror}: make it readable") from error
