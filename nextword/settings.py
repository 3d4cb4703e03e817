"""Settings: validated, frozen objects, the same from a TOML file and from `--set`.

Keys are kebab-case and grouped in sections; written flat, a key is `section.key`.
"""

from __future__ import annotations

import difflib
import textwrap
import tomllib
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self, get_args

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

_EXTENDS = "extends"

Scalar = str | int | float | bool
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


def setting(default: Any, description: str) -> Any:
    """A field of a section, with what it does."""
    return Field(default=default, description=description)


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        protected_namespaces=(),
    )


def refuse_unused(section: Section, name: str, fields: Collection[str], needs: str) -> None:
    """Raise ValueError where one of these fields is not its default: no run uses it but one that is set as it needs."""
    for field, about in type(section).model_fields.items():
        value = getattr(section, field)
        if field in fields and value != about.default:
            key, told, instead = f"{name}.{field.replace('_', '-')}", str(value).lower(), str(about.default).lower()
            raise ValueError(f"{key} = {told} is not used: set {needs}, or {key}={instead}")


class Settings(Section):
    """Everything that decides a run, in sections. Mistakes are refused in one line, with the nearest right key."""

    @classmethod
    def from_flat(cls, values: Mapping[str, Any]) -> Self:
        """From dotted keys, as `flwr run . --run-config` gives them; what is not named keeps its default."""
        fields = fields_of(cls)
        nested: dict[str, Any] = {}
        for key, value in values.items():
            if value == {} and any(name.startswith(f"{key}.") for name in fields):
                continue  # a section in which nothing is said
            if key not in fields:
                raise ValueError(f"unknown key {key}{_nearest(key, fields)}")
            section, _, name = key.rpartition(".")
            (nested.setdefault(section, {}) if section else nested)[name] = value
        try:
            return cls.model_validate(nested)
        except ValidationError as error:
            raise ValueError(_one_line(error, fields)) from None

    @classmethod
    def from_toml(cls, path: Path | str) -> Self:
        """From a run file, which may say `extends = "FILE"`: what it leaves unsaid is as there.

        Raises ValueError or OSError in one line.
        """
        values = _read(Path(path))
        try:
            return cls.from_flat(values)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def with_settings(self, settings: Iterable[str]) -> Self:
        """A copy in which each "key=value" replaces a value, as `--set` gives them."""
        flat, fields = self.to_flat(), fields_of(type(self))
        for setting in settings:
            key, equals, text = (part.strip() for part in setting.partition("="))
            if not equals:
                example = next(key for key, field in fields.items() if "." in key and field.annotation is int)
                raise ValueError(f"--set {setting}: write key=value, as in --set {example}={flat[example]}")
            if key not in fields:
                raise ValueError(f"unknown key {key}{_nearest(key, fields)}")
            flat[key] = _parse(text, fields[key])
        return self.from_flat(flat)

    def to_flat(self) -> dict[str, Scalar]:
        """Every key, dotted, with its value."""
        return dict(flatten(self.model_dump(by_alias=True)))

    def to_toml(self) -> str:
        """The whole configuration as a run file."""
        return tomli_w.dumps(self.model_dump(by_alias=True))

    def documented(self) -> str:
        """The same, in which sections and lines say what they do, and what may be chosen."""
        flat, lines, section = self.to_flat(), [], ""
        for key, field in fields_of(type(self)).items():
            of, _, name = key.rpartition(".")
            if of != section:
                section, about = of, type(getattr(self, of.replace("-", "_"))).__doc__ or ""
                first = " ".join(about.split("\n\n")[0].split()).replace("`", "")
                lines += ["", *textwrap.wrap(first, 110, initial_indent="# ", subsequent_indent="# "), f"[{of}]"]
            told = [field.description] if field.description else []
            if choices := [choice for choice in get_args(field.annotation) if isinstance(choice, str)]:
                told.append(f"one of {', '.join(choices)}")
            line = tomli_w.dumps({name: flat[key]}).rstrip()
            lines.append(f"{line}  # {'; '.join(told)}" if told else line)
        return "\n".join(lines) + "\n"


@cache
def fields_of(model: type[BaseModel], prefix: str = "") -> Mapping[str, FieldInfo]:
    """The fields of all sections by their dotted keys."""
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        key = prefix + name.replace("_", "-")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= fields_of(field.annotation, f"{key}.")
        else:
            found[key] = field
    return found


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _read(path: Path, *, within: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The flat values of a run file, with those of the files that it extends."""
    if path.resolve() in within:
        raise ValueError(f"{path}: extends itself")
    try:
        values = flatten(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: not a TOML file ({error})") from None
    base = values.pop(_EXTENDS, None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise ValueError(f"{path}: {_EXTENDS} = {base!r}: name one run file, as seen from this one")  # noqa: TRY004
    if not (path.parent / base).is_file():
        raise ValueError(f"{path}: {_EXTENDS} = {base!r}: there is no such file beside it")
    return _read(path.parent / base, within=(*within, path.resolve())) | values


def _parse(text: str, field: FieldInfo) -> Any:
    if field.annotation is bool and text.lower() in ("true", "false"):  # as Python writes them
        return text.lower() == "true"
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    wants_text = field.annotation is str or any(isinstance(choice, str) for choice in get_args(field.annotation))
    return text if wants_text and not isinstance(value, str) else value


def _nearest(key: str, fields: Mapping[str, FieldInfo]) -> str:
    """A hint at the key that was probably meant."""
    near = difflib.get_close_matches(key, fields, n=1, cutoff=0.6)
    if not near:
        last = {name.rpartition(".")[2]: name for name in fields}
        near = [last[name] for name in difflib.get_close_matches(key.rpartition(".")[2], last, n=1, cutoff=0.6)]
    return f"; did you mean {near[0]}?" if near else "; --print-settings lists all keys"


def _one_line(error: ValidationError, fields: Mapping[str, FieldInfo]) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].replace("Input should be", "must be")
    allowed = _range(fields[key]) if key in fields else ""
    return f"{key} = {first['input']!r}: {message}{allowed}"


def _range(field: FieldInfo) -> str:
    bounds = [
        f"{words} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, words in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
        if getattr(limit, name, None) is not None
    ]
    return f" (allowed: {', '.join(bounds)})" if bounds else ""
