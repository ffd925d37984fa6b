"""Rows → norms as the rules take them. A version never changes, so it is parsed once a process."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from uuid import UUID

from zhibu.norms.models import NormVersion
from zhibu.norms.queries import choices_on, find_version, versions_in_force
from zhibu.org.models import Organization
from zhibu.rules.norm import Norm
from zhibu.rules.packs import read_pack


class NormMissing(LookupError):
    """No norm binds the organisation on that day."""


def resolve(name: str) -> Norm | None:
    """The norm that a pack extends, by ``id@version``, from what has been loaded."""
    pack, _, version = name.partition("@")
    row = find_version(pack, version)
    return None if row is None else norm_of(row)


@lru_cache(maxsize=128)
def _parse(digest: str, source: str) -> Norm:  # noqa: ARG001 - the digest keys the cache
    return read_pack(source, resolve)


def norm_of(version: NormVersion) -> Norm:
    """The norm that this version holds, complete with what it extends."""
    return _parse(version.digest, version.source)


@lru_cache(maxsize=128)
def norm_by_key(key: UUID) -> Norm:
    """The norm of the version with this key; asked of the database once a process."""
    return norm_of(NormVersion.objects.get(pk=key))


def norm_for(branch: Organization, when: date | int) -> tuple[NormVersion, Norm]:
    """The norm that binds a branch on a day, or at the end of a year.

    The choice of the branch itself counts, else that of the nearest organisation above; of the
    chosen pack, the version in force that day. Raises NormMissing.
    """
    found = norms_for([branch], when).get(branch.id)
    if found is None:
        raise NormMissing(
            f"“{branch.short_name or branch.name}”及其上级还没有选定当时有效的工作规范，"
            "请先由规范管理员选定。"
        )
    return found


def norms_for(
    branches: Iterable[Organization], when: date | int
) -> dict[UUID, tuple[NormVersion, Norm]]:
    """The norms that bind many branches, in two queries; those without one are left out."""
    day = date(when, 12, 31) if isinstance(when, int) else when
    choices = choices_on(branches, day)
    versions = versions_in_force({choice.pack for choice in choices.values()}, day)
    return {
        key: (versions[choice.pack], norm_of(versions[choice.pack]))
        for key, choice in choices.items()
        if choice.pack in versions
    }
