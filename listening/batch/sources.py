"""What the paths of a command line stand for: files, folders, globs, manifests, and URLs that fsspec can open."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from listening import formats, sidecars
from listening.errors import ListeningError, MetadataError, UsageError
from listening.listen import NOT_CALLS, RECORDINGS, TRANSCRIPTS, expand
from listening.sidecars import CallSetup

_MAGIC = re.compile(r"[*?\[]")
#: Bytes read at a time when hashing.
BLOCK = 1 << 20
#: URL scheme -> the package that fsspec needs for it.
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}


@dataclass(frozen=True, slots=True)
class Item:
    """One call to be heard. `path` is an absolute path or a URL; `setup` is its row in a manifest that was named."""

    path: str
    setup: CallSetup | None = None

    @property
    def remote(self) -> bool:
        return "://" in self.path

    @property
    def name(self) -> str:
        """How it is called in messages: the file name, without the query of a URL, which may hold a signature."""
        if not self.remote:
            return Path(self.path).name
        parts = urlsplit(self.path)
        return PurePosixPath(parts.path).name or parts.netloc


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that was named and is not there, with the sentence that says so."""

    name: str
    sentence: str


def find(paths: Iterable[str]) -> Iterator[Item | Missing]:
    """The calls that the paths stand for, each once, in order."""
    met: set[str] = set()
    for path in dict.fromkeys(paths):
        try:
            for item in _remote(path) if "://" in path else _local(path):
                if isinstance(item, Missing):
                    yield item
                elif item.path not in met:
                    met.add(item.path)
                    yield item
        except ListeningError as error:
            yield Missing(path if "://" not in path else Item(path).name, str(error))


def _local(named: str) -> Iterator[Item | Missing]:
    path = Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own raises for "~$notes.docx", which is a file
    if not path.exists() and _MAGIC.search(named):
        files = [found for found in sorted(glob.glob(str(path), recursive=True)) if Path(found).is_file()]  # noqa: PTH207
        if not files:
            raise UsageError("no file fits this pattern.")
        for file in files:
            yield Item(_place(Path(file)))
        return
    if path.is_file() and _is_manifest(path):
        yield from _manifest(path)
        return
    if not path.exists():
        yield Missing(named, "there is no such file or folder.")
        return
    for one in expand([path]):
        yield Item(_place(one))


def _place(path: Path) -> str:
    """The absolute path of a call. One that is a link keeps its own name, which is what its metadata calls it by."""
    return str(path.parent.resolve() / path.name)


def _is_manifest(path: Path) -> bool:
    if path.name.lower() in sidecars.MANIFESTS or path.suffix.lower() == ".csv":
        return True
    if path.suffix.lower() != ".json" or formats.sniff(path) is not None:
        return False
    try:
        return bool(sidecars.read_manifest(path))
    except MetadataError:
        return False


def _manifest(path: Path) -> Iterator[Item | Missing]:
    for row in sidecars.read_manifest(path):
        url = _url(row.path)
        if url is not None:
            yield Item(url, row.setup)
        elif row.path.is_file():
            yield Item(_place(row.path), row.setup)
        else:
            yield Missing(f"{path.name} row {row.number}", f"{row.path.name} does not exist.")


def _url(path: Path) -> str | None:
    """A URL that stands in a manifest's row; as a path it lost one slash, and may have the manifest's folder before it."""
    found = re.search(r"(?:^|/)([a-z][a-z0-9+]+):/+(.*)$", path.as_posix())
    return f"{found[1]}://{found[2]}" if found else None


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path in it. Raises UsageError when it cannot be had."""
    import fsspec  # type: ignore[import-untyped]

    scheme = url.partition("://")[0]
    try:
        fs, path = fsspec.core.url_to_fs(url)
    except ImportError:
        package = _PACKAGES.get(scheme, "a package for it")
        raise UsageError(f"{scheme}:// needs {package}: pip install {package}.") from None
    except ValueError:
        raise UsageError(f"{scheme}:// is no kind of storage that is known here.") from None
    return fs, str(path)


def _remote(url: str) -> Iterator[Item]:
    fs, path = filesystem(url)
    try:
        if _MAGIC.search(path):
            found = sorted(fs.glob(path))
        elif fs.isdir(path) and not url.startswith("http"):
            found = _calls_of(sorted(fs.ls(path, detail=False)))
        else:
            found = [path]
    except Exception as error:  # whatever a storage library raises
        said = "listed" if _MAGIC.search(path) else "read"
        raise UsageError(f"it cannot be {said}: {reason(error)}.") from None
    if not found:
        raise UsageError("there are no recordings or transcripts there.")
    for one in found:
        yield Item(url if one == path else fs.unstrip_protocol(one))


def _calls_of(files: Iterable[str]) -> list[str]:
    """What `listen.expand` takes of a folder, as far as names tell: recordings or, where there are none, transcripts."""
    names = [(file, PurePosixPath(file.lower())) for file in files]
    names = [(file, name) for file, name in names if not name.name.startswith(".")]
    return [file for file, name in names if name.suffix in RECORDINGS] or [
        file
        for file, name in names
        if name.suffix in TRANSCRIPTS and name.stem not in NOT_CALLS and not name.name.endswith(".meta.json")
    ]


def reason(error: BaseException) -> str:
    """Why storage failed, in words that hold no address or key."""
    if isinstance(error, FileNotFoundError):
        return "it does not exist"
    if isinstance(error, PermissionError):
        return "it may not be read"
    name = type(error).__name__  # storage libraries have errors of their own
    if isinstance(error, (TimeoutError, ConnectionError)) or "Connect" in name or "Timeout" in name:
        return "the storage does not answer"
    if "Credentials" in name:
        return "there are no credentials for the storage"
    return "the storage reports an error" if name == "OSError" else f"the storage says {name}"


def tag(item: Item) -> tuple[str | None, int | None]:
    """What changes when the file does, and its size in bytes; (None, None) where nothing says so.

    Raises OSError for a local file that is not there.
    """
    if not item.remote:
        stat = Path(item.path).stat()
        return f"{stat.st_size}-{stat.st_mtime_ns}", stat.st_size
    try:
        fs, path = filesystem(item.path)
        info = fs.info(path)
    except Exception:
        return None, None  # the worker says why, when it cannot read it either
    marks = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "updated", "created")
    mark = next((info[k] for k in marks if info.get(k)), None)
    size = info.get("size")
    return (None if mark is None else f"{size}-{mark}"), size


def content(path: Path) -> str:
    """SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return _sha256(file)


def remote_content(url: str) -> str | None:
    """SHA-256 of what a URL holds; None when it cannot be read (the worker will say why)."""
    try:
        fs, path = filesystem(url)
        with fs.open(path, "rb") as file:
            return _sha256(file)
    except Exception:
        return None


def _sha256(file: IO[bytes]) -> str:
    hasher = hashlib.sha256()
    while block := file.read(BLOCK):
        hasher.update(block)
    return hasher.hexdigest()
