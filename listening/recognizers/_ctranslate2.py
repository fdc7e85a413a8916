"""Reads a Whisper model in CTranslate2's file format into openai-whisper's network, number for number.

The file: u32 version 6; the string "WhisperSpec"; u32 revision; u32 count of variables; each with its name, u8 rank,
u32 dimensions, u8 type, u32 byte count, data; then aliases. Strings are a u16 length (counting the final NUL) and bytes.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from listening.errors import ModelError

_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
_BLOCK = {
    "self_attention/layer_norm": "attn_ln",
    "self_attention/linear_1": "attn.out",
    "attention/layer_norm": "cross_attn_ln",
    "attention/linear_0": "cross_attn.query",
    "attention/linear_2": "cross_attn.out",
    "ffn/layer_norm": "mlp_ln",
    "ffn/linear_0": "mlp.0",
    "ffn/linear_1": "mlp.2",
}
_TOP = {
    "encoder/layer_norm": "encoder.ln_post",
    "decoder/layer_norm": "decoder.ln",
    "encoder/conv1": "encoder.conv1",
    "encoder/conv2": "encoder.conv2",
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
}
_STACKED = {
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
}
_LEAF = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}


def read_variables(path: Path) -> dict[str, Any]:
    """Name -> array. Quantized weights are scaled back. Raises ModelError for another kind of file."""
    data = path.read_bytes()
    at = 0

    def take(layout: str) -> int:
        nonlocal at
        value = struct.unpack_from("<" + layout, data, at)[0]
        at += struct.calcsize("<" + layout)
        return int(value)

    def text() -> str:
        nonlocal at
        size = take("H")
        value = data[at : at + size - 1].decode()
        at += size
        return value

    try:
        version = take("I")
        if version != 6 or text() != "WhisperSpec":
            raise ModelError(f"{path} is no Whisper model in the CTranslate2 format that can be read here.")
        take("I")
        variables: dict[str, Any] = {}
        for _ in range(take("I")):
            name = text()
            shape = [take("I") for _ in range(take("B"))]
            kind, size = take("B"), take("I")
            variables[name] = np.frombuffer(data, _TYPES[kind], size // np.dtype(_TYPES[kind]).itemsize, at).reshape(
                shape
            )
            at += size
        for _ in range(take("I")):
            alias, name = text(), text()
            variables[alias] = variables[name]
    except (struct.error, KeyError, ValueError, UnicodeDecodeError) as problem:
        raise ModelError(f"The model in {path} is damaged or of a kind that cannot be read here.") from problem
    for name in [n for n in variables if n.endswith("/weight_scale")]:
        scale = np.asarray(variables.pop(name), np.float32)
        weight = name.removesuffix("_scale")
        variables[weight] = variables[weight].astype(np.float32) / (scale[:, None] if scale.ndim else scale)
    return variables


def state_dict(variables: dict[str, Any]) -> dict[str, Any]:
    """openai-whisper's names -> float32 arrays."""
    state: dict[str, Any] = {}
    for name, array in variables.items():
        if array.dtype == np.int8 or (array.ndim == 0):
            continue
        value = array.astype(np.float32)
        if name in _TOP:
            state[_TOP[name]] = value
            continue
        stem, _, leaf = name.rpartition("/")
        if leaf not in _LEAF:
            continue
        if stem in _TOP:
            state[f"{_TOP[stem]}.{_LEAF[leaf]}"] = value
        elif found := re.match(r"(encoder|decoder)/layer_(\d+)/(.+)", stem):
            side, index, part = found.groups()
            block = f"{side}.blocks.{index}"
            if part in _BLOCK:
                state[f"{block}.{_BLOCK[part]}.{_LEAF[leaf]}"] = value
            elif part in _STACKED:
                for target, slab in zip(_STACKED[part], np.split(value, len(_STACKED[part])), strict=True):
                    if not (target.endswith("key") and leaf == "bias"):  # Whisper's keys have no bias
                        state[f"{block}.{target}.{_LEAF[leaf]}"] = slab
    return state


def load(folder: Path) -> Any:
    """The openai-whisper model of a CTranslate2 folder, float32 on the CPU. Raises ModelError."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    variables = read_variables(folder / "model.bin")
    state = state_dict(variables)
    try:
        heads = int(variables["encoder/num_heads"])
        audio_ctx, width = state["encoder.positional_embedding"].shape
        vocabulary, text_width = state["decoder.token_embedding.weight"].shape
        dims = ModelDimensions(
            n_mels=state["encoder.conv1.weight"].shape[1],
            n_audio_ctx=audio_ctx,
            n_audio_state=width,
            n_audio_head=heads,
            n_audio_layer=_layers(state, "encoder"),
            n_vocab=vocabulary,
            n_text_ctx=state["decoder.positional_embedding"].shape[0],
            n_text_state=text_width,
            n_text_head=int(variables.get("decoder/num_heads", heads)),
            n_text_layer=_layers(state, "decoder"),
        )
        model = Whisper(dims)
        model.load_state_dict(
            {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in state.items()}, strict=False
        )
    except (KeyError, RuntimeError) as problem:
        raise ModelError(f"The model in {folder} is not a Whisper model that can be read here.") from problem
    chosen = torch.zeros(dims.n_text_layer, dims.n_text_head, dtype=torch.bool)
    for layer, head in _alignment_heads(folder):
        chosen[layer, head] = True
    if chosen.any():  # the default, half of all heads, shifts word times by up to 0.16 s
        model.register_buffer("alignment_heads", chosen.to_sparse(), persistent=False)
    return model.eval()


def _layers(state: dict[str, Any], side: str) -> int:
    return 1 + max(int(name.split(".")[2]) for name in state if name.startswith(f"{side}.blocks."))


def _alignment_heads(folder: Path) -> list[list[int]]:
    try:
        return list(json.loads((folder / "config.json").read_text()).get("alignment_heads", ()))
    except (OSError, ValueError):
        return []
