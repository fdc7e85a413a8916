"""The CAM++ speaker embedding network, built as an ONNX graph from its published weights.

    log-mel (80, frames) -> 2-d residual head -> dense TDNN of 12 + 24 + 16 context-aware layers -> mean, std -> 192

The weights come as a PyTorch state dict; the graph is written once, on first use, so that telling voices apart needs
neither torch nor the network's own code. Network: Wang et al., "CAM++: a fast and efficient network for speaker
verification using context-aware masking", Interspeech 2023 (arXiv:2303.00332). The context of a layer is the mean over
the whole input plus the mean over each segment of 2 s; for input of at most 2 s both are the same, and only such input
is given to it here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from listening import settings
from listening.errors import ModelError
from listening.progress import Progress, silent

SIZE = 192
_OPSET = 17
_EPSILON = 1e-5  # of the batch normalisation
_BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation
_VERSION = 1

# What the published PyTorch network answers for `_probe()`, first four numbers; the graph agrees within 2e-5.
_EXPECTED = (-1.26765, -0.916548, 0.32399, -0.873740)
_TOLERANCE = 1e-3


def graph_path(progress: Progress = silent) -> Path:
    """The ONNX file of the network; fetches the weights and writes the graph when it is not there yet.

    Raises ModelError when the weights cannot be fetched, read or do not give the published network's numbers.
    """
    path = settings.home() / "models" / f"campplus-graph-{_VERSION}.onnx"
    if not path.is_file():
        from listening import models

        weights = _read(models.path("campplus", progress))
        try:
            graph = build(weights)
        except KeyError as problem:
            raise ModelError(f"The voice model's weights lack {problem}.") from problem
        _check(graph)
        _write(path, graph)
    return path


def _read(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    try:
        import torch
    except ImportError as problem:
        raise ModelError("Preparing the voice model needs torch once, and torch is not installed.") from problem
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:
        raise ModelError(f"The voice model's weights cannot be read: {path}") from problem
    return {name: value.numpy() for name, value in state.items()}


def _probe() -> np.ndarray[Any, Any]:
    return np.sin(np.arange(148 * 80, dtype=np.float32) * 0.37).reshape(1, 148, 80) * 3


def _check(graph: bytes) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found = session.run(None, {"features": _probe()})[0][0]
    if not np.allclose(found[: len(_EXPECTED)], _EXPECTED, atol=_TOLERANCE):
        raise ModelError(
            "The voice model does not compute what it should; fetch it again with `listening models pull`."
        )


def _write(path: Path, data: bytes) -> None:
    """In one move, so that a second process never reads half a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    except OSError as problem:
        raise ModelError(f"The voice model cannot be stored in {path.parent}: {problem.strerror}.") from problem
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(partial).replace(path)
    except OSError as problem:
        with suppress(OSError):
            Path(partial).unlink()
        raise ModelError(f"The voice model cannot be stored in {path.parent}: {problem.strerror}.") from problem


