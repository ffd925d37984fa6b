"""一规: everybody who is signed in may read the norms."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from zhibu.norms.facts import norm_of
from zhibu.norms.models import NormChoice, NormVersion
from zhibu.norms.queries import choices_on, find_version, list_versions
from zhibu.org import paths
from zhibu.org.facts import branch_facts
from zhibu.org.models import Organization
from zhibu.people.roles import Verb
from zhibu.rules.branches import BranchFacts
from zhibu.rules.norm import Norm
from zhibu.rules.packs import diff_norms
from zhibu.web import clock
from zhibu.web.access import reach
from zhibu.web.norm_access import may_publish
from zhibu.web.pages.norms import (
    build_diff_page,
    build_norm_list,
    build_norm_page,
    build_requirement_page,
    name_versions,
)

LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Reader:
    """The branch that the reader belongs to, where there is one."""

    branch: Organization | None
    facts: BranchFacts | None

    @property
    def name(self) -> str:
        """What the branch is called."""
        return (self.branch.short_name or self.branch.name) if self.branch else ""


@require_safe
def norm_list(request: HttpRequest) -> HttpResponse:
    """All packs, their versions, whom they bind as far as the reader may know."""
    today = clock.today()
    branch = _branch(request)
    mine = ""
    if branch is not None:
        choice = choices_on([branch], today).get(branch.pk)
        mine = choice.pack if choice else ""
    page = build_norm_list(
        list(list_versions()),
        _choices(request),
        mine=mine,
        branch=branch.short_name if branch else "",
        today=today,
        may_publish=may_publish(request),
    )
    return render(request, "web/norms.html", {"page": page})


@require_safe
def norm(request: HttpRequest, pack: str, version: str) -> HttpResponse:
    """The requirements of one version by class, with the burden."""
    reader = _reader(request)
    page = build_norm_page(
        _norm(pack, version),
        query=request.GET.get("q", "").strip()[:LONGEST_QUERY],
        facts=reader.facts,
        branch=reader.name,
        year=clock.today().year,
    )
    template = "web/norm.html#found" if request.htmx else "web/norm.html"  # type: ignore[attr-defined]
    return render(request, template, {"page": page})


@require_safe
def source(request: HttpRequest, pack: str, version: str) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """The file of a version, as it was published: to read, and to begin another one from."""
    found = _version(pack, version)
    if found is None:
        raise Http404
    response = HttpResponse(found.source, content_type="application/toml; charset=utf-8")
    name = f"{found.pack}-{found.version}.toml"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@require_safe
def requirement(request: HttpRequest, pack: str, version: str, code: str) -> HttpResponse:
    """One requirement: its text, who is bound and why, an example, what it costs."""
    held = _norm(pack, version)
    found = held.requirement(code)
    if found is None:
        raise Http404
    reader = _reader(request)
    page = build_requirement_page(
        held, found, facts=reader.facts, branch=reader.name, year=clock.today().year
    )
    return render(request, "web/requirement.html", {"page": page})


@require_safe
def norm_diff(request: HttpRequest) -> HttpResponse:
    """What changes for a branch between two versions, in words."""
    names = name_versions(list_versions())
    before, after = (_named(request.GET.get(key, "")) for key in ("a", "b"))
    fault = ""
    if (request.GET.get("a") and before is None) or (request.GET.get("b") and after is None):
        fault = "没有这个版本的规范，请从列表中选择。"
    changes = diff_norms(before, after) if before and after else ()
    page = build_diff_page(before, after, changes, names, fault)
    return render(request, "web/norm_diff.html", {"page": page}, status=404 if fault else 200)


def _norm(pack: str, version: str) -> Norm:
    found = _named(f"{pack}@{version}")
    if found is None:
        raise Http404
    return found


def _named(name: str) -> Norm | None:
    pack, _, version = name.partition("@")
    found = _version(pack, version)
    return norm_of(found) if found else None


def _version(pack: str, version: str) -> NormVersion | None:
    # PostgreSQL takes no text with a NUL in it.
    return None if "\x00" in pack + version else find_version(pack, version)


def _branch(request: HttpRequest) -> Organization | None:
    kinds = {Organization.Kind.BRANCH, Organization.Kind.GROUP}
    seats = (h.seat_id for h in reach(request).with_verb(Verb.SEE_BRANCH) if h.kind in kinds)
    seat = next(seats, None)
    return Organization.objects.filter(pk=seat).first() if seat else None


def _reader(request: HttpRequest) -> Reader:
    branch = _branch(request)
    if branch is None:
        return Reader(None, None)
    return Reader(branch, branch_facts(branch, year=clock.today().year))


def _choices(request: HttpRequest) -> list[NormChoice]:
    """The choices of the organisations above the reader, and of those within reach."""
    seats = {hold.seat for hold in reach(request).holds}
    above = {path for seat in seats for path in (*paths.ancestors(seat), seat)}
    within = reach(request).within(Verb.SEE_OVERVIEW, "organization__")
    rows = NormChoice.objects.filter(Q(organization__path__in=above) | within)
    return list(rows.select_related("organization").order_by("organization__path", "since"))
