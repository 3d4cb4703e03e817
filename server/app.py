"""The ServerApp: opens the run folder, starts or goes on, and ends with a summary."""

from __future__ import annotations

import threading

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from nextword.federation.config import RunConfig
from nextword.federation.folders import run_folder, start_folder
from nextword.federation.groups import never_sent, personal_names
from server.rounds import Observer, Run
from server.run_folder import Event, Inputs, RunFolder, State
from server.start import prepare_start
from server.summary import finish


def make_app(
    config: RunConfig | None = None,
    *,
    resume: bool = False,
    observer: Observer = lambda event: None,
    participants: str | None = None,
    stop: threading.Event | None = None,
) -> ServerApp:
    """A ServerApp with its settings in hand, or for None with those that Flower's context brings.

    `observer` is called with each event after it was logged. With `resume` the run folder is gone on with.
    `participants` is their fingerprint (`data.splits`), where it is known: a run goes on with the same people only.
    Once `stop` is set it ends with `server.exchange.Stopped`, between messages.
    """
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        settings = config or RunConfig.from_flat(context.run_config)
        run_id = 0 if config else context.run_id
        run_once(settings, grid, run_id=run_id, resume=resume, observer=observer, participants=participants, stop=stop)

    return app


def run_once(
    config: RunConfig,
    grid: Grid,
    *,
    run_id: int = 0,
    resume: bool = False,
    observer: Observer = lambda event: None,
    participants: str | None = None,
    stop: threading.Event | None = None,
) -> Event:
    """One run over `grid`, from its start or its checkpoint to its summary."""
    path = run_folder(config, run_id)
    folder = RunFolder.reopen(path)[0] if resume else RunFolder.create(path, config)
    with folder.locked():
        model, vocabulary = prepare_start(config, run_id)
        folder.pin(Inputs.of(start_folder(config, run_id), participants))
        names = model.weights().keys()
        kept = personal_names(config.personal, model.config, names) | never_sent(config.update, names)
        start = {name: value.copy() for name, value in model.weights().items() if name not in kept}
        state = (folder.load() if resume else None) or State(0, start)
        try:
            run = Run(config, grid, folder, state, observer, stop=stop or threading.Event())
            run.train()
        except ValueError:
            if not resume:
                folder.withdraw()
            raise
        run.find_ngrams(vocabulary)
        return finish(run, model, vocabulary)


app = make_app()
