"""Models: found, fetched from a package index, verified, refetched when damaged, and refused in one sentence."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from listening import models
from listening.errors import ModelError, UsageError

CONTENT = (b"first half ", b"second half")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as bundle:
        for member, data in files.items():
            bundle.writestr(f"{name}/{member}", data)
        bundle.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        bundle.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        bundle.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest with one model in two wheels, in an index of the user's configuration; returns the home folder."""
    index = tmp_path / "index"
    index.mkdir()
    wheels = [wheel(index, f"half{i}", {"part": half}) for i, half in enumerate(CONTENT)]
    packages = ",".join(
        f'{{pin="half{i}==1.0", size={w.stat().st_size}, sha256="{sha(w.read_bytes())}"}}' for i, w in enumerate(wheels)
    )
    (tmp_path / "manifest.toml").write_text(
        '[tiny]\npurpose="a test"\nlicence="MIT"\n'
        f'[[tiny.sources]]\npackages=[{{pin="nowhere==1.0", size=1, sha256="{"0" * 64}"}}]\n'
        f'files=[{{name="model.bin", size=1, sha256="{"0" * 64}", parts=["x"]}}]\n'
        f"[[tiny.sources]]\npackages=[{packages}]\n"
        f'files=[{{name="model.bin", size={len(b"".join(CONTENT))}, sha256="{sha(b"".join(CONTENT))}",'
        'parts=["half0/part", "half1/part"]}]\n'
    )
    monkeypatch.setattr(models, "manifest_path", lambda: tmp_path / "manifest.toml")
    monkeypatch.setenv("LISTENING_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path / "home"


def test_fetched_from_the_users_index_joined_and_verified(tiny: Path) -> None:
    seen: list[tuple[str, float, float]] = []
    got = models.path("tiny", lambda *said: seen.append(said))
    assert got.read_bytes() == b"".join(CONTENT)
    assert models.where("tiny") == got.parent == models.verify("tiny")
    assert seen[0][0] == "fetching tiny"
    assert seen[-1][1] == seen[-1][2] > 0
    assert not list((tiny / "models" / ".downloads").glob("*"))


def test_a_damaged_model_is_refused_then_pulled_again(tiny: Path) -> None:
    got = models.path("tiny")
    got.write_bytes(b"x" * got.stat().st_size)
    os.utime(got, ns=(1, 1))
    for check in (models.path, models.verify):
        with pytest.raises(ModelError, match=r"damaged .* models pull tiny"):
            check("tiny")
    assert models.pull("tiny").read_bytes() == b"".join(CONTENT)
    assert models.path("tiny") == got


@pytest.fixture
def newer(tiny: Path, tmp_path: Path) -> Path:
    """The folder of a model that was fetched before its manifest came to want other bytes of the same size."""
    folder = models.path("tiny").parent
    wheel(tmp_path / "index", "half1", {"part": b"SECOND HALF"})
    manifest, new = tmp_path / "manifest.toml", (tmp_path / "index" / "half1-1.0-py3-none-any.whl").read_bytes()
    old = models.catalogue()["tiny"].sources[1]
    text = manifest.read_text().replace(old.packages[1].sha256, sha(new)).replace(old.files[0].sha256, sha(NEWER))
    manifest.write_text(text)
    models._read.cache_clear()
    return folder


NEWER = b"first half SECOND HALF"


@pytest.mark.parametrize("receipt", ["", "of an older version"])
def test_a_model_of_an_older_manifest_is_not_used(newer: Path, receipt: str) -> None:
    if receipt:
        (newer / ".verified.json").write_text(json.dumps(models._stamps(newer)))
    assert models.path("tiny").read_bytes() == NEWER
    assert models.verify("tiny") == newer


def test_a_receipt_of_an_older_version_means_one_verification_and_no_fetching(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = models.path("tiny").parent
    (folder / ".verified.json").write_text(json.dumps(models._stamps(folder)))
    read: list[Path] = []
    digest = models._sha256
    monkeypatch.setattr(models, "_sha256", lambda path: read.append(path) or digest(path))
    monkeypatch.delenv("PIP_FIND_LINKS")
    for _ in range(2):
        assert models.path("tiny").parent == folder
    assert read == [folder / "model.bin"]


def test_a_copy_on_a_read_only_disk_is_verified_each_time(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got = models.path("tiny")
    (got.parent / ".verified.json").unlink()

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", read_only)
    assert models.path("tiny") == models.path("tiny") == got


def test_an_interrupted_pull_keeps_what_it_has(tiny: Path, tmp_path: Path) -> None:
    second = tmp_path / "index" / "half1-1.0-py3-none-any.whl"
    second.rename(tmp_path / "away.whl")
    with pytest.raises(ModelError, match="could not be fetched"):
        models.pull("tiny")
    assert models.where("tiny") is None
    (tmp_path / "index" / "half0-1.0-py3-none-any.whl").unlink()
    (tmp_path / "away.whl").rename(second)
    assert models.pull("tiny").read_bytes() == b"".join(CONTENT)


def test_no_index_is_one_sentence(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(ModelError, match="the package index does not offer it") as problem:
        models.pull("tiny")
    assert "\n" not in str(problem.value)


def test_no_room(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(models.shutil, "disk_usage", lambda _: usage(10, 10, 0))
    with pytest.raises(ModelError, match="no room"):
        models.pull("tiny")


def test_the_disk_fills_up_on_the_way(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(models, "fetch_package", full)
    with pytest.raises(ModelError, match="disk became full"):
        models.pull("tiny")


def test_a_home_that_is_a_file(tiny: Path) -> None:
    tiny.write_text("")
    with pytest.raises(ModelError, match="cannot be kept"):
        models.pull("tiny")


def test_unknown_names(tiny: Path) -> None:
    with pytest.raises(ModelError, match="no model named 'large'"):
        models.path("large")
    with pytest.raises(ModelError, match="has not been fetched"):
        models.verify("tiny")


def test_the_shipped_manifest() -> None:
    catalogue = models.catalogue()
    assert {"whisper-base", "whisper-tiny.en", "silero-vad", "campplus", "segmentation"} <= set(catalogue)
    for model in catalogue.values():
        assert model.licence
        for source in model.sources:
            assert source.packages or source.url
            for item in (*source.files, *source.packages):
                assert len(item.sha256) == 64
                assert item.size > 0


def test_workers_that_want_a_model_at_once_fetch_it_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    fetch = models._fetch

    def slowly(model: models.Model, *rest: object) -> Path:
        time.sleep(0.3)
        done = fetch(model, *rest)  # type: ignore[arg-type]
        fetched.append(model.name)
        return done

    monkeypatch.setattr(models, "_fetch", slowly)
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(models.path, ["tiny"] * 4))
    assert [path.read_bytes() for path in got] == [b"".join(CONTENT)] * 4
    assert fetched == ["tiny"]


def test_a_home_of_an_unknown_user_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTENING_HOME", "~nobody-of-that-name")
    with pytest.raises(UsageError, match="LISTENING_HOME"):
        models.where("silero-vad")
