"""The run configuration: the same object from every side, and one clear line for every mistake."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from nextword.federation.config import ClientConfig, RunConfig, ServerConfig
from nextword.training import TrainConfig
from scripts.pretraining import PretrainSettings
from server.optimizers import OPTIMIZERS

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "scripts" / "runs"
SETTINGS = {
    "seed": 3,
    "corpus.name": "nus-sms",
    "federation.users-per-round": 7,
    "client.learning-rate": 0.25,
    "client.optimizer": "sgd",
    "server.optimizer": "fedadam",
}


def test_the_three_ways_to_write_a_run_give_the_same_object(tmp_path: Path) -> None:
    run_file = tmp_path / "run.toml"
    run_file.write_text(
        'seed = 3\n[corpus]\nname = "nus-sms"\n[federation]\nusers-per-round = 7\n'
        '[client]\nlearning-rate = 0.25\noptimizer = "sgd"\n[server]\noptimizer = "fedadam"\n'
    )
    flat = RunConfig.from_flat(SETTINGS)
    assert flat == RunConfig.from_toml(run_file) == RunConfig().with_settings(f"{k}={v}" for k, v in SETTINGS.items())
    assert flat != RunConfig()


def test_a_configuration_survives_being_written(tmp_path: Path) -> None:
    config = RunConfig.from_flat(SETTINGS)
    (tmp_path / "run.toml").write_text(config.to_toml())
    assert RunConfig.from_toml(tmp_path / "run.toml") == config
    assert RunConfig.from_flat(config.to_flat()) == config


def test_flower_knows_every_key_with_its_default() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["flwr"]["app"]["config"]
    assert table == tomllib.loads(RunConfig().to_toml())


def test_clients_are_told_every_setting_of_the_training_loop() -> None:
    assert set(ClientConfig.model_fields) == {field.name for field in fields(TrainConfig)}
    assert set(ServerConfig.OWN_RATES) == set(OPTIMIZERS)
    assert [ClientConfig(optimizer=name).rate for name in ("sgd", "adamw")] == [0.5, 1e-3]
    assert ClientConfig(learning_rate=0.1).rate == 0.1


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("federation.round", "federation.rounds"),
        ("client.learning_rate", "client.learning-rate"),
        ("learning-rate", "learning-rate"),
        ("sed", "seed"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(key: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"unknown key {key}; did you mean .*{meant}\\?"):
        RunConfig.from_flat({key: 1})


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("corpus.name=", ["corpus.name = ''", "at least 1 character"]),
        ("federation.rounds=0", ["federation.rounds = 0", "at least 1"]),
        ("federation.rounds=many", ["federation.rounds = 'many'", "integer"]),
        ("federation.rounds=2.5", ["federation.rounds = 2.5", "integer"]),
        ("federation.rounds=true", ["federation.rounds = True", "integer"]),
        ("federation.rounds={}", ["federation.rounds = {}", "integer"]),
        ("client.learning-rate=true", ["client.learning-rate = True", "number"]),
        ("client.learning-rate=-1", ["client.learning-rate = -1", "at least 0"]),
        ("client.learning-rate=nan", ["client.learning-rate = nan", "finite"]),
        ("client.prox=-0.1", ["client.prox = -0.1", "at least 0"]),
        ("server.optimizer=adam", ["server.optimizer = 'adam'", "fedadam", "fedyogi"]),
        ("server.beta1=1", ["server.beta1 = 1", "below 1"]),
        ("model.heads=3", ["model.width = 256", "model.heads = 3"]),
        ("privacy.epsilon-budget=4", ["privacy.method=central"]),
        ("privacy.delta=1", ["privacy.delta = 1", "below 1"]),
        ("privacy.clip-norm=0", ["privacy.clip-norm = 0", "at least 0.0001"]),
        ("seed=-1", ["seed = -1", "at least 0"]),
        ("seed", ["key=value"]),
    ],
)
def test_an_impossible_value_is_refused_in_one_line(setting: str, words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        RunConfig().with_settings([setting])
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize("path", [None, *sorted(RUNS.glob("nus-sms-*.toml"))], ids=str)
def test_the_documented_settings_are_a_run_file_of_the_same_run(path: Path | None, tmp_path: Path) -> None:
    config = RunConfig.from_toml(path) if path else RunConfig()
    (tmp_path / "run.toml").write_text(config.documented())
    assert RunConfig.from_toml(tmp_path / "run.toml") == config
    assert "# of the learning rate, over the rounds; one of constant, cosine\n" in config.documented()


@pytest.mark.parametrize("written", ["true", "True", "TRUE"])
def test_yes_may_be_written_as_python_has_it(written: str) -> None:
    assert RunConfig().with_settings([f"dpsgd.secure={written}", "dpsgd.noise-multiplier=1"]).dpsgd.secure is True


def test_a_section_may_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[client]\n[federation]\nrounds = 3\n")
    assert RunConfig.from_toml(tmp_path / "run.toml") == RunConfig().with_settings(["federation.rounds=3"])


def test_a_text_value_needs_no_quotes_and_may_look_like_a_number() -> None:
    assert RunConfig().with_settings(["corpus.name=123"]).corpus.name == "123"
    assert RunConfig().with_settings(['corpus.name="a b"']).corpus.name == "a b"


@pytest.mark.parametrize("content", [b"seed = ", b"\xff\xfe\x00", b"[federation]\nround = 3\n"])
def test_a_bad_run_file_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="bad.toml") as caught:
        RunConfig.from_toml(path)
    assert "\n" not in str(caught.value)


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().seed = 1


def test_methods_of_plain_steps_refuse_another_optimizer() -> None:
    for method in ("apfl", "per-fedavg"):
        with pytest.raises(ValueError, match=r"client\.optimizer=sgd"):
            RunConfig().with_settings([f"personal.method={method}", "client.optimizer=adamw"])
    with pytest.raises(ValueError, match="power of two"):
        RunConfig().with_settings(["ngrams.buckets=3000"])


USED_BY = {
    "privacy.noise-multiplier=4": "privacy.method=central",
    "privacy.clip-norm=0.1": "privacy.method=central",
    "privacy.quantile=0.5": "privacy.method=central",
    "privacy.delta=1e-8": "privacy.method=central",
    "privacy.accountant=rdp": "privacy.method=central",
    "dpsgd.secure=true": "dpsgd.noise-multiplier=1",
    "dpsgd.sampling-rate=0.5": "dpsgd.noise-multiplier=1",
    "dpsgd.clip-norm=0.5": "dpsgd.noise-multiplier=1",
    "ngrams.noise=2": "ngrams.least-users=2",
    "client.prox=0.1": "personal.method=fedavg",
    "client.weight-decay=0.1": "personal.method=fedavg",
    "client.schedule=cosine": "personal.method=fedavg",
    "client.warmup-share=0.1": "personal.method=fedavg",
    "model.width=512": "model.start=scratch",
    "model.vocabulary-size=500": "model.start=scratch",
}
_WITH = {"client.": "personal.method=per-fedavg", "model.": "model.start=bundled"}


@pytest.mark.parametrize("setting", USED_BY)
def test_what_nothing_would_come_of_is_refused_with_what_uses_it(setting: str) -> None:
    """And either way out that is named is one."""
    config = RunConfig().with_settings([other for begins, other in _WITH.items() if setting.startswith(begins)])
    with pytest.raises(ValueError, match=f"set {USED_BY[setting]}, or {setting.partition('=')[0]}=") as caught:
        config.with_settings([setting])
    assert "\n" not in str(caught.value)
    needed, default = str(caught.value).rpartition(": set ")[2].split(", or ")
    assert config.with_settings([setting, needed]) != config
    assert config.with_settings([default]) == config


def test_a_run_file_says_only_where_it_differs_from_the_one_it_extends(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("seed = 3\n[federation]\nrounds = 7\nusers-per-round = 5\n")
    (tmp_path / "rows").mkdir()
    row = tmp_path / "rows" / "row.toml"
    row.write_text('extends = "../base.toml"\n[federation]\nrounds = 9\n')
    config = RunConfig.from_toml(row)
    assert (config.seed, config.federation.rounds, config.federation.users_per_round) == (3, 9, 5)
    assert "extends" not in config.to_toml()
    row.write_text('extends = "row.toml"\n')
    with pytest.raises(ValueError, match=r"row.toml: extends itself$"):
        RunConfig.from_toml(row)
    row.write_text('extends = "nope.toml"\n')
    with pytest.raises(ValueError, match=r"row.toml: extends = 'nope.toml': there is no such file beside it$"):
        RunConfig.from_toml(row)
    row.write_text("extends = 3\n")
    with pytest.raises(ValueError, match=r"row.toml: extends = 3: name one run file"):
        RunConfig.from_toml(row)


@pytest.mark.parametrize("path", sorted(RUNS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_published_run_file_is_valid(path: Path) -> None:
    settings = PretrainSettings if path.stem in ("student", "teacher") else RunConfig
    assert path.read_text(encoding="utf-8").startswith("# ")
    settings.from_toml(path)
