"""Many calls: find them, hear those that are not kept yet on all cores or a cluster, and keep each as it is done.

    sources     what the paths of a command line stand for: files, folders, globs, manifests, URLs
    work        what a worker does with one call; it returns values and writes nothing
    workers     where that happens: processes of this machine, or a Dask cluster
    run         the process that submits, keeps, and says how far it is

A call is known by the SHA-256 of its content. It is committed before the next is looked at, so a run may be killed at
any moment and started again: what is kept is skipped, what is not is done.
"""

from __future__ import annotations

from listening.batch.run import Event, Summary, run
from listening.batch.watch import watch

__all__ = ["Event", "Summary", "run", "watch"]
