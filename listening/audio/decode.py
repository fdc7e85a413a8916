"""Any recording people really have -> samples, by PyAV; no ffmpeg program, the file's name is never believed.

    probe(path)    what it is, from its header
    stream(path)   float32 blocks (channels, n), bounded memory
    load(path)     all of it as float32 (channels, n), values within -1..1
    read(path)     all of it as int16, half the memory, with what was wrong with the file

A file that is cut short or damaged on the way is decoded as far as it goes; `read` says so. What holds no sound at all
is refused with one AudioError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from listening.errors import AudioError
from listening.progress import Progress, silent

RATE = 16_000  # Hz; what every model here was trained on
Samples = npt.NDArray[np.float32]
Samples16 = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header says. `duration_ms` is None when it does not say; `rate` in Hz."""

    duration_ms: int | None
    rate: int
    channels: int
    codec: str
    container: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A decoded recording: int16 (channels, n) at `rate` Hz, and sentences about what was wrong with the file."""

    samples: Samples16
    info: AudioInfo
    notes: tuple[str, ...] = ()
    rate: int = RATE

    @property
    def duration_ms(self) -> int:
        return round(self.samples.shape[1] * 1000 / self.rate)


class _Damage:
    """What went wrong while decoding: packets that could not be decoded, or an end before the end."""

    def __init__(self) -> None:
        self.packets = 0
        self.cut = False


def probe(path: Path | str) -> AudioInfo:
    """What the recording is, without decoding it. Raises AudioError when it is no recording."""
    with _open(Path(path)) as container:
        return _info(Path(path), container)


def stream(path: Path | str, rate: int = RATE, block_s: float = 30.0) -> Iterator[Samples]:
    """The recording in blocks of at most about `block_s` seconds, float32 (channels, n). Raises AudioError."""
    yield from _blocks(Path(path), "fltp", rate, block_s, _Damage())


def load(path: Path | str, rate: int = RATE) -> Samples:
    """The whole recording, float32 (channels, n). Raises AudioError, also when it holds no samples."""
    return np.concatenate(list(stream(path, rate)), axis=1)


def read(path: Path | str, rate: int = RATE, progress: Progress = silent) -> Recording:
    """The whole recording as int16: 115 MB an hour and channel. Raises AudioError, also when it holds no samples."""
    path = Path(path)
    info = probe(path)
    expected = (info.duration_ms or 0) * rate // 1000
    damage = _Damage()
    samples = np.empty((0, 0), np.int16)
    have = 0
    for block in _blocks(path, "s16p", rate, 10.0, damage):
        count = block.shape[1]
        if not have:
            samples = np.empty((block.shape[0], max(expected + rate, count)), np.int16)
        if have + count > samples.shape[1]:
            grown = np.empty((len(samples), max(have + count, samples.shape[1] * 3 // 2)), np.int16)
            grown[:, :have] = samples[:, :have]
            samples = grown
        samples[:, have : have + count] = block
        have += count
        progress("decoding", min(have, expected or have), expected or have)
    notes = []
    # Headers round; what lacks more than 2 % and a second was cut off.
    if damage.cut or _cut_short(path) or (expected and have < 0.98 * expected - rate):
        notes.append(f"The file ends before its end: {have / rate:.0f} seconds of it could be decoded.")
    elif damage.packets:
        notes.append(f"The file is damaged in {damage.packets} places; the rest of it was decoded.")
    return Recording(samples[:, :have], info, tuple(notes), rate)


def _cut_short(path: Path) -> bool:
    """Whether a wav file is shorter than its header says; ffmpeg passes over that."""
    with path.open("rb") as handle:
        head = handle.read(12)
    declared = int.from_bytes(head[4:8], "little") + 8
    streamed = declared < 64 or declared > 0xFFFF0000  # written before the length was known
    return head[:4] == b"RIFF" and head[8:] == b"WAVE" and not streamed and declared > path.stat().st_size + 4096


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    import av

    if path.is_dir():
        raise AudioError(f"{path.name} is a folder, not a recording.")
    try:
        if path.stat().st_size == 0:
            raise AudioError(f"{path.name} is empty.")
    except FileNotFoundError:
        raise AudioError(f"There is no file {path}.") from None
    except OSError as problem:
        raise AudioError(f"{path.name} cannot be read: {problem.strerror}.") from problem
    av.logging.set_level(av.logging.PANIC)
    try:
        # "file:" and the whitelist keep odd names and playlists from reaching anything but this file.
        container = av.open("file:" + str(path.absolute()), options={"protocol_whitelist": "file"})
    except PermissionError as problem:
        raise AudioError(f"{path.name} cannot be read: permission denied.") from problem
    except (av.FFmpegError, OSError, ValueError) as problem:
        raise AudioError(
            f"{path.name} is not a recording that can be decoded, or is damaged at its start."
        ) from problem
    with container:
        if not container.streams.audio:
            raise AudioError(f"{path.name} holds no sound.")
        yield container


def _info(path: Path, container: Any) -> AudioInfo:
    track = container.streams.audio[0]
    channels, rate = track.codec_context.channels, track.codec_context.sample_rate
    if not channels or not rate:
        raise AudioError(f"{path.name} holds no sound that can be decoded.")
    duration = None
    if track.duration and track.time_base:
        duration = round(float(track.duration * track.time_base) * 1000)
    elif container.duration and container.duration > 0:
        duration = container.duration // 1000
    return AudioInfo(duration, rate, channels, track.codec_context.name, container.format.name)


def _blocks(path: Path, sample_format: str, rate: int, block_s: float, damage: _Damage) -> Iterator[Any]:
    """Resampled blocks. Raises AudioError when there is not one sample."""
    import av

    with _open(path) as container:
        _info(path, container)
        resampler = av.AudioResampler(format=sample_format, rate=rate)
        parts: list[Any] = []
        count = 0
        total = 0
        first = None
        for frame in _frames(container, damage):
            if frame is not None:
                kind = (frame.layout.nb_channels, frame.sample_rate, frame.format.name)
                first = first or kind
                if kind != first:  # damage read as another kind of sound
                    damage.packets += 1
                    continue
                frame.pts = None  # gaps in the clock of a damaged file must not confuse the resampler
            for piece in resampler.resample(frame):
                data = piece.to_ndarray()
                parts.append(data)
                count += data.shape[1]
            if parts and (count >= block_s * rate or frame is None):
                yield np.concatenate(parts, axis=1)
                total += count
                parts, count = [], 0
        if not total:
            raise AudioError(f"{path.name} holds no sound: its length is zero, or nothing in it can be decoded.")


def _frames(container: Any, damage: _Damage) -> Iterator[Any]:
    """Decoded frames, then None to flush. Damaged packets are counted and passed over."""
    import av

    track = container.streams.audio[0]
    packets = container.demux(track)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except (av.FFmpegError, OSError):
            damage.cut = True
            break
        try:
            yield from packet.decode()
        except av.FFmpegError:
            damage.packets += 1
    yield None
