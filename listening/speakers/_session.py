"""ONNX networks on the CPU: several runs side by side, each on one thread, which takes less than one on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from listening import settings
from listening.errors import EngineError

Item = TypeVar("Item")
Result = TypeVar("Result")


def open_session(path: Path) -> Any:
    """An onnxruntime session of one thread. Raises EngineError when onnxruntime is missing or the file cannot be loaded."""
    try:
        import onnxruntime
    except ImportError as problem:
        raise EngineError("Telling voices apart needs onnxruntime, which is not installed.") from problem
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        raise EngineError(f"The network cannot be loaded: {path}") from problem


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`work` on every item, on the threads the settings allow; results in order."""
    with ThreadPoolExecutor(settings.threads()) as pool:
        yield from pool.map(work, items)
