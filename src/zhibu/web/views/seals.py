"""Sealing a branch's chain; countersigning from the level above."""

from __future__ import annotations

import logging
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from zhibu.ledger.keys import SigningKeyError
from zhibu.ledger.models import Seal
from zhibu.ledger.services import (
    CountersignRefusedError,
    NothingToSealError,
    countersign_seal,
    seal_branch,
)
from zhibu.people.roles import Verb
from zhibu.web import clock
from zhibu.web.access import get_organization, person_of
from zhibu.web.answers import see_other
from zhibu.web.views.books import countersigner

logger = logging.getLogger(__name__)


@require_POST
def seal(request: HttpRequest, branch: UUID) -> HttpResponse:
    """Sign the head of the chain now."""
    organization = get_organization(request, branch, Verb.SEAL)
    try:
        made = seal_branch(branch=organization, by=person_of(request), at=clock.now())
    except NothingToSealError as refused:
        messages.warning(request, str(refused))
    except SigningKeyError as error:
        tell_no_key(request, error)
    else:
        messages.success(request, f"已封存至第{made.sequence}号。")
    return see_other("book", branch, _year(request))


@require_POST
def countersign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Confirm a seal from above."""
    found = Seal.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    branch = get_organization(request, found.branch_id, Verb.COUNTERSIGN)
    organization = countersigner(request, branch)
    if organization is None:
        raise Http404
    try:
        countersign_seal(
            seal=found, organization=organization, by=person_of(request), at=clock.now()
        )
    except CountersignRefusedError as refused:
        messages.error(request, str(refused))
    except SigningKeyError as error:
        tell_no_key(request, error)
    else:
        messages.success(request, f"{organization.short_name}已加签。")
    return see_other("book", branch.pk, _year(request))


def tell_no_key(request: HttpRequest, error: SigningKeyError) -> None:
    """Nothing was signed; what is wrong is for the administrator, who finds it in the log."""
    logger.error("no signature could be made: %s", error)
    messages.error(request, "签名密钥不可用，没有封存。请告诉系统管理员执行 zhibu check。")


def _year(request: HttpRequest) -> int:
    year = request.POST.get("year", "")
    return int(year) if len(year) == 4 and year.isdecimal() else clock.today().year
