"""Which weights an engine is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from listening import models
from listening.errors import ModelError
from listening.progress import Progress
from listening.recognizers import DEFAULT_MODEL


def locate(model: str | None, progress: Progress) -> Path | str:
    """A folder or file, or the name itself when only the engine can know it.

    None is the default model. Raises ModelError for a path that is not there.
    """
    name = model or DEFAULT_MODEL
    # Path's own raise for "~$x", of an unknown user, and for a name that is too long.
    path = Path(os.path.expanduser(name))  # noqa: PTH111
    if os.path.exists(path):  # noqa: PTH110
        return path
    if name in models.catalogue():
        return models.path(name, progress)
    if f"whisper-{name}" in models.catalogue():
        return models.path(f"whisper-{name}", progress)
    if path.is_absolute() or name.startswith(("./", "../", "~")):
        raise ModelError(f"There is no model at {path}.")
    return name
