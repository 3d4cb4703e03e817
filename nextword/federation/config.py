"""The run configuration: one validated, frozen object, the same from a TOML file, from `--set` and from `flwr run`.

Keys are kebab-case and grouped in sections; written flat, a key is `section.key`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

Scalar = str | int | float | bool
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        protected_namespaces=(),
    )


class CorpusConfig(_Section):
    """Whose messages: read on the device alone."""

    name: str = "synthetic"  # of the catalogue, a .jsonl(.gz) file, or hf:NAME
    data_dir: str = ""  # empty: $NEXTWORD_DATA, else the user's cache folder
    user_column: str = "user"
    text_column: str = "text"
    newcomer_share: Share = 0.2
    hold_back: bool = True  # people who are evaluated contribute no validation message


class ModelSection(_Section):
    """The model to start from: "bundled", a checkpoint's folder, or "scratch" with the shape that follows."""

    start: str = "scratch"
    width: AtLeastOne = 256
    layers: AtLeastOne = 4
    heads: AtLeastOne = 4
    hidden: AtLeastOne = 640
    vocabulary_size: Annotated[int, Field(ge=300, le=60_000)] = 8000

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.width % (2 * self.heads):
            raise ValueError(f"model.width = {self.width} must be a multiple of twice model.heads = {self.heads}")
        return self


class FederationConfig(_Section):
    """Rounds and the people in them. `users-per-node` and `workers` decide where work is done, never its result."""

    rounds: AtLeastOne = 30
    users_per_round: Annotated[int, Field(ge=1, le=32_768)] = 20
    sampling: Literal["independent", "reshuffled"] = "independent"
    weighting: Literal["messages", "users"] = "users"  # of updates in their mean: by messages trained on, or alike
    users_per_node: Annotated[int, Field(ge=0)] = 0  # 0: spread evenly over the nodes there are
    workers: Annotated[int, Field(ge=0)] = 0  # processes of the simulation; 0: one for each core
    evaluate_every: Annotated[int, Field(ge=0)] = 5  # rounds; 0: never
    evaluate_users: AtLeastOne = 20
    checkpoint_every: AtLeastOne = 1  # rounds
    timeout_s: Positive = 1800.0  # after so long without any reply, the round goes on without the missing users


class ClientConfig(_Section):
    """Training on the device; the fields are those of `nextword.training.TrainConfig`. `prox` is FedProx's mu."""

    OWN_RATES: ClassVar[Mapping[str, float]] = {"sgd": 0.5, "adamw": 1e-3}

    epochs: AtLeastOne = 1
    batch_messages: AtLeastOne = 16
    learning_rate: NotNegative = 0.0  # 0: the optimizer's own, 0.5 for sgd and 0.001 for adamw
    optimizer: Literal["sgd", "adamw"] = "sgd"
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_share: Share = 0.0
    weight_decay: NotNegative = 0.0
    clip_norm: Positive = 1.0
    dropout: Share = 0.0
    prox: NotNegative = 0.0
    max_pieces: Annotated[int, Field(ge=2, le=4096)] = 64

    @property
    def rate(self) -> float:
        """The learning rate, or the optimizer's own for 0."""
        return self.learning_rate or self.OWN_RATES[self.optimizer]


class ServerConfig(_Section):
    """The server's optimizer, which takes the mean update as its gradient (Reddi et al. 2021)."""

    OWN_RATES: ClassVar[Mapping[str, float]] = {"fedavg": 1.0, "fedavgm": 1.0, "fedadam": 0.01, "fedyogi": 0.01}

    optimizer: Literal["fedavg", "fedavgm", "fedadam", "fedyogi"] = "fedadam"
    learning_rate: NotNegative = 0.0  # 0: the optimizer's own, 1 for fedavg and fedavgm, 0.01 for fedadam and fedyogi
    schedule: Literal["constant", "cosine"] = "cosine"  # of the learning rate, over the rounds
    momentum: Share = 0.9  # fedavgm
    beta1: Share = 0.9  # fedadam, fedyogi
    beta2: Share = 0.99  # fedadam, fedyogi
    tau: Positive = 1e-4  # fedadam, fedyogi

    @property
    def rate(self) -> float:
        """The learning rate, or the optimizer's own for 0."""
        return self.learning_rate or self.OWN_RATES[self.optimizer]


