"""What is kept about people: who sees which field, that it is noted, one's own, and the ledger."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import make_table

from zhibu.ledger.models import Entry
from zhibu.ledger.services import note
from zhibu.org.accounts import invite_person
from zhibu.org.corrections import ask_correction
from zhibu.org.models import CorrectionRequest, Member
from zhibu.org.services import Refused, begin_spell, edit_member
from zhibu.web import clock

pytestmark = pytest.mark.django_db


def own_member(cast: Cast) -> Member:
    """The account 「戊五伟」 belongs to the member of that name."""
    member = cast.members[4]
    member.person = cast.member
    member.save(update_fields=["person"])
    return member


def test_personal_fields_are_for_those_who_keep_them(cast: Cast) -> None:
    """The committee member sees who belongs, not birth and special times; the secretary sees all."""
    member = cast.members[0]
    edit_member(
        member=member, branch=cast.branch, by=None, at=clock.now(), born_on=date(1970, 3, 9)
    )
    begin_spell(
        member=member,
        branch=cast.branch,
        kind="infirm",
        since=date(2026, 1, 1),
        by=None,
        at=clock.now(),
    )
    for person, sees in ((cast.secretary, True), (cast.office, True), (cast.deputy, False)):
        for address in (
            reverse("member", args=(member.pk,)),
            reverse("roster", args=(cast.branch.pk,)),
        ):
            text = client_of(person).get(address).content.decode()
            assert member.name in text
            assert ("年老体弱" in text) is sees, (person, address)
            if "members" not in address:
                assert ("1970年3月9日" in text) is sees


def test_reading_and_exporting_leave_a_line(cast: Cast) -> None:
    """Who read whose data, and who took what out."""
    plan = make_table(cast)
    client = client_of(cast.office)
    member = cast.members[0]
    for verb, address in (
        ("see_roster", reverse("roster", args=(cast.branch.pk,))),
        ("see_member", reverse("member", args=(member.pk,))),
        ("export_table", reverse("plan-xlsx", args=(cast.branch.pk, plan.year))),
        ("export_overview", reverse("overview-xlsx", args=(cast.committee.pk,))),
    ):
        assert client.get(address).status_code == 200
        entry = Entry.objects.filter(verb=verb, person=cast.office).get()
        assert entry.organization_id in {cast.branch.pk, cast.committee.pk}


def test_ones_own_data_is_all_there_and_needs_no_line(cast: Cast) -> None:
    """A plain member finds what is kept, asks for a correction, and gets the answer."""
    member = own_member(cast)
    client = client_of(cast.member)
    page = client.get(reverse("own"))
    assert page.status_code == 200
    for shown in (member.name, "2005年7月1日", "第一党支部", "党员"):
        assert shown in page.content.decode()
    assert not Entry.objects.filter(verb="see_member").exists()
    asked = client.post(reverse("own"), {"text": "入党时间应为2005年6月<script>"})
    assert asked.status_code == 302
    request = CorrectionRequest.objects.get()
    roster = client_of(cast.secretary).get(reverse("roster", args=(cast.branch.pk,)))
    assert "更正申请（1 件）" in roster.content.decode()
    assert "&lt;script&gt;" in roster.content.decode()
    address = reverse("correction-answer", args=(request.pk,))
    assert client_of(cast.neighbour).post(address, {"answer": "x"}).status_code == 404
    assert client_of(cast.deputy).post(address, {"answer": "x"}).status_code == 404
    assert client_of(cast.secretary).post(address, {"answer": ""}).status_code == 422
    assert client_of(cast.secretary).post(address, {"answer": "已更正。"}).status_code == 302
    again = client_of(cast.secretary).post(address, {"answer": "又答复"})
    assert again.status_code == 422
    assert "已经答复" in again.content.decode()
    assert "已更正。" in client.get(reverse("own")).content.decode()


def test_nobody_asks_for_what_is_kept_about_another(cast: Cast) -> None:
    """Neither about a member without an account nor about one who has one."""
    for member in (cast.members[4], cast.members[0]):
        with pytest.raises(Refused, match="本人"):
            ask_correction(member=member, text="不对", by=cast.deputy, at=clock.now())
    assert not CorrectionRequest.objects.exists()


def test_an_account_without_a_member_is_told(cast: Cast) -> None:
    """Nothing to correct, and why."""
    client = client_of(cast.leader)
    assert "没有对应名册" in client.get(reverse("own")).content.decode()
    refused = client.post(reverse("own"), {"text": "不对"})
    assert refused.status_code == 422
    assert not CorrectionRequest.objects.exists()


def test_the_ledger_is_searched_and_taken_out(cast: Cast) -> None:
    """By deed, person, organisation and days; the export holds the same lines and no formulas."""
    client = client_of(cast.audit_admin)
    everything = client.get(reverse("ledger")).content.decode()
    assert "设立组织" in everything
    found = client.get(reverse("ledger"), {"where": "第一党支部", "verb": "found"})
    assert "市局直属机关党委" not in found.content.decode().split("<tbody>")[1]
    none = client.get(reverse("ledger"), {"since": "2031-01-01"})
    assert "没有符合条件" in none.content.decode()
    wrong = client.get(reverse("ledger"), {"since": "2026-02-01", "until": "2026-01-01"})
    assert wrong.status_code == 422
    edit_member(
        member=cast.members[0], branch=cast.branch, by=cast.secretary, at=clock.now(), name="=1+1"
    )
    exported = b"".join(client.get(reverse("ledger-export")).streaming_content)  # type: ignore[attr-defined]
    lines = exported.decode("utf-8-sig").splitlines()
    assert lines[0] == "时间,人员,操作,组织,说明"
    assert len(lines) == 1 + Entry.objects.count()  # its own line among them
    assert Entry.objects.filter(verb="export_ledger", person=cast.audit_admin).exists()


def test_the_ledger_says_to_whom(cast: Cast) -> None:
    """Who got which role, and whose data was read: not only that it happened."""
    client_of(cast.office).get(reverse("member", args=(cast.members[4].pk,)))
    client = client_of(cast.audit_admin)
    granted = client.get(reverse("ledger"), {"verb": "grant"}).content.decode()
    assert "办公室（office）；党办，含下级" in granted
    read = client.get(reverse("ledger"), {"verb": "see_member"}).content.decode()
    assert cast.members[4].name in read
    invite_person(person=cast.nobody, by=cast.system_admin, at=clock.now())
    invited = client.get(reverse("ledger"), {"verb": "recover"}).content.decode()
    assert "无角色（nobody）" in invited
    assert "；nobody" not in invited


def test_a_long_ledger_is_not_counted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what anybody turns through, the page says how to find the rest; the file has all."""
    monkeypatch.setattr("zhibu.web.views.ledger.LISTED", 60)
    for _ in range(80):
        note(
            by=None,
            verb="sign_in",
            organization_id=None,
            subject=None,
            at=clock.now(),
            detail={},
        )
    client = client_of(cast.audit_admin)
    answer = client.get("/ledger/")
    assert answer.context["page"].rows.paginator.count == 60
    assert "只列出最近的60条" in answer.content.decode()
    assert len(client.get("/ledger/?page=2").context["page"].lines) == 10
    lines = b"".join(client.get("/ledger.csv").streaming_content).decode().splitlines()
    assert len(lines) > 80


