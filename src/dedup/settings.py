"""One typed tree of settings, read from `dedup.toml`, the environment (`DEDUP_…`) and flags.

Every number says where it comes from. Precedence: flags, then environment, then file, then the defaults here.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable

from dedup.alert_settings import AlarmSettings, AlertSettings
from dedup.workspaces import local_folder

CONFIG_NAME = "dedup.toml"
#: File inside the warehouse in which decisions are kept unless a database is configured.
DECISIONS_FILE = "decisions.sqlite"
#: What pydantic says in words of programmers, in words of users.
_MESSAGES = {
    "extra_forbidden": "there is no such setting; `dedup init` writes a file with all of them",
    "missing": "it must be given",
    "tuple_type": 'expected a list in brackets, such as ["name"]',
}


class SettingsError(ValueError):
    """The configuration cannot be used; the message names the file, the key and what was expected."""


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSettings(_Group):
    """Which columns of JSONL, CSV and Parquet records hold what; the first name that a record has is taken."""

    text: tuple[str, ...] = Field(
        ("text", "content", "body", "clean_text", "正文", "内容", "全文"), description="text of the record"
    )
    id: tuple[str, ...] = Field(("id", "doc_id", "record_id"), description="the record's own id")
    title: tuple[str, ...] = Field(("title", "headline", "标题", "题名"), description="its title")
    url: tuple[str, ...] = Field(("url", "link", "网址", "链接"), description="where it was found")
    published_at: tuple[str, ...] = Field(
        ("published_at", "date", "pub_date", "发布日期", "发布时间", "日期"), description="day of publication"
    )
    publisher: tuple[str, ...] = Field(("publisher", "发布机构", "来源"), description="who published it")
    fetched_at: tuple[str, ...] = Field(
        ("fetched_at", "crawled_at", "scraped_at", "抓取时间"), description="when it was scraped"
    )
    license: tuple[str, ...] = Field(("license", "许可"), description="its license")
    html: tuple[str, ...] = Field(("html", "raw_html"), description="a whole page, whose main text is taken")


class SourceSettings(_Group):
    """A named feed of documents: `[[source]]` in `dedup.toml`."""

    path: str = Field(description="file, folder, glob or fsspec url; relative to the file that declares it")
    name: str | None = Field(None, description="default: the url's host for records with a url, else the folder's name")
    format: Literal["auto", "text", "markdown", "html", "jsonl", "csv", "parquet", "warc"] = Field(
        "auto", description="auto: by the name and the first bytes of each file"
    )
    role: Literal["corpus", "reference"] = Field("corpus", description="reference: matched against and never published")
    trusted: bool = Field(False, description="its copies are preferred as canonical")
    license: str | None = Field(None, description="license of its documents where they state none")
    encoding: str = Field("auto", description="auto, or the name of an encoding that all its files have")
    exclude: tuple[str, ...] = Field((), description="globs of paths inside the source that are left out")
    columns: ColumnSettings = ColumnSettings()

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        if value != "auto":
            try:
                b"a".decode(value, "ignore")  # without a byte to decode Python does not look the name up
            except (LookupError, UnicodeError):
                raise ValueError("expected auto or the name of a text encoding, such as gb18030") from None
        return value


class ReadSettings(_Group):
    """Limits on what is read; whatever exceeds them goes to quarantine with its reason."""

    max_file_mb: float = Field(100.0, gt=0, description="largest single page file; record files are streamed, no limit")
    max_record_mb: float = Field(32.0, gt=0, description="largest single record or decompressed page")
    max_expansion: float = Field(200.0, gt=1, description="largest ratio of decompressed to compressed bytes")
    batch_chars: int = Field(8_000_000, ge=1, description="characters of text per batch")


class MirrorSettings(_Group):
    """What `dedup run --mirror` may remove without being told twice."""

    max_shrink: float = Field(
        0.1, ge=0, le=1, description="share of a source whose absence stops the run unless --allow-shrink"
    )


class TextSettings(_Group):
    """How pages are cut and cleaned."""

    profile: Literal["auto", "zh", "plain"] = Field("auto", description="zh: Chinese reports; plain: no page splitting")
    min_chars: int = Field(20, ge=0, description="sections with fewer normalised characters are junk")
    furniture_pages: int = Field(5, ge=2, description="an edge line on this many distinct pages of a source …")
    furniture_share: float = Field(0.2, gt=0, le=1, description="… and this share of them is furniture")


class FingerprintSettings(_Group):
    """Shingles and MinHash; part of what a release's fingerprints are compatible with."""

    ngram: int = Field(5, ge=1, le=64, description="characters (or words) per shingle")
    unit: Literal["char", "word"] = Field("char", description="what a shingle is made of")
    num_perm: Literal[128] = Field(128, description="values of a signature; fixed")
    seed: Literal[1] = Field(1, description="seed of the permutations; fixed")


