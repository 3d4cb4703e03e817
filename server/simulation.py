"""Flower's simulation engine: a ServerApp in this process and a ClientApp in Ray workers."""

from __future__ import annotations

import logging

from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.simulation import run_simulation


def run(server_app: ServerApp, client_app: ClientApp, *, nodes: int, workers: int) -> None:
    """Run both to the end: so many nodes, whose messages are answered by `workers` processes of one core each."""
    for name in ("flwr", "ray"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    run_simulation(
        server_app=server_app,
        client_app=client_app,
        num_supernodes=nodes,
        backend_config={
            "init_args": {
                "num_cpus": workers,
                "address": "local",
                "log_to_driver": False,
                "logging_level": "error",
                "include_dashboard": False,
            },
            "client_resources": {"num_cpus": 1, "num_gpus": 0.0},
        },
    )
