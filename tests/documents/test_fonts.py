"""Fonts are found by role; without any Chinese font nothing is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.documents.samples import make_book

from zhibu.documents.fonts import FontMissing, FontReport, Role, RoleFont, find_fonts, require_fonts
from zhibu.documents.typesetting import typeset_book


def test_each_role_has_a_font_here() -> None:
    """The machine that runs the tests has Chinese fonts; each role names one."""
    report = find_fonts()
    assert report.is_complete
    assert all(font.family for font in report.roles)
    assert {font.role for font in report.roles} == set(Role)


def test_no_font_says_what_to_install(tmp_path: Path) -> None:
    """Without system fonts and with an empty folder, the message names all three systems."""
    report = find_fonts([tmp_path], has_system_fonts=False)
    assert not report.is_complete
    for word in ("Debian", "fonts-noto-cjk", "Windows", "macOS"):
        assert word in report.message
    with pytest.raises(FontMissing, match="请安装中文字体"):
        require_fonts([tmp_path], has_system_fonts=False)


def test_a_book_is_refused_rather_than_printed_as_boxes(tmp_path: Path) -> None:
    """No Chinese font: FontMissing, no PDF."""
    with pytest.raises(FontMissing):
        typeset_book(make_book(meetings=1), font_dirs=[tmp_path], has_system_fonts=False)


def test_stand_ins_are_named() -> None:
    """A font that stands in for the proper one is said, with its role."""
    roles = tuple(
        RoleFont(role, ("Noto Serif CJK SC",), is_stand_in=role is Role.BODY) for role in Role
    )
    assert FontReport(roles).message.startswith("仿宋体以“Noto Serif CJK SC”代替")
    proper = tuple(RoleFont(role, ("FangSong",), is_stand_in=False) for role in Role)
    assert FontReport(proper).message == ""
