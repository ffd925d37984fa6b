"""Names that nobody has: drawn from small lists of surnames and characters."""

from __future__ import annotations

from random import Random
from typing import Final

SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾"
    "丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
)
DOUBLE_SURNAMES: Final = ("欧阳", "上官", "司徒", "诸葛", "令狐")
MALE: Final = (
    "伟强磊军勇杰涛明超刚平辉鹏斌峰宁健浩宇晨帆凯航博文志远建国立新永康海洋振华学文东升"
    "少华景行承泽怀瑾思齐启明致和"
)
FEMALE: Final = (
    "芳娜敏静丽艳娟霞秀燕玲桂英萍红梅洁琳雪慧莹颖倩欣怡佳宁雅婷晓春思源若兰清如文君玉珍"
    "海棠书云念慈安然"
)
RARE: Final = ("陈𠮷祥", "彭䶮", "阿依努尔·吐尔逊", "巴特尔·苏和", "李喆䒟", "热娜·买买提江")
"""Characters beyond the usual plane and names with a dot: what a form must be able to hold."""


def draw_name(rng: Random, *, is_female: bool) -> str:
    """A name of two to four characters."""
    surname = rng.choice(DOUBLE_SURNAMES) if rng.random() < 0.015 else rng.choice(SURNAMES)
    given = FEMALE if is_female else MALE
    length = 1 if rng.random() < 0.22 else 2
    return surname + "".join(rng.sample(given, length))


class NameBook:
    """Draws names without repeating one within an organisation's reach."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: set[str] = set()
        self._rare = list(RARE)

    def draw(self, *, is_female: bool) -> str:
        """A name not drawn before; after many tries the same name is allowed, as in life."""
        for _ in range(20):
            name = draw_name(self._rng, is_female=is_female)
            if name not in self._used:
                break
        self._used.add(name)
        return name

    def draw_rare(self) -> str:
        """One of the rare names while there are any, else an ordinary one."""
        return self._rare.pop(0) if self._rare else self.draw(is_female=False)
