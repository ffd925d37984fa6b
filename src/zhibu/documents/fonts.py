"""Which Chinese fonts this machine has for the roles of an official document (GB/T 9704)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import typst


class Role(StrEnum):
    """What a font is for."""

    TITLE = "title"  # 小标宋
    BODY = "body"  # 仿宋
    KAI = "kai"  # 楷体
    HEI = "hei"  # 黑体
    SONG = "song"  # 宋体


ROLE_LABELS = {
    Role.TITLE: "小标宋体",
    Role.BODY: "仿宋体",
    Role.KAI: "楷体",
    Role.HEI: "黑体",
    Role.SONG: "宋体",
}

_SERIF = (
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "思源宋体",
    "AR PL UMing CN",
)
_SANS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "思源黑体",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
)
_SONG = ("SimSun", "宋体", "NSimSun", "STSong", "华文宋体", "Songti SC", "宋体-简")
_FANG = (
    "FangSong_GB2312",
    "仿宋_GB2312",
    "FangSong",
    "仿宋",
    "STFangsong",
    "华文仿宋",
    "FZFangSong-Z02",
    "方正仿宋简体",
)
_KAI = (
    "KaiTi_GB2312",
    "楷体_GB2312",
    "KaiTi",
    "楷体",
    "STKaiti",
    "华文楷体",
    "Kaiti SC",
    "LXGW WenKai",
    "AR PL UKai CN",
)
_HEI = (
    "SimHei",
    "黑体",
    "STHeiti",
    "华文黑体",
    "Heiti SC",
    "Microsoft YaHei",
    "微软雅黑",
    "PingFang SC",
)
_XIAOBIAOSONG = (
    "FZXiaoBiaoSong-B05S",
    "FZXiaoBiaoSong-B05",
    "方正小标宋简体",
    "方正小标宋_GBK",
    "STZhongsong",
    "华文中宋",
)

# The first family of a role that is installed is used; what follows it stands in for it.
PROPER: dict[Role, tuple[str, ...]] = {
    Role.TITLE: _XIAOBIAOSONG,
    Role.BODY: _FANG,
    Role.KAI: _KAI,
    Role.HEI: _HEI,
    Role.SONG: _SONG,
}
CANDIDATES: dict[Role, tuple[str, ...]] = {
    Role.TITLE: _XIAOBIAOSONG + _SONG + _SERIF + _SANS,
    Role.BODY: _FANG + _SERIF + _SONG + _SANS,
    Role.KAI: _KAI + _SERIF + _SONG + _SANS,
    Role.HEI: _HEI + _SANS + _SERIF + _SONG,
    Role.SONG: _SONG + _SERIF + _SANS,
}

_INSTALL = (
    "本机没有可用的中文字体，不能排印工作手册。请安装中文字体后重试：\n"
    "  Debian、Ubuntu、统信、麒麟：apt-get install fonts-noto-cjk（或安装系统自带的方正、华文字体）\n"
    "  Windows：在“设置—时间和语言—语言”中添加“中文（简体）”及其补充字体"
    "（仿宋、楷体、黑体、宋体）\n"
    "  macOS：系统自带华文字体；如已删除，请用“字体册”恢复标准字体\n"
    "没有管理员权限的，把字体文件（.ttf、.otf、.ttc）放入本账号的字体文件夹即可：\n"
    "  Linux 为 ~/.local/share/fonts，macOS 为 ~/Library/Fonts，Windows 在字体文件上按右键选“安装”\n"
    "装好后重新启动本系统。"
)
_ADVICE = "可安装相应字体以符合公文格式"


class FontMissing(RuntimeError):
    """No Chinese font was found; the message says in Chinese what to install."""

    def __init__(self) -> None:
        super().__init__(_INSTALL)


@dataclass(frozen=True, slots=True)
class RoleFont:
    """The families of one role that are installed, best first; the first one is used."""

    role: Role
    families: tuple[str, ...]
    is_stand_in: bool

    @property
    def family(self) -> str:
        """The family that is used, or "" when there is none."""
        return self.families[0] if self.families else ""


@dataclass(frozen=True, slots=True)
class FontReport:
    """The fonts of every role."""

    roles: tuple[RoleFont, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every role has a font with Chinese characters."""
        return all(font.families for font in self.roles)

    @property
    def message(self) -> str:
        """In Chinese: what is missing and what to install, or which fonts stand in.

        "" when every role has its proper font.
        """
        if not self.is_complete:
            return _INSTALL
        stand_ins = [
            f"{ROLE_LABELS[font.role]}以“{font.family}”代替"
            for font in self.roles
            if font.is_stand_in
        ]
        return "；".join([*stand_ins, _ADVICE]) + "。" if stand_ins else ""

    def font(self, role: Role) -> RoleFont:
        """The font of one role."""
        return next(font for font in self.roles if font.role is role)


@lru_cache(maxsize=4)
def load_fonts(extra: tuple[Path, ...] = (), *, has_system_fonts: bool = True) -> typst.Fonts:
    """All font files, scanned once for the process (0.1 s) and shared by every book.

    Fonts installed later are seen after a restart.
    """
    return typst.Fonts(include_system_fonts=has_system_fonts, font_paths=list(extra))


def find_fonts(extra: Sequence[Path] = (), *, has_system_fonts: bool = True) -> FontReport:
    """Which family each role uses on this machine; `extra` are folders with more font files."""
    loaded = load_fonts(tuple(extra), has_system_fonts=has_system_fonts)
    installed = {family.lower(): family for family in loaded.families()}
    return FontReport(tuple(_role_font(role, installed) for role in Role))


def require_fonts(extra: Sequence[Path] = (), *, has_system_fonts: bool = True) -> FontReport:
    """`find_fonts`, or FontMissing when a role has no Chinese font at all."""
    report = find_fonts(extra, has_system_fonts=has_system_fonts)
    if not report.is_complete:
        raise FontMissing
    return report


def _role_font(role: Role, installed: dict[str, str]) -> RoleFont:
    families = tuple(
        dict.fromkeys(
            installed[name.lower()] for name in CANDIDATES[role] if name.lower() in installed
        )
    )
    proper = {name.lower() for name in PROPER[role]}
    return RoleFont(role, families, bool(families) and families[0].lower() not in proper)