def test_the_ledger_is_for_audit_alone(cast: Cast) -> None:
    """Nobody else finds it, nor its export."""
    for name, person in cast.people().items():
        if name == "audit_admin":
            continue
        for address in ("ledger", "ledger-export"):
            assert client_of(person).get(reverse(address)).status_code == 404, (name, address)


def test_the_ledger_stays_within_its_queries(cast: Cast) -> None:
    """Whatever the number of lines."""
    client = client_of(cast.audit_admin)
    client.get(reverse("ledger"))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("ledger"))
    assert len(queries) <= 12


def test_a_member_moves_to_any_branch_within_reach(cast: Cast) -> None:
    """The office moves a member to its other branch; a branch out of reach is no choice."""
    member = cast.members[6]
    address = reverse("member-transfer", args=(member.pk,))
    client = client_of(cast.office)
    page = client.get(address).content.decode()
    assert cast.other_branch.name in page
    assert cast.group.name in page
    assert cast.far_branch.name not in page
    far = client.post(address, {"seat": str(cast.far_branch.pk), "on": "2026-03-02"})
    assert far.status_code == 422
    done = client.post(address, {"seat": str(cast.other_branch.pk), "on": "2026-03-02"})
    assert done.status_code == 302
    member.refresh_from_db()
    assert member.memberships.get(until=None).branch_id == cast.other_branch.pk
    # Both branches see it; who came from nowhere else is no transfer.
    left = client_of(cast.secretary).get(reverse("transfers", args=(cast.branch.pk,)))
    came = client_of(cast.neighbour).get(reverse("transfers", args=(cast.other_branch.pk,)))
    assert f"转往{cast.other_branch.name}" in left.content.decode()
    assert "在本支部至2026年3月1日" in left.content.decode()
    assert f"由{cast.branch.name}转入" in came.content.decode()
    assert len(left.context["rows"]) == len(came.context["rows"]) == 1


def test_another_group_is_no_transfer(cast: Cast) -> None:
    """The list of transfers says who came and left, not who sits in which group."""
    address = reverse("member-transfer", args=(cast.members[1].pk,))
    given = {"seat": str(cast.other_group.pk), "on": "2026-03-02"}
    assert client_of(cast.secretary).post(address, given).status_code == 302
    page = client_of(cast.secretary).get(reverse("transfers", args=(cast.branch.pk,)))
    assert "近一年没有转入、转出的党员" in page.content.decode()
