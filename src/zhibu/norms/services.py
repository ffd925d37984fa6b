"""Verbs that write norms: load a pack, choose which one binds an organisation."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction

from zhibu.ledger.services import note
from zhibu.norms.catalogue import catalogue_packs
from zhibu.norms.facts import resolve
from zhibu.norms.models import NormChoice, NormVersion
from zhibu.norms.queries import find_version, versions_in_force
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.rules.packs import PackFaulty, pack_name, read_pack
from zhibu.rules.phrases import say_date


@transaction.atomic
def load_pack(*, text: str, by: Person | None, at: datetime) -> NormVersion:
    """Publish a version of a pack. The same text again is the same version, and nothing happens.

    Raises PackFaulty with every fault, and Refused for another text under a published version.
    """
    text = text.replace("\r\n", "\n")
    digest = hashlib.sha256(text.encode()).hexdigest()
    norm = read_pack(text, resolve)
    known = find_version(norm.pack, norm.version)
    if known is not None:
        if known.digest != digest:
            raise Refused(
                f"规范包“{norm.pack}”的版本 {norm.version} 已经发布，内容不能再改；"
                "请在文件中改用新的版本号后重新载入。"
            )
        return known
    base, _, base_version = norm.extends.partition("@")
    version = NormVersion.objects.create(
        pack=norm.pack,
        version=norm.version,
        title=norm.title,
        extends=find_version(base, base_version) if norm.extends else None,
        in_force_from=norm.in_force_from,
        in_force_until=norm.in_force_until,
        source=text,
        digest=digest,
        loaded_at=at,
    )
    note(
        by=by, verb="load_norm", organization_id=None, subject=version, at=at,
        detail={"pack": norm.pack, "version": norm.version, "digest": digest},
    )  # fmt: skip
    return version


@transaction.atomic
def load_catalogue(*, by: Person | None, at: datetime) -> tuple[NormVersion, ...]:
    """Publish all packs that are shipped, what is extended first. Those known are left alone."""
    texts = {pack_name(text): (file, text) for file, text in catalogue_packs()}
    loaded = []
    for name in _in_order({name: _extends(text) for name, (_, text) in texts.items()}):
        file, text = texts[name]
        try:
            loaded.append(load_pack(text=text, by=by, at=at))
        except PackFaulty as error:
            error.add_note(f"文件：{file}")
            raise
    return tuple(loaded)


@transaction.atomic
def choose_pack(
    *, organization: Organization, pack: str, since: date, by: Person | None, at: datetime
) -> NormChoice:
    """From this day the pack binds the organisation and all below it that choose no other.

    Raises Refused for a pack that is not in force that day, and for a day before the present choice.
    """
    if not NormVersion.objects.filter(pack=pack).exists():
        raise Refused(f"没有编号为“{pack}”的规范包，请先载入。")
    if pack not in versions_in_force([pack], since):
        raise Refused(f"所选的规范在{say_date(since)}没有有效的版本，请核对启用日期。")
    Organization.objects.select_for_update().get(pk=organization.pk)
    held = NormChoice.objects.filter(organization=organization, until__isnull=True).first()
    if held is not None:
        if held.pack == pack and held.since <= since:
            return held
        if since <= held.since:
            raise Refused(f"启用日期须晚于现行规范的启用日期（{held.since:%Y-%m-%d}）。")
        held.until = since - timedelta(days=1)
        held.save(update_fields=["until"])
    choice = NormChoice.objects.create(organization=organization, pack=pack, since=since)
    note(
        by=by, verb="choose_norm", organization_id=organization.pk, subject=choice, at=at,
        detail={"pack": pack, "since": since.isoformat()},
    )  # fmt: skip
    return choice


def _extends(text: str) -> str:
    try:
        pack = tomllib.loads(text).get("pack", {})
    except tomllib.TOMLDecodeError:
        return ""  # read_pack says what is wrong with it
    return str(pack.get("extends", ""))


def _in_order(extends: Mapping[str, str]) -> tuple[str, ...]:
    """The packs in an order in which each comes after the one that it extends."""
    ordered: list[str] = []

    def place(name: str, above: frozenset[str]) -> None:
        base = extends[name]
        if base in extends and base not in above and base not in ordered:
            place(base, above | {base})
        if name not in ordered:
            ordered.append(name)

    for name in extends:
        place(name, frozenset({name}))
    return tuple(ordered)
