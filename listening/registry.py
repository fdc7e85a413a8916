"""Find the parts of one kind (analyzers, formats, recognizers): one module each in a folder, plus entry points.

A module in the folder defines its part under a fixed name (`ANALYZER`, `FORMAT`, `RECOGNIZER`). Modules are imported
in sorted order the first time the registry is read; names that start with an underscore are helpers and are skipped.
Packages from outside join through an entry point group of the same name as the folder.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    @property
    def name(self) -> str: ...


Part = TypeVar("Part", bound=Named)


class Registry(Mapping[str, Part], Generic[Part]):
    """A read-only mapping from name to part, filled on first use. Two parts with one name are refused."""

    def __init__(self, package: str, attribute: str) -> None:
        self.package = package
        self.attribute = attribute
        self._parts: dict[str, Part] | None = None

    def _discover(self) -> dict[str, Part]:
        parts: dict[str, Part] = {}

        def add(part: Part, where: str) -> None:
            if part.name in parts:
                raise ValueError(f"two {self.attribute.lower()}s are named {part.name!r}; the second is {where}")
            parts[part.name] = part

        package = importlib.import_module(self.package)
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
            if module.name.startswith("_"):
                continue
            name = f"{self.package}.{module.name}"
            part = getattr(importlib.import_module(name), self.attribute, None)
            if part is not None:
                add(part, name)
        for point in sorted(entry_points(group=self.package), key=lambda p: p.name):
            add(point.load(), point.value)
        return parts

    @property
    def parts(self) -> dict[str, Part]:
        if self._parts is None:
            self._parts = self._discover()
        return self._parts

    def __getitem__(self, name: str) -> Part:
        return self.parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)
