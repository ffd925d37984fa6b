"""Two people on one draft; a page whose answer was lost; nothing is overwritten, nothing is lost."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import Cast
from tests.web.record_story import MINUTES, Writer, a_line, fields_of, make_table

from zhibu.handbook.models import Record
from zhibu.plans.models import Plan

pytestmark = pytest.mark.usefixtures("data_dir")
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


@pytest.fixture
def two(cast: Cast, plan: Plan) -> tuple[Writer, Writer]:
    """The secretary and the deputy have the same draft open; the deputy has saved."""
    first = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    second = Writer(cast.deputy).open(Record.objects.get(pk=first.key))
    saved = second.send("save", minutes=f"乙二芳写的内容{SCRIPT}", place="二楼")
    assert saved.status_code == 303
    return first, second


def draft_of(writer: Writer) -> dict[str, Any]:
    draft = Record.objects.get(pk=writer.key).draft
    assert isinstance(draft, dict)
    return draft


def test_the_second_is_told_and_nothing_is_overwritten(two: tuple[Writer, Writer]) -> None:
    """409: who, when, both texts; script in either stays text (mistake 6); the stored one stays."""
    first, _ = two
    answer = first.send("save", minutes=f"甲一明写的内容{SCRIPT}")
    page = answer.content.decode()
    assert answer.status_code == 409
    for words in ("乙二芳", "2026年3月12日 10:30", "乙二芳写的内容", "甲一明写的内容", "保留我的"):
        assert words in page, words
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page
    assert draft_of(first)["minutes"] == f"乙二芳写的内容{SCRIPT}"


def test_what_was_settled_is_not_offered_again(two: tuple[Writer, Writer]) -> None:
    """The browser's own copy counts as saved once the choice between the two is made."""
    first, _ = two
    answer = first.send("compare", minutes="甲一明写的内容", typed="7")
    said = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.content.decode()))
    assert said["typed"] == "7"
    mine = re.search(r'name="mine" hidden>(.*?)</textarea>', answer.content.decode(), re.DOTALL)
    assert mine is not None
    sent = {name: said[name] for name in ("revision", "page_key", "typed")}
    address = reverse("record-save", args=[first.key])
    saved = first.client.post(address, {**sent, "mine": unescape(mine[1]), "do": "keep-mine"})
    assert saved.status_code in {200, 303}
    page = first.client.get(reverse("record-edit", args=[first.key])).content.decode()
    assert f'data-keep-saved="{said["page_key"]} 7"' in page


def test_htmx_is_told_beside_the_buttons(two: tuple[Writer, Writer]) -> None:
    """The page stays as it is, with what was typed; a button leads to both texts."""
    first, _ = two
    answer = first.send("", htmx=True, minutes="甲一明写的内容")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "X-Draft-Saved" not in answer
    assert 'value="compare"' in page
    assert 'id="save-state"' in page


@pytest.mark.parametrize(
    ("button", "picks", "minutes", "place", "left"),
    [
        ("keep-mine", {}, "甲一明写的内容", "一楼", f"乙二芳写的内容{SCRIPT}"),
        ("take-theirs", {}, f"乙二芳写的内容{SCRIPT}", "二楼", "甲一明写的内容"),
        (
            "resolve",
            {"pick-minutes": "both", "pick-place": "theirs"},
            f"甲一明写的内容\n\n乙二芳写的内容{SCRIPT}",
            "二楼",
            "一楼",
        ),
    ],
)
def test_what_is_chosen_is_saved_and_the_rest_is_shown(
    two: tuple[Writer, Writer],
    button: str,
    picks: dict[str, str],
    minutes: str,
    place: str,
    left: str,
) -> None:
    """Each button does what it says; what was not chosen can still be copied from the form."""
    first, _ = two
    page = first.send("save", minutes="甲一明写的内容", place="一楼")
    form = fields_of(page.content, "")
    address = reverse("record-save", args=[first.key])
    answer = first.client.post(address, {**form, **picks, "do": button})
    assert answer.status_code == 303
    draft = draft_of(first)
    assert draft["minutes"] == minutes
    assert draft["place"] == place
    shown = first.client.get(answer["Location"].partition("#")[0]).content.decode()
    assert left.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in shown
    assert SCRIPT not in shown


def test_a_third_save_meanwhile_is_a_conflict_again(two: tuple[Writer, Writer]) -> None:
    """While one chooses, the other saves once more: the choice overwrites nothing either."""
    first, second = two
    form = fields_of(first.send("save", minutes="甲").content, "")
    second.open(Record.objects.get(pk=second.key)).send("save", minutes="乙又改了")
    answer = first.client.post(
        reverse("record-save", args=[first.key]), {**form, "do": "keep-mine"}
    )
    assert answer.status_code == 409
    assert draft_of(first)["minutes"] == "乙又改了"


@pytest.mark.parametrize("mine", ["", "{", "[]", '{"minutes": 5}', "x" * 3_000_000])
def test_a_broken_choice_changes_nothing(two: tuple[Writer, Writer], mine: str) -> None:
    """Junk in the hidden field is refused with words."""
    first, _ = two
    before = draft_of(first)
    answer = first.client.post(
        reverse("record-save", args=[first.key]),
        {"mine": mine, "revision": "2", "do": "keep-mine"},
    )
    assert answer.status_code == 303
    assert draft_of(first) == before


def test_flags_in_the_hidden_field_are_not_believed(two: tuple[Writer, Writer]) -> None:
    """Who may vote is worked out from the roster, whatever comes back from the browser."""
    first, _ = two
    form = fields_of(first.send("save", minutes="甲").content, "")
    mine = json.loads(form["mine"][0])
    mine["attendance"] = [{**row, "has_vote": True} for row in mine["attendance"]]
    form["mine"] = [json.dumps(mine)]
    first.client.post(reverse("record-save", args=[first.key]), {**form, "do": "keep-mine"})
    assert sum(row["has_vote"] for row in draft_of(first)["attendance"]) == 8


def test_a_lost_answer_is_no_conflict(cast: Cast, plan: Plan) -> None:
    """The server saved, the answer never came: the same page goes on writing with its old revision."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    writer.send("", htmx=True, minutes="第一句")
    answer = writer.send("", htmx=True, minutes="第一句，第二句")
    assert answer.status_code == 200
    assert draft_of(writer)["minutes"] == "第一句，第二句"


def test_two_windows_of_one_person_are_two_writers(cast: Cast, plan: Plan) -> None:
    """The same person with the draft open twice is told as well."""
    one = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))
    other = Writer(cast.secretary).open(Record.objects.get(pk=one.key))
    assert other.send("save", minutes=MINUTES).status_code == 303
    assert one.send("save", minutes="另一个窗口").status_code == 409