class MatchSettings(_Group):
    """What a near-duplicate is, and how candidates are found."""

    jaccard: float = Field(0.7, gt=0, le=1, description="at or above: near-duplicate")
    floor: float = Field(0.35, ge=0, le=1, description="between floor and jaccard the edit similarity decides")
    edit: float = Field(0.9, gt=0, le=1, description="Indel similarity at or above: near-duplicate")
    keys: int = Field(112, ge=1, le=2000, description="LSH keys a section; 100 keys of 3 rows find 0.999 of laws")
    rows_per_key: int = Field(3, ge=1, le=16, description="signature rows a key")
    estimate_floor: float = Field(0.2, ge=0, le=1, description="candidates whose signatures agree less are dropped")
    hot_key: int = Field(256, ge=2, description="groups larger than this are not compared all with all")
    short_chars: int = Field(64, ge=0, description="shorter normalised texts have a candidate path of their own")
    complete_cluster: int = Field(200, ge=2, description="up to this size all pairs of a cluster are published")
    variant_share: float = Field(0.3, gt=0, le=1, description="share of aligned figures replaced that makes a variant")
    variant_figures: int = Field(4, ge=1, description="aligned figures needed before that share is believed")
    audit_pairs: int = Field(400, ge=0, description="true pairs after which the recall audit stops; 0 turns it off")


class ClusterSettings(_Group):
    """Which copy is published."""

    prefer: tuple[str, ...] = Field((), description="names of sources whose copies win, most trusted first")


class DecisionSettings(_Group):
    """Where the decisions of people are kept."""

    url: str | None = Field(
        None,
        description="SQLAlchemy address of a database for teams; it is not published. Not set: decisions.sqlite in "
        "the warehouse",
    )
    who: str | None = Field(None, description="name that decisions carry; not set: the user's name on this machine")


class ReuseSettings(_Group):
    """Text that stands in several reports."""

    enabled: bool = Field(True, description="false: passages, phrases, templates and conflicts are not looked for")
    passage_chars: int = Field(
        20, ge=8, le=200, description="every common run of this many normalised characters is found"
    )
    template_families: int = Field(3, ge=2, description="text in this many families is a template, below it is copied")
    phrase_families: int = Field(2, ge=2, description="clauses in this many families are published as phrases")
    phrase_chars: int = Field(8, ge=2, description="clauses of this many normalised characters are counted")
    edge_families: int = Field(
        8, ge=2, description="passages in more families make no edges: they tie nobody to anybody"
    )
    contained: float = Field(0.8, gt=0, le=1, description="share of a section inside another that makes it contained")


class ExtractSettings(_Group):
    """Figures, places, years and tables."""

    enabled: bool = Field(True, description="false: no figures, places, years and tables are looked for")


class RuleSettings(_Group):
    """A condition that each row of a dataset must meet: `[[quality.rule]]` in `dedup.toml`."""

    dataset: str = Field(description="dataset whose rows are looked at")
    name: str = Field(min_length=1, max_length=120, description="what quarantine and the quality page call it")
    sql: str = Field(
        min_length=1, description="condition on the columns of a row, in DuckDB's SQL; where it is null, it holds"
    )
    severity: Literal["critical", "warning", "info"] = Field(
        "critical", description="critical stops the release, warning sets the row aside, info counts"
    )
    why: str = Field("", description="what the rule protects from; stands beside the rows in quarantine")


class QualitySettings(_Group):
    """Validation before publication."""

    enabled: bool = Field(True, description="false: no suite is run")
    suites: str | None = Field(None, description="folder with further suites; those of the package always run")
    rule: tuple[RuleSettings, ...] = Field((), description="conditions of your own, `[[quality.rule]]` each")