class RunConfig(_Section):
    """Everything that decides a run. Two runs with equal configurations give equal numbers on the same machine."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    out: str = ""  # the run folder; empty: named after corpus and seed
    corpus: CorpusConfig = CorpusConfig()
    model: ModelSection = ModelSection()
    federation: FederationConfig = FederationConfig()
    client: ClientConfig = ClientConfig()
    server: ServerConfig = ServerConfig()

    @classmethod
    def from_flat(cls, values: Mapping[str, Any]) -> RunConfig:
        """From dotted keys, as `flwr run . --run-config` gives them; what is not named keeps its default."""
        nested: dict[str, Any] = {}
        for key, value in values.items():
            if key not in FIELDS:
                raise ValueError(f"unknown key {key}{_nearest(key)}")
            section, _, name = key.rpartition(".")
            (nested.setdefault(section, {}) if section else nested)[name] = value
        try:
            return cls.model_validate(nested)
        except ValidationError as error:
            raise ValueError(_one_line(error)) from None

    @classmethod
    def from_toml(cls, path: Path | str) -> RunConfig:
        """From a run file. Raises ValueError or OSError in one line."""
        try:
            return cls.from_flat(flatten(tomllib.loads(Path(path).read_text(encoding="utf-8"))))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: not a TOML file ({error})") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def with_settings(self, settings: Iterable[str]) -> RunConfig:
        """A copy in which each "key=value" replaces a value, as `--set` gives them."""
        flat = self.to_flat()
        for setting in settings:
            key, equals, text = (part.strip() for part in setting.partition("="))
            if not equals:
                raise ValueError(f"--set {setting}: write key=value, as in --set federation.rounds=10")
            if key not in FIELDS:
                raise ValueError(f"unknown key {key}{_nearest(key)}")
            flat[key] = _parse(text, FIELDS[key])
        return RunConfig.from_flat(flat)

    def to_flat(self) -> dict[str, Scalar]:
        """Every key, dotted, with its value."""
        return dict(flatten(self.model_dump(by_alias=True)))

    def to_toml(self) -> str:
        """The whole configuration as a run file."""
        return tomli_w.dumps(self.model_dump(by_alias=True))


def _fields(model: type[BaseModel], prefix: str = "") -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        key = prefix + name.replace("_", "-")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= _fields(field.annotation, f"{key}.")
        else:
            found[key] = field
    return found


FIELDS: dict[str, FieldInfo] = _fields(RunConfig)


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _parse(text: str, field: FieldInfo) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    wants_text = field.annotation is str or any(isinstance(choice, str) for choice in get_args(field.annotation))
    return text if wants_text and not isinstance(value, str) else value


def _nearest(key: str) -> str:
    """A hint at the key that was probably meant."""
    near = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.6)
    if not near:
        last = {name.rpartition(".")[2]: name for name in FIELDS}
        near = [last[name] for name in difflib.get_close_matches(key.rpartition(".")[2], last, n=1, cutoff=0.6)]
    return f"; did you mean {near[0]}?" if near else f"; the keys are {', '.join(FIELDS)}"


def _one_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].replace("Input should be", "must be")
    allowed = _range(FIELDS[key]) if key in FIELDS else ""
    return f"{key} = {first['input']!r}: {message}{allowed}"


def _range(field: FieldInfo) -> str:
    bounds = [
        f"{words} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, words in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
        if getattr(limit, name, None) is not None
    ]
    return f" (allowed: {', '.join(bounds)})" if bounds else ""