def build(weights: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """The serialized graph: `features` float32 (n, frames, 80), mean removed, at most 2 s -> `voice` (n, 192).

    Raises KeyError for a weight that is missing, ModelError when the onnx package is.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError as problem:
        raise ModelError("Preparing the voice model needs the onnx package, which is not installed.") from problem
    draw = _Drawing(weights)
    x = draw.op("Unsqueeze", draw.op("Transpose", "features", perm=[0, 2, 1]), draw.constant([1]))
    x = draw.head(x)
    x = draw.op("Reshape", x, draw.constant([0, 320, -1]))
    x = draw.body(x)
    x = draw.normed(draw.conv(draw.pooled(x), "xvector.dense.linear"), "xvector.dense.nonlinear.batchnorm")
    voice = draw.op("Squeeze", x, draw.constant([2]))
    draw.nodes.append(helper.make_node("Identity", [voice], ["voice"]))
    model = helper.make_model(
        helper.make_graph(
            draw.nodes,
            "campplus",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", "frames", 80])],
            [helper.make_tensor_value_info("voice", TensorProto.FLOAT, ["n", SIZE])],
            list(draw.tensors.values()),
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
    )
    checker.check_model(model)
    return model.SerializeToString()


class _Drawing:
    """Nodes and weights of a graph being drawn; every method returns the name of what it adds."""

    def __init__(self, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.tensors: dict[str, Any] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def tensor(self, name: str, value: np.ndarray[Any, Any]) -> str:
        from onnx import numpy_helper

        if name not in self.tensors:
            self.tensors[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def constant(self, value: list[int]) -> str:
        return self.tensor("shape" + "_".join(map(str, value)), np.array(value, np.int64))

    def conv(self, x: str, name: str, padding: int = 0, dilation: int = 1, strides: tuple[int, ...] = ()) -> str:
        weight = self.weights[f"{name}.weight"]
        inputs = [x, self.tensor(f"{name}.weight", weight)]
        if f"{name}.bias" in self.weights:
            inputs.append(self.tensor(f"{name}.bias", self.weights[f"{name}.bias"]))
        axes = weight.ndim - 2
        return self.op(
            "Conv",
            *inputs,
            kernel_shape=list(weight.shape[2:]),
            pads=[padding] * 2 * axes,
            dilations=[dilation] * axes,
            strides=list(strides or (1,) * axes),
        )

    def normed(self, x: str, name: str) -> str:
        mean, variance = self.weights[f"{name}.running_mean"], self.weights[f"{name}.running_var"]
        values = {
            "weight": self.weights.get(f"{name}.weight", np.ones_like(mean)),
            "bias": self.weights.get(f"{name}.bias", np.zeros_like(mean)),
            "mean": mean,
            "variance": variance,
        }
        inputs = [self.tensor(f"{name}.{part}", value) for part, value in values.items()]
        return self.op("BatchNormalization", x, *inputs, epsilon=_EPSILON)

    def active(self, x: str, name: str) -> str:
        return self.op("Relu", self.normed(x, name))

    def head(self, x: str) -> str:
        """Two-dimensional residual network that shrinks 80 mel bins to 10, with 32 channels."""
        x = self.active(self.conv(x, "head.conv1", padding=1), "head.bn1")
        for layer in (1, 2):
            for block, stride in ((0, 2), (1, 1)):
                x = self.residual(x, f"head.layer{layer}.{block}", stride)
        return self.active(self.conv(x, "head.conv2", padding=1, strides=(2, 1)), "head.bn2")

    def residual(self, x: str, name: str, stride: int) -> str:
        y = self.active(self.conv(x, f"{name}.conv1", padding=1, strides=(stride, 1)), f"{name}.bn1")
        y = self.normed(self.conv(y, f"{name}.conv2", padding=1), f"{name}.bn2")
        if stride != 1:
            x = self.normed(self.conv(x, f"{name}.shortcut.0", strides=(stride, 1)), f"{name}.shortcut.1")
        return self.op("Relu", self.op("Add", x, y))

    def body(self, x: str) -> str:
        """Three dense blocks: each layer's output joins its input; a transition halves the channels."""
        x = self.active(
            self.conv(x, "xvector.tdnn.linear", padding=2, strides=(2,)), "xvector.tdnn.nonlinear.batchnorm"
        )
        for number, (layers, dilation) in enumerate(_BLOCKS, 1):
            for layer in range(1, layers + 1):
                x = self.op("Concat", x, self.masked(x, f"xvector.block{number}.tdnnd{layer}", dilation), axis=1)
            transit = f"xvector.transit{number}"
            x = self.conv(self.active(x, f"{transit}.nonlinear.batchnorm"), f"{transit}.linear")
        return self.active(x, "xvector.out_nonlinear.batchnorm")

    def masked(self, x: str, name: str, dilation: int) -> str:
        """A layer of the dense block, weighed by a mask computed from its context."""
        x = self.conv(self.active(x, f"{name}.nonlinear1.batchnorm"), f"{name}.linear1")
        x = self.active(x, f"{name}.nonlinear2.batchnorm")
        local = self.conv(x, f"{name}.cam_layer.linear_local", padding=dilation, dilation=dilation)
        mean = self.op("ReduceMean", x, axes=[2], keepdims=1)
        context = self.op("Add", mean, mean)  # the segment's mean is the whole's
        hidden = self.op("Relu", self.conv(context, f"{name}.cam_layer.linear1"))
        return self.op("Mul", local, self.op("Sigmoid", self.conv(hidden, f"{name}.cam_layer.linear2")))

    def pooled(self, x: str) -> str:
        """Mean and (unbiased) standard deviation over time."""
        mean = self.op("ReduceMean", x, axes=[2], keepdims=1)
        off = self.op("Sub", x, mean)
        total = self.op("ReduceSum", self.op("Mul", off, off), self.constant([2]), keepdims=1)
        frames = self.op("Cast", self.op("Gather", self.op("Shape", x), self.constant([2])), to=1)
        one = self.tensor("one", np.ones(1, np.float32))
        deviation = self.op("Sqrt", self.op("Div", total, self.op("Sub", frames, one)))
        return self.op("Concat", mean, deviation, axis=1)
