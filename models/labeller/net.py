"""The network: MiniLM over a window of conversation, with heads for utterances, words, uptake and links."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from data import UTTERANCE_LABELS, N
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from listening.language._windows import MARKERS

TOKEN_OUTPUTS = N + 2  # labels, follow_up, close_directed
PROJECTED = 128
FAR = 10  # link distances beyond this count as this


class Labeller(nn.Module):
    """Inputs as made by `listening.language._windows.batch`.

    Returns token logits (B, T, labels + 2 attributes + label starts), utterance logits (B, U, labels + 2),
    uptake logit (B, U), link logits (B, U, U): does piece i give back piece j.
    """

    def __init__(self, base: Path | None, frozen_layers: int = 2) -> None:
        super().__init__()
        config = BertConfig.from_pretrained(base) if base else BertConfig(
            vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)  # fmt: skip
        config._attn_implementation = "eager"
        config.attention_probs_dropout_prob = 0.0
        self.body = (
            BertModel.from_pretrained(base, config=config, add_pooling_layer=False)
            if base
            else BertModel(config, add_pooling_layer=False)
        )
        h = config.hidden_size
        words = self.body.embeddings.word_embeddings.weight
        if base:
            with torch.no_grad():  # the side markers begin as words that mean the sides
                words[MARKERS[1]] = words[4005]  # "agent"
                words[MARKERS[0]] = words[7396]  # "client"
        words.requires_grad = False
        for layer in self.body.encoder.layer[:frozen_layers]:
            for p in layer.parameters():
                p.requires_grad = False
        self.frozen = frozen_layers
        self.drop = nn.Dropout(0.15)
        self.token = nn.Linear(h, TOKEN_OUTPUTS + N)
        self.utterance = nn.Sequential(
            nn.Linear(2 * h, 256), nn.GELU(), nn.Dropout(0.15), nn.Linear(256, len(UTTERANCE_LABELS))
        )
        self.project = nn.Linear(2 * h, PROJECTED)
        self.uptake = nn.Sequential(nn.Linear(4 * PROJECTED, 64), nn.GELU(), nn.Linear(64, 1))
        self.query, self.key = nn.Linear(2 * h, 64), nn.Linear(2 * h, 64)
        self.distance = nn.Embedding(FAR + 1, 1)

    def train(self, mode: bool = True) -> Labeller:
        super().train(mode)
        self.body.embeddings.eval()
        for layer in self.body.encoder.layer[: self.frozen]:
            layer.eval()
        return self

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor, marker: Tensor, words: Tensor, before: Tensor
                ) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
        out = self.body(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        token = self.token(self.drop(out))
        pooled = torch.cat([marker @ out, words @ out], dim=-1)
        utterance = self.utterance(self.drop(pooled))
        mine = torch.tanh(self.project(pooled))
        theirs = before @ mine
        uptake = self.uptake(torch.cat([mine, theirs, (mine - theirs).abs(), mine * theirs], dim=-1)).squeeze(-1)
        place = torch.arange(marker.shape[1], device=ids.device)
        far = (place[:, None] - place[None, :]).clamp(0, FAR)
        link = self.query(pooled) @ self.key(pooled).transpose(1, 2) / math.sqrt(64) + self.distance(far).squeeze(-1)
        return token, utterance, uptake, link
