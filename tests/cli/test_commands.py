"""Whatever tells a person to run a command names one that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from cli.app import app
from resources.settings import ROOT

ROOMS = ("cli", "web", "resources", "assets", "jobs", "sensors", "pipeline", "migrations", "docs", "dbt_project")
COMMAND = re.compile(r"(?:`|<code>)(engine|make)((?: [a-z-]+)+)(?:`|</code>| --)")


def told() -> Iterator[tuple[str, str, str]]:
    """File, program and words of each command that code, pages or docs name."""
    files = [
        path for room in ROOMS for path in sorted((ROOT / room).rglob("*")) if path.suffix in {".py", ".html", ".md"}
    ]
    for path in [*files, *ROOT.glob("*.md"), ROOT / "Makefile"]:
        for program, words in COMMAND.findall(path.read_text(encoding="utf-8")):
            yield str(path.relative_to(ROOT)), program, words.strip()


@pytest.mark.parametrize("words", sorted({words for _, program, words in told() if program == "engine"}))
def test_every_engine_command_that_is_told_exists(words: str) -> None:
    answer = CliRunner().invoke(app, [*words.split(), "--help"])
    assert answer.exit_code == 0, answer.output
    assert "COMMAND [ARGS]" not in answer.output, f"`engine {words}` is a group, not a command"


def test_every_make_target_that_is_told_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    asked = {words for _, program, words in told() if program == "make"}
    assert {"run", "setup"} <= asked <= targets


def test_errors_name_the_command_that_mends_them() -> None:
    found = {(file, words) for file, program, words in told() if program == "engine"}
    assert {("resources/store/record.py", "db upgrade"), ("cli/doctor.py", "db upgrade")} <= found
