"""What those who keep the norms see: a pack before it is published, a choice before it binds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from zhibu.norms.facts import norm_of, resolve
from zhibu.norms.models import NormChoice, NormVersion
from zhibu.norms.queries import list_versions
from zhibu.rules.norm import Norm
from zhibu.rules.packs import Fault, diff_norms, read_pack, say_change
from zhibu.rules.phrases import say_date
from zhibu.web.forms.norms import PackForm
from zhibu.web.pages.tree import TOLD, Consequence

UNTOUCHED: Final = (
    "还没有起草的安排表，今后按新选定的规范起草。",
    "已经起草或通过的安排表不自动变动，由支部点“与现行规范核对”，逐项确认后调整。",
    "已经归档的记录不变。",
)


@dataclass(frozen=True, slots=True)
class PackPage:
    """A pack on its way in: what is wrong with it, or what it says."""

    form: PackForm
    faults: tuple[Fault, ...] = ()
    norm: Norm | None = None
    sizes: tuple[tuple[str, int], ...] = ()  # by class
    compared_with: str = ""
    changes: tuple[str, ...] = ()
    text: str = ""


def build_pack(form: PackForm, text: str) -> PackPage:
    """What a sound pack says, against the version before it or the pack that it extends."""
    norm = read_pack(text, resolve)
    counts = Counter(requirement.practice_class for requirement in norm.requirements)
    before = _before(norm)
    return PackPage(
        form=form,
        norm=norm,
        sizes=tuple((label, counts[key]) for key, label in norm.labels),
        compared_with=str(before or ""),
        changes=tuple(map(say_change, diff_norms(norm_of(before), norm))) if before else (),
        text=text,
    )


def _before(norm: Norm) -> NormVersion | None:
    """The version in force before this one; of a new pack, what it extends."""
    versions = list_versions()
    earlier = versions.filter(pack=norm.pack, in_force_from__lt=norm.in_force_from).last()
    if earlier is not None or not norm.extends:
        return earlier
    pack, _, version = norm.extends.partition("@")
    return versions.filter(pack=pack, version=version).first()


def consequences_of_choice(
    held: NormChoice | None, before: Norm | None, after: Norm, branches: int
) -> tuple[Consequence, ...]:
    """What follows for whom when this norm binds from a day on."""
    if before is None:
        changes: tuple[str, ...] = ("以前没有选定规范，各项要求从启用之日起执行。",)
    else:
        changes = tuple(map(say_change, diff_norms(before, after))) or ("对支部的要求没有变化。",)
    since = f"，{say_date(held.since)}起执行" if held else ""
    now = f"现在执行的是“{before.title}”{since}。" if before else ""
    return (
        Consequence(
            "适用范围", (f"{branches}个党支部；另有选定的下级组织除外。", *filter(None, [now]))
        ),
        Consequence("对支部的变化", changes[:TOLD], max(0, len(changes) - TOLD)),
        Consequence("安排表和记录", UNTOUCHED),
    )
