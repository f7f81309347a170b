"""The README is run: its commands succeed, its outputs are those of the commands, its figures are the settings'.

`python -m tests.test_readme` pastes the outputs of all commands and snippets anew.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from dedup import __version__
from dedup.cli import failures
from dedup.cli.entry import app
from dedup.schemas import DATASETS
from dedup.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
CHINESE = ROOT / "README.zh-CN.md"
PAGES = [README, CHINESE, *(ROOT / "docs" / f"{name}.md" for name in ("configuration", "datasets", "how-it-works"))]
#: What the commands of the README find around them.
LAYOUT = ("data", "flows", "Makefile", "README.md")
#: Commands whose point is Prefect; its temporary server takes many seconds.
PREFECT = re.compile(r"make run$|.*python \S*flows/")
#: Python prints what stands behind this.
PRINTED = "# -> "

_BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.M | re.S)
_RELEASE = re.compile(r"\b\d{4}-\d\d-\d\d\.\d+\b")
_SECONDS = re.compile(
    r" *\b\d+\.\d s( \+ \d+\.\d s Prefect start \(--no-prefect skips it\))?$|(?<=\| seconds \| )\d+\.\d(?= \|$)", re.M
)
_CLOCK = re.compile(r"\b\d\d:\d\d(:\d\d(\.\d+)?)?\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line of the README on which its text starts."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Step:
    """One command or one statement, where it stands, and what the README says it prints."""

    language: str
    code: str
    printed: str
    line: int
    opens_block: bool

    @property
    def is_slow(self) -> bool:
        """Whether it runs through Prefect."""
        return self.language == "console" and PREFECT.match(self.code) is not None

    def __str__(self) -> str:
        return f"line {self.line}: {self.code.splitlines()[0]}"


@dataclass(frozen=True)
class Outcome:
    """What a step did."""

    code: int
    out: str
    err: str = ""


def read_blocks(path: Path) -> list[Block]:
    text = path.read_text("utf-8")
    return [Block(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in _BLOCK.finditer(text)]


def console_steps(block: Block) -> Iterator[Step]:
    lines = block.text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {block.line}: a console block starts with a command"
    for n, (start, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True)):
        yield Step("console", lines[start][2:], "\n".join(lines[start + 1 : end]), block.line + start, n == 0)


def python_steps(block: Block) -> Iterator[Step]:
    lines = block.text.splitlines()
    body = ast.parse(block.text).body
    ends = [node.lineno - 1 for node in body[1:]] + [len(lines)]
    for n, (node, end) in enumerate(zip(body, ends, strict=True)):
        after = [line for line in lines[node.end_lineno : end] if line.startswith(PRINTED.rstrip())]
        code = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        yield Step("python", code, "\n".join(x[len(PRINTED) :] for x in after), block.line + node.lineno - 1, n == 0)


def read_steps(path: Path) -> list[Step]:
    steps: list[Step] = []
    for block in read_blocks(path):
        steps += {"console": console_steps, "python": python_steps}.get(block.language, lambda _: ())(block)
    return steps


STEPS = read_steps(README)
#: `make run` stays: it is run with `--no-prefect`.
QUICK = [step for step in STEPS if not step.is_slow or step.code.startswith("make ")]


class Reader:
    """Somebody who types what the README says, in a copy of the checkout."""

    def __init__(self, root: Path, *, prefect: bool) -> None:
        self.root, self.prefect = root, prefect
        self.folder = root
        self.names: dict[str, Any] = {"__name__": "readme"}
        for name in LAYOUT:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, root / name)
        ours = {k: v for k, v in os.environ.items() if not k.startswith(("DEDUP_", "PREFECT_", "GX_"))}
        for name in ("COLUMNS", "LINES", "FORCE_COLOR", "CLICOLOR_FORCE"):
            ours.pop(name, None)
        commands = Path(sys.executable).parent
        path = os.pathsep.join([str(commands), str(root / ".bin"), ours.get("PATH", os.defpath)])
        self.environment = {**ours, "PATH": path, "PREFECT_HOME": str(root / ".prefect"), "PYTHONUTF8": "1"}

        if not (commands / "dedup").exists():
            # The package is on the path of this Python without being installed.
            (root / ".bin").mkdir()
            command = root / ".bin" / "dedup"
            command.write_text(f"#!{sys.executable}\nfrom dedup.cli import main\n\nmain()\n", "utf-8")
            command.chmod(0o755)

    def follow(self, step: Step) -> Outcome:
        """Do what a step says; a block of commands starts in the root."""
        if step.language == "python":
            return self._execute(step.code)
        if step.opens_block:
            self.folder = self.root
        return self._type(step.code)

    def _type(self, command: str) -> Outcome:
        if command.startswith("make "):
            command = make_recipe(command.removeprefix("make ")) + ("" if self.prefect else " --no-prefect")
        after = self.root / ".folder"
        ended = subprocess.run(
            ["sh", "-c", f'{command}\nstatus=$?; pwd > "{after}"; exit $status'],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=240,
        )
        self.folder = Path(after.read_text("utf-8").strip())
        # Where the reader sits is no part of what is shown.
        return Outcome(ended.returncode, ended.stdout.replace(str(self.root), "/…"), ended.stderr)

    def _execute(self, code: str) -> Outcome:
        printed = io.StringIO()
        with contextlib.chdir(self.root), contextlib.redirect_stdout(printed):
            try:
                exec(compile(code, str(README), "exec"), self.names)
            except Exception:
                return Outcome(1, printed.getvalue(), traceback.format_exc())
        return Outcome(0, printed.getvalue())


def make_recipe(target: str) -> str:
    """Return the last command that `make TARGET` runs, without the folder of the environment."""
    rule = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert rule is not None, f"the Makefile has no target {target}"
    return rule[1].rstrip("\n").splitlines()[-1].strip().lstrip("@").replace("$(BIN)/", "")


def masked(text: str) -> str:
    """Return an output without what differs from run to run: seconds, times of day, release ids, blank line ends."""
    text = _SECONDS.sub(" <seconds>", "\n".join(line.rstrip() for line in text.strip("\n").splitlines()))
    return _RELEASE.sub("<release>", _CLOCK.sub("<time>", text))


@pytest.fixture(scope="module")
def followed(tmp_path_factory) -> dict[Step, Outcome]:
    """The outcome of every step, in the order of the page; without Prefect."""
    reader = Reader(tmp_path_factory.mktemp("readme"), prefect=False)
    return {step: reader.follow(step) for step in QUICK}


def agree(step: Step, outcome: Outcome) -> None:
    assert outcome.code == 0, f"{step} ended with {outcome.code}:\n{outcome.err or outcome.out}"
    shown, real = masked(step.printed), masked(outcome.out)
    difference = "\n".join(
        difflib.unified_diff(shown.splitlines(), real.splitlines(), "README.md", "real", lineterm="")
    )
    assert shown == real, f"{step}; `python -m tests.test_readme` pastes it anew\n{difference}"


@pytest.mark.parametrize("step", QUICK, ids=str)
def test_each_command_and_snippet_prints_what_the_page_shows(step, followed):
    agree(step, followed[step])


@pytest.mark.slow
def test_the_flow_prints_what_the_page_shows(tmp_path):
    reader = Reader(tmp_path.resolve(), prefect=True)
    outcomes = {step: reader.follow(step) for step in STEPS if step.language == "console"}
    slow = [step for step in outcomes if step.is_slow]
    assert len(slow) == 2
    for step in slow:
        agree(step, outcomes[step])


def test_blocks_are_run_or_say_that_they_are_not():
    assert {block.language for block in read_blocks(README)} <= {"console", "python", "sh", "toml", "text"}
    assert {block.language for block in read_blocks(CHINESE)} <= {"python", "sh", "toml", "text"}


@pytest.mark.parametrize("page", [README, CHINESE], ids=lambda p: p.name)
def test_make_targets_of_the_page_exist(page):
    commands = [line for b in read_blocks(page) if b.language == "sh" for line in b.text.splitlines()]
    targets = [line.split()[1] for line in commands if line.startswith("make ")]
    assert targets[:2] == ["run", "test"]
    for target in targets:
        assert make_recipe(target)


def test_the_two_commands_come_first():
    for page in (README, CHINESE):
        first = read_blocks(page)[0]
        assert first.language == "sh"
        assert [line.split("#")[0].strip() for line in first.text.splitlines()] == ["make run", "make test"]


@pytest.mark.parametrize("page", [README, CHINESE], ids=lambda p: p.name)
def test_configurations_of_the_page_are_accepted(page, tmp_path):
    for block in read_blocks(page):
        if block.language == "toml":
            config = tmp_path / "dedup.toml"
            config.write_text(block.text, "utf-8")
            assert load_settings(config).sources


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_figures_of_the_page_are_the_defaults_of_the_settings(page):
    defaults = Settings()
    named = re.findall(r"`([a-z_]+)\.([a-z_]+) = ([^`]+)`", page.read_text("utf-8"))
    for group, key, value in named:
        real = getattr(getattr(defaults, group), key)
        assert ast.literal_eval(value) == real, f"{page.name}: {group}.{key} is {real}"
    assert named or page not in (README, CHINESE)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_verbs_of_the_page_exist(page):
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    verbs |= {group.name for group in app.registered_groups}
    named = set(re.findall(r"(?:^|[`$(] ?)dedup ([a-z]+)", page.read_text("utf-8"), re.M))
    assert named <= verbs, f"{page.name} names {named - verbs}"
    assert page not in (README, CHINESE) or {"run", "init", "explain", "sql"} <= named


def test_the_layout_names_every_dataset():
    (layout,) = [b.text for b in read_blocks(README) if b.language == "text" and b.text.startswith("warehouse/")]
    for dataset in DATASETS.values():
        assert re.search(rf"\b{dataset.name}\b", layout), f"{dataset.name} is missing"
        assert f"{dataset.folder}/" in layout


def test_exit_codes_of_the_page_are_those_of_the_command():
    table = dict(re.findall(r"^\| (\d) \| (.+) \|$", README.read_text("utf-8"), re.M))
    assert sorted(table) == list("012345")
    for code, word in (
        (failures.ERROR, "error"),
        (failures.USAGE, "usage"),
        (failures.QUALITY_GATE, "quality gate"),
        (failures.SOURCE_SHRANK, "shrank"),
        (failures.LOCKED, "lock"),
    ):
        assert word in table[str(code)]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target} is missing"


def test_the_picture_is_well_formed_and_says_what_it_shows():
    svg = ElementTree.parse(ROOT / "docs" / "flow.svg").getroot()
    names = {"svg": "http://www.w3.org/2000/svg"}
    assert svg.findtext("svg:title", namespaces=names)
    assert svg.findtext("svg:desc", namespaces=names)
    assert re.search(r"!\[[^\]]{40,}\]\(docs/flow\.svg\)", README.read_text("utf-8"))


def test_the_citation_names_this_version():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(r"^version: (.+)$", citation, re.M)[1] == __version__


def paste() -> None:
    """Write into the README what its commands and snippets print."""
    lines = README.read_text("utf-8").splitlines()
    with tempfile.TemporaryDirectory(prefix="readme") as folder:
        reader = Reader(Path(folder).resolve(), prefect=True)
        outcomes = {}
        for step in STEPS:
            outcomes[step] = outcome = reader.follow(step)
            if outcome.code:
                raise SystemExit(f"{step} ended with {outcome.code}:\n{outcome.err or outcome.out}")
    for step, outcome in reversed(outcomes.items()):
        prefix = PRINTED if step.language == "python" else ""
        printed = [(prefix + line).rstrip() for line in outcome.out.strip("\n").splitlines()]
        start = step.line - 1 + len(step.code.splitlines())
        lines[start : start + len(step.printed.splitlines())] = printed
    README.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    paste()