class Settings(BaseSettings):
    """All settings of a run."""

    model_config = SettingsConfigDict(
        env_prefix="DEDUP_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )

    warehouse: Path = Field(
        Path("warehouse"), description="folder that holds the releases, or `s3://bucket/prefix` in an object store"
    )
    sources: tuple[SourceSettings, ...] = Field((), alias="source")
    workers: int = Field(0, ge=0, le=256, description="threads; 0 means one per processor")
    memory_limit: str = Field("4GB", description="bound for DuckDB and for batches, e.g. 4GB")
    title: str = Field("Deduplicated reports", description="title of the published dataset")
    read: ReadSettings = ReadSettings()
    mirror: MirrorSettings = MirrorSettings()
    text: TextSettings = TextSettings()
    fingerprint: FingerprintSettings = FingerprintSettings()
    match: MatchSettings = MatchSettings()
    cluster: ClusterSettings = ClusterSettings()
    decisions: DecisionSettings = DecisionSettings()
    reuse: ReuseSettings = ReuseSettings()
    extract: ExtractSettings = ExtractSettings()
    quality: QualitySettings = QualitySettings()
    alerts: AlertSettings = AlertSettings()
    alarms: AlarmSettings = AlarmSettings()

    @field_validator("warehouse", mode="before")
    @classmethod
    def _workspace(cls, value: Any) -> Any:
        # All rooms work with a folder; that of an address says where it belongs (`dedup.workspaces`).
        return local_folder(value) if isinstance(value, str | Path) else value

    @field_validator("memory_limit")
    @classmethod
    def _memory(cls, value: str) -> str:
        size = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([KMGT])I?B", value.strip().upper())
        if size is None:
            raise ValueError("expected a size such as 4GB or 512MB")
        # DuckDB cannot join a few thousand rows in less.
        if float(size[1]) * 1000 ** "KMGT".index(size[2]) < 64_000:
            raise ValueError("expected at least 64MB")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment overrule what the file says (`load_settings` passes both)."""
        return env_settings, init_settings

    @property
    def memory_bytes(self) -> int:
        """`memory_limit` in bytes."""
        number, unit = re.fullmatch(r"([0-9.]+) *([KMGT])I?B", self.memory_limit.strip().upper()).groups()  # type: ignore[union-attr]
        return int(float(number) * 1000 ** ("KMGT".index(unit) + 1))

    @property
    def has_decisions(self) -> bool:
        """Whether anything can have been decided yet: a database is configured, or the warehouse holds the file."""
        return bool(self.decisions.url) or (self.warehouse / DECISIONS_FILE).exists()

    @property
    def threads(self) -> int:
        """Worker threads to use."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """Read settings from `config` (default: `dedup.toml` in the working folder, when it is there).

    Parameters
    ----------
    config : path of a TOML file; it must exist when given
    flags : top-level settings that overrule file and environment; None means not given

    Raises
    ------
    SettingsError
        The file is missing or not TOML, or a key or value is not known.
    """
    path = config or Path(CONFIG_NAME)
    data: dict[str, Any] = {}
    if path.exists():
        data = _read_file(path)
    elif config is not None:
        raise SettingsError(f"{config}: no such file; `dedup init` writes one")
    _refuse_single_underscores()
    try:
        settings = Settings(**data)
        given = {name: value for name, value in flags.items() if value is not None}
        # Flags overrule the environment, so they are laid over the finished tree and checked again.
        return settings.model_copy(update=_checked(given)) if given else settings
    except ValidationError as error:
        lines = [f"  {_place(e['loc'])}: {_MESSAGES.get(e['type'], e['msg'])}" for e in error.errors()]
        raise SettingsError(f"{path if path.exists() else 'settings'}:\n" + "\n".join(lines)) from error
    except UnreadableVariable as error:
        raise SettingsError(
            f"environment: {error}; lists and groups are written as JSON, such as DEDUP_CLUSTER__PREFER='[\"gov\"]'"
        ) from error


def _place(keys: tuple[int | str, ...]) -> str:
    """Return where a value was given: the variable, when there is one, else the key of the file."""
    variable = "__".join(["DEDUP_" + str(keys[0]), *map(str, keys[1:])]).upper() if keys else ""
    return variable if os.environ.get(variable) else ".".join(map(str, keys))


def _refuse_single_underscores() -> None:
    """Name variables that would be passed over in silence, since one underscore does not part group and key.

    Other unknown variables are left alone: platforms set some of their own, such as DEDUP_SERVICE_HOST.
    """
    for group, info in Settings.model_fields.items():
        if not hasattr(info.annotation, "model_fields"):
            continue
        for key in info.annotation.model_fields:  # type: ignore[union-attr]
            name = f"DEDUP_{group}_{key}".upper()
            if name in os.environ:
                right = f"DEDUP_{group}__{key}".upper()
                raise SettingsError(f"{name}: write {right}; two underscores stand between group and key")


def _read_file(path: Path) -> dict[str, Any]:
    """Return what a file says, with its paths relative to the file."""
    try:
        # Editors on Windows put a byte order mark first.
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    sources = data.get("source", [])
    if "sources" in data or not isinstance(sources, list) or not all(isinstance(s, dict) for s in sources):
        raise SettingsError(f"{path}: each source begins with the line [[source]], in two pairs of brackets")
    for source in sources:
        where = source.get("path")
        if isinstance(where, str) and where and "://" not in where:
            source["path"] = str(path.parent / where)
    quality = data.get("quality")
    if isinstance(quality, dict) and isinstance(quality.get("suites"), str):
        quality["suites"] = str(path.parent / quality["suites"])
    warehouse = data.get("warehouse")
    if isinstance(warehouse, str) and "://" not in warehouse:
        data["warehouse"] = path.parent / warehouse
    return data


class _Flags(Settings):
    """Settings that come from flags alone."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the environment out."""
        return (init_settings,)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Validate flags with the model's own rules and return them by field name."""
    model = _Flags(**values)
    return {name: getattr(model, name) for name in values}
