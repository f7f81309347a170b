"""The sentences that the program writes into releases, gathered from its own source: an example of each form."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import dedup

PACKAGE = Path(dedup.__file__).parent
EXPECTATIONS = Path(__file__).resolve().parents[1] / "expectations"

#: What may stand in a slot of an f-string. Sentences are made of sentences, so one that is known is among them.
FILLERS = (
    "7",
    "its title",
    "report",
    "a report",
    "same",
    "c_0123456789abcdef",
    "2026-01-02",
    "decided by Li on 2026-01-02",
    "X",
)
_RULE = re.compile("[a-z]+(_[a-z]+)*")
_SENTENCE = re.compile(r"[\w'({#][^\\^$*|]* [^\\^$*|]*")
#: Calls whose words go to somebody else: to who calls the function, or configures a source.
_OTHERS = {"SourceError", "SuiteError", "TypeError", "compile", "RecordsUnreachable"}


class Gatherer(ast.NodeVisitor):
    """Collects what reads as a sentence: each one as a list of parts, a string or the strings that may stand there."""

    def __init__(self) -> None:
        self.found: list[list[str | tuple[str, ...]]] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # docstrings stand alone
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in _OTHERS:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._take([node.value])

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        parts: list[str | tuple[str, ...]] = []
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                parts.append(tuple(_constants(value.value)) or FILLERS)
            elif isinstance(value, ast.Constant):
                parts.append(str(value.value))
        self._take(parts)

    def _take(self, parts: list[str | tuple[str, ...]]) -> None:
        own = "".join(part if isinstance(part, str) else "#" for part in parts)
        if _SENTENCE.fullmatch(own) and re.search("[a-z]{2}", own):
            self.found.append(parts)


def _constants(node: ast.expr) -> list[str]:
    """The strings that an expression chooses between, where that is all it does."""
    if isinstance(node, ast.IfExp):
        return [*_constants(node.body), *_constants(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def forms_in(module: str, *functions: str) -> Iterator[list[str | tuple[str, ...]]]:
    """The sentences of a module, or of some of its functions and constants."""
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    gatherer = Gatherer()
    names: set[str] = set()
    for node in ast.walk(tree):
        own = _name(node)
        if own in functions:
            names.add(own)
            gatherer.visit(node)
    if not functions:
        gatherer.visit(tree)
    assert names == set(functions), f"{module}: no {set(functions) - names}"
    yield from gatherer.found


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def keys_of(module: str, *dictionaries: str) -> set[str]:
    """The strings under which something is put into dictionaries of a module."""
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    return {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in dictionaries
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.ctx, ast.Store)
    }


def forms_in_sql(query: str, column: str = "reason") -> Iterator[list[str | tuple[str, ...]]]:
    """The sentences that a CASE of a query puts together."""
    case = query[: query.index(f"END AS {column}")].rpartition("CASE ")[2]
    for branch in re.findall(r"(?:THEN|ELSE)\s(.*?)(?=\sWHEN\s|\sELSE\s|\Z)", case, re.DOTALL):
        parts: list[str | tuple[str, ...]] = []
        for part in branch.split("||"):
            literal = re.fullmatch(r"\s*'(.*)'\s*", part, re.DOTALL)
            parts.append(literal[1] if literal else FILLERS)
        if any(isinstance(part, str) for part in parts):
            yield parts


def said_of_rules() -> set[str]:
    """Why the rules of the suites are there."""
    suites = [json.loads(path.read_text("utf-8")) for path in EXPECTATIONS.glob("*.json")]
    return {expectation["meta"]["why"] for suite in suites for expectation in suite["expectations"]}


def is_known(parts: list[str | tuple[str, ...]], knows: Callable[[str], bool]) -> bool:
    """Whether any way to fill the slots gives a sentence that is known."""
    choices = [(part,) if isinstance(part, str) else part for part in parts]
    alike = ([part if isinstance(part, str) else filler for part in parts] for filler in FILLERS)
    return any(knows("".join(words)) for words in itertools.chain(alike, itertools.product(*choices)))


def shown(parts: list[str | tuple[str, ...]]) -> str:
    """A form as a person reads it."""
    return "".join(part if isinstance(part, str) else "{…}" for part in parts)


def refusal_rules() -> set[str]:
    """Short names under which sources and the run refuse something."""
    found: set[str] = set()
    for path in sorted((PACKAGE / "sources").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("Refused", "refuse") and node.args:
                    found |= set(_constants(node.args[0]))
            if isinstance(node, ast.Tuple) and len(node.elts) == 2:
                first = _constants(node.elts[0])
                second = node.elts[1]
                says = isinstance(second, ast.JoinedStr | ast.Name) or any(" " in word for word in _constants(second))
                if first and says and _RULE.fullmatch(first[0]):
                    found |= set(first)
    return found


def check_names() -> set[str]:
    """Names of the checks that compare figures."""
    found: set[str] = set()
    for path in sorted((PACKAGE / "extraction" / "consistency").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Check" and node.args:
                found |= set(_constants(node.args[0]))
            if isinstance(node, ast.FunctionDef) and node.name == "_limits":
                found |= {c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and "_" in str(c.value)}
    return {name for name in found if _RULE.fullmatch(name) and "_" in name}
