"""`nextword simulate`: a federated run on Flower's simulation engine, in this process and its Ray workers."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.console import Stopped, errors, print_json, progress

if TYPE_CHECKING:
    from nextword.federation.config import RunConfig
    from server.rounds import Observer


def command(
    run: Annotated[Path | None, typer.Argument(help="a run file, TOML; without one the defaults hold")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value, over the run file")] = None,
    resume: Annotated[Path | None, typer.Option(help="the folder of a run that was cut off")] = None,
    out: Annotated[Path | None, typer.Option(help="the run folder; else runs/RUN-SEED, or CORPUS-SEED")] = None,
    print_settings: Annotated[
        bool, typer.Option("--print-settings", help="print all settings, as a file to begin from, and leave")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print summary.json alone")] = False,
) -> None:
    from nextword.federation.config import RunConfig

    if resume is not None:
        if run or settings or out:
            raise ValueError("--resume takes the run's own settings: give neither a run file, --set nor --out with it")
        from server.run_folder import RunFolder

        config = RunFolder.reopen(resume)[1].model_copy(update={"out": str(resume.absolute())})
    else:
        config = (RunConfig.from_toml(run) if run else RunConfig()).with_settings(settings or [])
    if print_settings:
        print(config.documented(), end="")
        return
    if resume is None:
        if out is None and run is not None and not config.out:  # several run files are of one corpus
            out = Path("runs", f"{run.stem}-{config.seed}")
        if out is not None:
            config = config.model_copy(update={"out": str(out.absolute())})
    with progress() as display:
        task = display.add_task("starting", total=config.federation.rounds)

        def show(event: dict[str, Any]) -> None:
            if event["event"] == "rejected":
                errors.print(f"round {event['round']}: an update was rejected: {event['reason']}", highlight=False)
            else:
                display.update(task, completed=event["round"], description=_describe(event))

        summary = simulate(config, resume=resume is not None, observer=show)
    if as_json:
        print_json(summary)
    else:
        print(_readable(summary))


def simulate(config: RunConfig, *, resume: bool = False, observer: Observer = lambda event: None) -> dict[str, Any]:
    """Run `config` to its end and return the summary; a run that has ended already only returns it.

    Raises ValueError or OSError for a mistake in what was given, before anything is started; Stopped after Ctrl-C or
    SIGTERM, once the round that was under way is dropped.
    """
    os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")  # it would take SIGTERM
    # oneDNN keeps a compiled kernel for each shape it has met: over many users' batches that is gigabytes a worker.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    from data.corpus import settled
    from data.splits import fingerprint
    from nextword.federation.folders import with_absolute_paths
    from nextword.files import check_writable
    from personalization import app as client
    from personalization import device
    from server import app as server
    from server.run_folder import RunFolder
    from server.start import check_start

    corpus = config.corpus.model_copy(update={"name": settled(config.corpus.name)})
    config = with_absolute_paths(config.model_copy(update={"corpus": corpus}))
    folder = RunFolder(Path(config.out))
    if resume and (done := folder.summary()):
        return done | {"model": str(folder.path / "final")}  # the folder may have been moved
    if not resume:
        folder.refuse_if_taken()
    check_start(config)
    people = device.participants(config.corpus, config.seed)  # a broken corpus is told here, before Ray starts
    check_writable(folder.path)
    from server import exchange, simulation

    stop = threading.Event()
    workers = config.federation.workers or os.cpu_count() or 1
    size = config.federation.users_per_node
    try:
        simulation.run(
            server.make_app(config, resume=resume, observer=observer, participants=fingerprint(people), stop=stop),
            client.make_app(config),
            nodes=-(-len(people) // size) if size else min(workers, len(people)),
            workers=workers,
            stop=stop,
            told=lambda: errors.print("stopping: the round under way is dropped; once more ends it at once"),
        )
    except exchange.Stopped:
        raise Stopped(f"stopped; go on with 'nextword simulate --resume {folder.path}'") from None
    summary = folder.summary()
    if summary is None:
        raise ValueError(f"{folder.path}: the run ended early; go on with --resume {folder.path}")
    return summary


def _describe(event: dict[str, Any]) -> str:
    bits = event.get("train_bits_per_piece")
    epsilon = event.get("privacy", {}).get("epsilon")
    told = [f"round {event['round']}"]
    told += [f"{bits:.2f} bits a piece"] if bits is not None else []
    return ", ".join(told + ([f"epsilon {epsilon:.2f}"] if epsilon is not None else []))


def _stopped(privacy: dict[str, Any]) -> list[str]:
    stopped = privacy["stopped_before_round"]
    return [f"stopped before round {stopped}, which the budget does not allow"] if stopped else []


def _readable(summary: dict[str, Any]) -> str:
    lines = [
        f"{summary['rounds']} rounds, {summary['users_trained']} updates, {summary['seconds']:.0f} s, "
        f"{summary['rejected']} rejected",
        f"sent to users {summary['download_bytes'] / 1e6:,.0f} MB, received {summary['upload_bytes'] / 1e6:,.0f} MB",
    ]
    if summary["validation_bits_per_character"] is not None:
        before, after = summary["validation_bits_per_character_at_start"], summary["validation_bits_per_character"]
        began = "not measured" if before is None else f"{before:.3f}"
        lines.append(f"bits per character on the users' validation messages: {began} before, {after:.3f} after")
    if found := summary["ngrams"]:
        spent = (
            f"epsilon {found['epsilon']:g} at delta {found['delta']:g} for a user" if found["epsilon"] else "no noise"
        )
        words, grams = sum(found["found"][:-2]), sum(found["found"][-2:])
        lines.append(
            f"of {found['least_users']} users or more: {words:,} beginnings of words, {grams:,} n-grams ({spent})"
        )
    if of_messages := summary.get("message_privacy"):
        lines.append(f"privacy of messages: {of_messages['text']}, noise by {of_messages['noise_by']}")
        lines += _stopped(of_messages)
    if private := summary.get("privacy"):
        lines.append(f"privacy: {private['text']}")
        lines += _stopped(private)
        lines += [
            f"projection, not measured: {one['projected_population']:,} users, {one['cohort']:,} a round, the same "
            f"noise on the mean: epsilon {one['epsilon']:.3g} at delta {one['delta']:g}"
            for one in private["projections_not_measured"]
            if one["epsilon"] is not None
        ]
    return "\n".join([*lines, f"model: {summary['model']}"])
