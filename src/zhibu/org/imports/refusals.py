"""Why an import cannot go on."""

from __future__ import annotations

from zhibu.org.services import Refused


class ImportOutdated(Refused):
    """The roster has changed since the preview."""

    says = "名册在预览之后有变动，已重新核对。请看过新的结果再确认。"

    def __init__(self) -> None:
        super().__init__(self.says)


class ImportKept(Refused):
    """Something depends on what the import made; `reasons` say what, in Chinese."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("已不能撤销：" + "；".join(reasons) + "。")
        self.reasons = reasons
