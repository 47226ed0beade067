"""Serve: `python -m service`. Settings come from flags, `AGA_…` variables or a file."""

import argparse
import logging
import socket
import sys
from pathlib import Path
from typing import NoReturn

import uvicorn

from models.checkpoint import CheckpointError
from service.app import create_app
from service.engine import EngineFault
from service.index.protocol import IndexFault
from service.resources import open_resources
from service.settings import LOOPBACK, Settings, SettingsError, read_settings


def main() -> None:
    """Open model and index, then listen; a mistake is one line and status 1."""
    try:
        settings = _settings()
        _check_port(settings)
        room = open_resources(settings)
    except CheckpointError as error:
        _fail(f"{error}; --checkpoint or AGA_CHECKPOINT names the folder")
    except (EngineFault, IndexFault, SettingsError) as error:
        _fail(str(error))
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(name)s %(message)s")
    if settings.host not in LOOPBACK:
        logging.getLogger("service").warning(
            "no login yet: whoever reaches %s may ask", settings.host
        )
    uvicorn.run(
        create_app(room),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
    )


def _settings() -> Settings:
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Serve retrieval, zero-shot classification and heatmaps. Not for clinical use.",
        epilog="every setting is also a variable: AGA_CHECKPOINT, AGA_INDEX, AGA_PORT, …",
    )
    for name in ("checkpoint", "index", "host", "port", "engine"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="YAML, as port: 8123")
    given = vars(parser.parse_args())
    file = given.pop("settings")
    return read_settings({k: v for k, v in given.items() if v is not None}, file=file)


def _check_port(settings: Settings) -> None:
    """Find out that a port is taken before the model is loaded."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
                "choose another --port"
            ) from error


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    raise SystemExit(1)


if __name__ == "__main__":
    main()
