"""What can be wrong on a machine before anything is run: each check says what it found and what to do."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dedup.cli.console import plural

if TYPE_CHECKING:
    from dedup.alert_settings import AlertSettings

Status = Literal["ok", "warning", "error"]

#: Free space below which a run may not find room for its staged release.
_LEAST_FREE_GB = 2.0


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    name: str
    status: Status
    message: str
    advice: str = ""


def diagnose(config: Path | None, warehouse: Path | None) -> list[Finding]:
    """Run all checks, quick ones first; none of them changes anything but files of its own, which it removes."""
    checks: list[Callable[[], Iterator[Finding]]] = [
        _check_python,
        _check_versions,
        lambda: _check_settings(config, warehouse),
        lambda: _check_decisions(config, warehouse),
        _check_terminal,
        _check_telemetry,
        _check_prefect,
        _check_kernels,
    ]
    return [finding for check in checks for finding in check()]


def _check_python() -> Iterator[Finding]:
    from dedup import __version__

    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Finding("dedup", "ok", f"{__version__} on Python {version}")
    else:
        yield Finding("dedup", "warning", f"{__version__} on Python {version}", "tested on Python 3.11 to 3.13")


def _check_versions() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        lines = requires("dedup") or []
    except PackageNotFoundError:
        yield Finding("versions", "warning", "dedup is not installed as a package", "pip install .")
        return
    wrong, n = [], 0
    for line in lines:
        if ";" in line and "extra" in line.split(";", 1)[1]:
            continue
        name = line.split(";")[0].strip()
        for i, character in enumerate(name):
            if character in "<>=!~ ":
                name, wanted = name[:i], name[i:].strip()
                break
        else:
            wanted = ""
        n += 1
        try:
            have = version(name)
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if not _satisfies(have, wanted):
            wrong.append(f"{name} {have} is not {wanted}")
    if wrong:
        yield Finding("versions", "error", "; ".join(wrong), "pip install -c constraints.txt -e .")
    else:
        yield Finding("versions", "ok", f"all {n} requirements are met{_compare_with_pins()}")


def _compare_with_pins() -> str:
    """Say how the environment differs from the versions this checkout was tried with; '' without a checkout."""
    from importlib.metadata import PackageNotFoundError, version

    pins = Path(__file__).parents[3] / "constraints.txt"
    if not pins.is_file():
        return ""
    other = []
    for line in pins.read_text("utf-8").splitlines():
        name, _, pinned = line.split("#")[0].split(";")[0].strip().partition("==")
        try:
            have = version(name) if pinned else ""
        except PackageNotFoundError:
            continue
        if have != pinned:
            other.append(f"{name} {have}, pinned {pinned}")
    if not other:
        return "; all versions as pinned in constraints.txt"
    named = "; ".join(other[:3]) + ("; …" if len(other) > 3 else "")
    return f"; unlike constraints.txt {plural(len(other), 'package')}: {named}"


def _satisfies(have: str, wanted: str) -> bool:
    """Whether a version meets `>=a,<b`; enough for the requirements of this package, which name nothing else."""
    operators = {"<=": lambda c: c <= 0, ">=": lambda c: c >= 0, "==": lambda c: c == 0, "!=": lambda c: c != 0,
                 "<": lambda c: c < 0, ">": lambda c: c > 0}  # fmt: skip
    for clause in filter(None, (c.strip() for c in wanted.split(","))):
        operator = next(o for o in operators if clause.startswith(o))
        a, b = _numbers(have), _numbers(clause[len(operator) :])
        size = max(len(a), len(b))
        a, b = a + [0] * (size - len(a)), b + [0] * (size - len(b))
        if not operators[operator]((a > b) - (a < b)):
            return False
    return True


def _numbers(version: str) -> list[int]:
    out: list[int] = []
    for part in version.strip().split("."):
        digits = ""
        for character in part:
            if not character.isdigit():
                break
            digits += character
        if not digits:
            break
        out.append(int(digits))
    return out


def _check_settings(config: Path | None, warehouse: Path | None) -> Iterator[Finding]:
    from dedup.settings import CONFIG_NAME, SettingsError, load_settings
    from dedup.sources.locate import find_place

    try:
        settings = load_settings(config, warehouse=warehouse)
    except SettingsError as error:
        yield Finding("settings", "error", str(error), "`dedup init --config NEW.toml` writes one that is right")
        return
    path = config or Path(CONFIG_NAME)
    missing = [s.path for s in settings.sources if "://" not in s.path and not find_place(s.path)]
    declared = plural(len(settings.sources), "source")
    where = f"{path}: {declared} declared" if path.exists() else f"no {CONFIG_NAME} here: defaults"
    if missing:
        yield Finding("settings", "warning", f"{where}; not there: {', '.join(missing[:3])}", "check the paths")
    else:
        yield Finding("settings", "ok", where)
    yield from _check_warehouse(settings.warehouse)
    yield from _check_disk(settings.warehouse)
    yield from _check_tombstones(settings.warehouse)
    yield from _check_webhooks(settings.alerts)


def _check_webhooks(settings: AlertSettings) -> Iterator[Finding]:
    from dedup.alerts.sending import unset_variables

    if not settings.webhook:
        return
    declared = f"{plural(len(settings.webhook), 'webhook')} declared"
    if unset := unset_variables(settings):
        advice = "set them where runs are started, else nobody is told"
        yield Finding("alerts", "warning", f"{declared}; not set: {', '.join(unset)}", advice)
    else:
        yield Finding("alerts", "ok", f"{declared}; `dedup alerts test` tries them")


def _check_tombstones(warehouse: Path) -> Iterator[Finding]:
    from dedup.releases import BrokenRelease, NoRelease, TombstonesUnreadable, open_release
    from dedup.releases.tombstones import load_tombstones
    from dedup.releases.traces import Tracker

    try:
        expected = int(open_release(warehouse).manifest.get("tombstones", 0))
    except (NoRelease, BrokenRelease):
        expected = 0
    try:
        stones = load_tombstones(warehouse, expected=expected)
    except TombstonesUnreadable as error:
        message, _, advice = str(error).partition(". ")
        yield Finding("forgotten", "error", message, advice)
        return
    if not stones:
        return
    held = [t.path.name for t in Tracker(stones).releases(warehouse) if t.doc_ids or t.refused]
    if held:
        advice = "`dedup run` publishes a release without them, `dedup forget --purge` removes the elder ones"
        yield Finding("forgotten", "warning", f"{', '.join(held)} still hold what was forgotten", advice)
    else:
        yield Finding("forgotten", "ok", f"{plural(len(stones), 'tombstone')}; no release holds what was forgotten")


def _check_warehouse(warehouse: Path) -> Iterator[Finding]:
    from dedup.releases import NoRelease, ReleaseError, list_releases, open_release
    from dedup.workspaces import public_name

    existing, name = _nearest_folder(warehouse), public_name(warehouse)
    if not os.access(existing, os.W_OK):
        yield Finding("warehouse", "error", f"{name}: {existing} cannot be written", "choose another --warehouse")
        return
    try:
        release = open_release(warehouse)
        n = len(list_releases(warehouse))
        # Those of an object store would be fetched to be looked at; `verify` does.
        datasets = release.datasets if name == str(warehouse) else []
        missing = [str(p) for dataset in datasets for p in release.files(dataset) if not p.is_file()]
    except NoRelease:
        yield Finding("warehouse", "ok", f"{name} can be written, nothing is published there yet")
    except ReleaseError as error:
        yield Finding("warehouse", "error", str(error), "`dedup releases list` and `verify` say more")
    else:
        if missing:
            advice = f"`dedup releases verify {release.id}` lists all that is wrong"
            yield Finding("warehouse", "error", f"release {release.id} lacks {missing[0]}", advice)
        else:
            yield Finding("warehouse", "ok", f"{name}: {plural(n, 'release')}, readers get {release.id}")


def _nearest_folder(path: Path) -> Path:
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path


def _check_disk(warehouse: Path) -> Iterator[Finding]:
    import shutil
    import tempfile

    for name, folder in (("disk", _nearest_folder(warehouse)), ("scratch disk", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free / 1e9
        status: Status = "ok" if free >= _LEAST_FREE_GB else "warning"
        advice = "" if status == "ok" else "a run stages a whole release before it publishes; make room"
        yield Finding(name, status, f"{free:,.1f} GB free at {folder}", advice)


def _check_decisions(config: Path | None, warehouse: Path | None) -> Iterator[Finding]:
    from dedup.settings import SettingsError, load_settings

    try:
        settings = load_settings(config, warehouse=warehouse)
    except SettingsError:
        return  # said by the check of the settings
    if not settings.has_decisions:
        return
    from dedup.decisions import StoreError, open_store
    from dedup.decisions.rows import version_of
    from dedup.releases import open_release
    from dedup.releases.errors import ReleaseError

    try:
        with open_store(settings) as store:
            rows = store.in_force()
    except StoreError as error:
        yield Finding("decisions", "error", str(error), "a run stops until they can be read")
        return
    message = f"{plural(len(rows), 'decision')} in force"
    try:
        applied = open_release(settings.warehouse).manifest.get("decisions", {}).get("version", "")
    except (ReleaseError, OSError):
        applied = None
    if applied == version_of(rows):
        yield Finding("decisions", "ok", f"{message}, all known to the newest release")
    else:
        yield Finding("decisions", "ok", f"{message}, not all known to the newest release", "`dedup run` applies them")


def _check_terminal() -> Iterator[Finding]:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    size = os.get_terminal_size().columns if sys.stdout.isatty() else None
    colours = "no colours (NO_COLOR)" if os.environ.get("NO_COLOR") else "colours"
    what = f"{size} columns, {colours}" if size else "no terminal: plain text"
    if encoding != "utf8":
        advice = "PYTHONIOENCODING=utf-8, or a UTF-8 locale, shows every character"
        yield Finding("terminal", "warning", f"{sys.stdout.encoding}, {what}", advice)
    else:
        yield Finding("terminal", "ok", f"UTF-8, {what}")


def _check_telemetry() -> Iterator[Finding]:
    from dedup.engines.launch import silence_telemetry

    chosen = {
        k: os.environ.get(k) for k in ("PREFECT_SERVER_ANALYTICS_ENABLED", "GX_ANALYTICS_ENABLED", "DO_NOT_TRACK")
    }
    silence_telemetry()
    on = [k for k in list(chosen)[:2] if (os.environ.get(k) or "").lower() in ("true", "1", "yes")]
    if on:
        yield Finding("telemetry", "warning", f"turned on by the environment: {', '.join(on)}", "unset them")
    else:
        yield Finding("telemetry", "ok", "off for Prefect and Great Expectations")


def _check_prefect() -> Iterator[Finding]:
    import urllib.error
    import urllib.request

    url = os.environ.get("PREFECT_API_URL", "")
    if not url:
        yield Finding("prefect", "ok", "no server is named (PREFECT_API_URL): runs start a temporary one")
        return
    if not url.startswith(("http://", "https://")):
        yield Finding("prefect", "error", f"PREFECT_API_URL={url} is no http address", "unset it, or correct it")
        return
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=3) as answer:  # noqa: S310 - http(s) only
            answer.read(16)
        yield Finding("prefect", "ok", f"the server at {url} answers")
    except (urllib.error.URLError, OSError, ValueError) as error:
        advice = "start it (prefect server start), unset PREFECT_API_URL, or run with --no-prefect"
        yield Finding("prefect", "error", f"the server at {url} does not answer: {error}", advice)


def _check_kernels() -> Iterator[Finding]:
    """Load the compiled kernels, compare them with their definition in plain Python, and look at their cache."""
    start = time.perf_counter()
    try:
        from dedup.fingerprinting.minhash import fingerprint, permutations
        from dedup.fingerprinting.shingles import shingle_hash, shingles

        text = "2031年，全县粮食总产量达到 21.5 万吨，增长 8‰。 Growth was steady."
        found = fingerprint([text])[0]
    except Exception as error:  # any failure of the compiler or its cache is the finding
        yield Finding("kernels", "error", f"{type(error).__name__}: {error}", _cache_advice())
        return
    seconds = time.perf_counter() - start
    a, b = permutations()
    hashes = [_mix(shingle_hash(s)) for s in shingles(text)]
    expected = [min((int(x) * h + int(y)) % 2**32 for h in hashes) for x, y in zip(a, b, strict=True)]
    if [int(v) for v in found] != expected:
        yield Finding("kernels", "error", "compiled fingerprints differ from their definition", _cache_advice())
        return
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).parents[1] / "fingerprinting" / "__pycache__")
    existing = _nearest_folder(folder)
    if os.access(existing, os.W_OK):
        yield Finding("kernels", "ok", f"compiled fingerprints are right; loaded in {seconds:.1f} s, cache writable")
    else:
        advice = "set NUMBA_CACHE_DIR to a folder that can be written, or every run compiles anew"
        yield Finding("kernels", "warning", f"right, but their cache cannot be written at {existing}", advice)


def _cache_advice() -> str:
    return f"delete the cached kernels and try again: {Path(__file__).parents[1]}/**/__pycache__/*.nb?"


def _mix(h: int) -> int:
    """Mix a 32-bit hash with MurmurHash3's finaliser, as the scheme affine32 does first."""
    h ^= h >> 16
    h = (h * 0x85EBCA6B) % 2**32
    h ^= h >> 13
    h = (h * 0xC2B2AE35) % 2**32
    return h ^ (h >> 16)
