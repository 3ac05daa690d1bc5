"""Runs the code of docs/guides as a reader would, block after block, and compares what is printed."""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, Served

GUIDES = ROOT / "docs" / "guides"
ADDRESS = "http://localhost:8080"
BLOCK = re.compile(
    r"<!-- (?P<what>run|run: torch|output|serve: \S+) -->\n\n```(?P<language>\w+)\n(?P<code>.*?)```", re.S
)


@dataclass(frozen=True)
class Block:
    what: str
    language: str
    code: str


def blocks_of(text: str) -> list[Block]:
    return [Block(found["what"], found["language"], found["code"]) for found in BLOCK.finditer(text)]


class Reader:
    """Types what the guide says, in a folder of its own."""

    def __init__(self, serve: Callable[..., Served]) -> None:
        self._serve = serve
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._address = ADDRESS
        self._printed = ""

    def follow(self, block: Block) -> None:
        code = block.code.replace(ADDRESS, self._address)
        if block.what.startswith("serve: "):
            folder = block.what.removeprefix("serve: ")
            self._address = self._serve(Path(folder).absolute(), "--name", folder).url
        elif block.what == "output":
            self._compare(block.code)
        elif block.language == "sh":
            self._printed = self._shell(code)
        else:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(code, "<guide>", "exec"), self._names)
            self._printed = printed.getvalue()

    def _shell(self, code: str) -> str:
        # `python` is the one that runs the tests.
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-euc", code], capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _compare(self, wanted: str) -> None:
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        if not doctest.OutputChecker().check_output(wanted, self._printed, flags):
            pytest.fail(f"the guide says\n{wanted}\nbut there is\n{self._printed}")


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md") if "<!-- run" in path.read_text()))
def test_the_code_of_a_guide_does_what_it_says(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Served]
) -> None:
    blocks = blocks_of((GUIDES / guide).read_text())
    if any(block.what == "run: torch" for block in blocks) and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed: make test-python-torch")
    for data in GUIDES.glob("*.csv"):
        shutil.copy(data, tmp_path)
    monkeypatch.chdir(tmp_path)
    reader = Reader(serve)
    for block in blocks:
        reader.follow(block)


def test_every_guide_that_has_code_for_the_reader_is_run() -> None:
    assert len(list(GUIDES.glob("*.md"))) >= 9
    for path in GUIDES.glob("*.md"):
        marked = path.read_text().count("<!-- ")
        assert marked == len(blocks_of(path.read_text())), f"{path.name}: a marked block is not understood"
