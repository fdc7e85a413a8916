"""Make the ONNX file that ships from a trained model.pt: `python models/labeller/export.py --model model.pt --base FOLDER`.

Weights are quantised to int8 (dynamic, per channel); what is fed and returned stays float32.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from data import HERE, UTTERANCE_LABELS, N
from net import Labeller

from listening.language import _windows

INPUTS = ["ids", "mask", "types", "marker", "words", "before"]
OUTPUTS = ["token", "utterance", "uptake", "link"]


def example() -> dict[str, np.ndarray]:
    w = _windows.Window()
    _windows.append(w, 0, 0, [2129, 2003], [0, 1])
    _windows.append(w, 1, 1, [2129, 2003, 2009], [0, 1, 2])
    return _windows.batch([w, w], [[0, 1], [0, 1]])


def to_onnx(model: Labeller, path: Path) -> None:
    model.eval()
    feed = {k: torch.from_numpy(v) for k, v in example().items()}
    axes = {"ids": {0: "b", 1: "t"}, "mask": {0: "b", 1: "t"}, "types": {0: "b", 1: "t"},
            "marker": {0: "b", 1: "u", 2: "t"}, "words": {0: "b", 1: "u", 2: "t"}, "before": {0: "b", 1: "u", 2: "u2"},
            "token": {0: "b", 1: "t"}, "utterance": {0: "b", 1: "u"}, "uptake": {0: "b", 1: "u"},
            "link": {0: "b", 1: "u", 2: "u2"}}  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, tuple(feed[k] for k in INPUTS), str(path), input_names=INPUTS, output_names=OUTPUTS,
                          dynamic_axes=axes, opset_version=17, dynamo=False)  # fmt: skip


def quantise(source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as d:
        ready = Path(d) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        quantize_dynamic(str(ready), str(target), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--base", type=Path, required=True)
    p.add_argument("--out", type=Path, default=HERE)
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    model = Labeller(a.base)
    model.load_state_dict(torch.load(a.model))
    full = a.out / "labeller.fp32.onnx"
    to_onnx(model, full)
    quantise(full, a.out / "labeller.onnx")
    if a.out.resolve() == HERE.resolve():
        full.unlink()
    shutil.copyfile(a.base / "tokenizer.json", a.out / "tokenizer.json")
    settings = a.out / "labeller.json"
    if not settings.exists():
        settings.write_text(json.dumps({"labels": UTTERANCE_LABELS, "tags": N}, indent=1) + "\n")
    print({f.name: f.stat().st_size for f in a.out.glob("*.onnx")})


if __name__ == "__main__":
    main()
