"""Where the packs and lists lie that are shipped: beside the code, or in the wheel."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


class CatalogueMissing(LookupError):
    """The packs that are shipped with the program were not found."""


def catalogue_dir() -> Traversable:
    """The folder of packs: ``zhibu/catalogue`` in an installed wheel, ``catalogue/`` in a checkout."""
    shipped = files("zhibu") / "catalogue"
    if shipped.is_dir():
        return shipped
    checkout = Path(__file__).resolve().parents[3] / "catalogue"
    if checkout.is_dir():
        return checkout
    raise CatalogueMissing("找不到随程序提供的规范包目录（catalogue），请重新安装程序。")


def catalogue_packs() -> Iterator[tuple[str, str]]:
    """Name and text of each pack that is shipped, in the order of their file names."""
    entries = sorted(catalogue_dir().iterdir(), key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.endswith(".toml"):
            yield entry.name, entry.read_text(encoding="utf-8")


def catalogue_list(name: str) -> str:
    """The text of a list that is shipped, such as ``responsibilities``."""
    return (catalogue_dir() / "lists" / f"{name}.toml").read_text(encoding="utf-8")
