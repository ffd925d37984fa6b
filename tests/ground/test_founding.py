"""`zhibu found`: from an empty database to three administrators who can begin."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from zhibu.ledger.keys import has_master
from zhibu.norms.facts import norm_for
from zhibu.ops import checks, cli
from zhibu.org.models import Grant, Organization
from zhibu.people.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(freeze: Callable[[date], None], data_dir: Path) -> None:
    freeze(date(2026, 3, 12))


def test_three_administrators_can_sign_in(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three people, three roles, three passwords that work, no demonstration; a norm binds."""
    monkeypatch.setenv("ZHIBU_DEMO_PASSWORD", "known-to-all")
    assert cli.run(["found", "某局直属机关党委", "--founded", "1998-07-01"]) == 0
    told = re.findall(r"^  (\w+)  (\S+)  ", capsys.readouterr().out, re.MULTILINE)
    assert len({password for _, password in told}) == 3
    for username, password in told:
        person = Person.objects.get(username=username)
        assert password != "known-to-all"
        assert person.check_password(password)
        assert not person.is_demonstration
        assert Grant.objects.filter(person=person).count() == 1
    root = Organization.objects.get()
    assert (root.kind, root.founded_on) == ("committee", date(1998, 7, 1))
    assert root.in_use_since == date(2026, 3, 12), "what was due before is not owed in here"
    assert norm_for(root, date(2026, 6, 1))[0].pack == "organ"
    assert checks.examine((checks.check_demonstration, checks.check_administrators)) == []
    assert has_master(), "the first backup would be without it"


def test_only_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A second time changes nothing and exits with 1."""
    assert cli.run(["found", "某局直属机关党委"]) == 0
    capsys.readouterr()
    assert cli.run(["found", "另一局党委"]) == 1
    assert "不再重复" in capsys.readouterr().err
    assert Organization.objects.count() == 1


def test_a_long_name_has_a_short_one_that_fits() -> None:
    """A full name of 200 characters is taken whole; 60 of them stand in lists."""
    assert cli.run(["found", "某" * 198 + "党委"]) == 0
    root = Organization.objects.get()
    assert (len(root.name), len(root.short_name)) == (200, 60)
    assert cli.run(["found", " "]) == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--norm", "nichts"], "organ"),
        (["--kind", "小组"], "党支部"),
        (["--founded", "2027-01-01"], "不能晚于今天"),
        (["--founded", "昨天"], "日期写法"),
        (["--short", "简" * 61], "最多 60 字"),
    ],
)
def test_wrong_words_change_nothing(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each slip is named with what would be right; exit code 2."""
    assert cli.run(["found", "某局党委", *options]) == 2
    assert says in capsys.readouterr().err
    assert not Organization.objects.exists()
