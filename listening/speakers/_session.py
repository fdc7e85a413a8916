"""ONNX networks on the CPU, with the threads the settings allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from listening import settings
from listening.errors import EngineError


def open_session(path: Path) -> Any:
    """An onnxruntime session. Raises EngineError when onnxruntime is missing or the file cannot be loaded."""
    try:
        import onnxruntime
    except ImportError as problem:
        raise EngineError("Telling voices apart needs onnxruntime, which is not installed.") from problem
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        raise EngineError(f"The network cannot be loaded: {path}") from problem
