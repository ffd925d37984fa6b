"""Words for an exported book that does not verify: which file, what still holds, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zhibu.handbook import bundle_format as form
from zhibu.rules.chains import FaultKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zhibu.handbook.bundle_reading import BundleOutcome

MOST_NAMED: Final = 10  # files; the others are counted

_FILES: Final[Mapping[str, str]] = {
    form.PDF: "可打印的手册 book.pdf",
    form.README: "说明 README.txt",
    form.BOOK: "手册信息 book.json",
    form.MANIFEST: "文件清单 manifest.json",
}
_HOW: Final[Mapping[str, str]] = {
    "changed": "与导出时不一致：导出后被改动，或者已经损坏",
    "missing": "缺失：导出后被删去",
    "added": "不属于这份手册：导出后加入",
    "unsigned": "没有该党支部的有效签名，不能确认各文件与导出时一致",
}


def say_altered(path: str, how: str) -> str:
    """可打印的手册 book.pdf与导出时不一致：…; without a stop at its end."""
    if path in _FILES:
        name = _FILES[path]
    elif path.startswith(f"{form.RECORDS}/"):
        name = f"记录文件 {path}"
    elif path.startswith(f"{form.ATTACHMENTS}/"):
        name = f"附件文件 {path}"
    else:
        name = f"文件 {path}"
    return f"{name} {_HOW.get(how, how)}"


def say_counts(found: BundleOutcome) -> str:
    """15 项记录、4 个附件、2 次封存."""
    return f"{found.entries} 项记录、{found.files} 个附件、{found.seals} 次封存"


def explain_bundle(found: BundleOutcome) -> tuple[str, ...]:
    """What to know beside the fault: other files, whether the records hold, what to do."""
    if found.fault is None:
        return ()
    return (*_other_files(found), *_standing(found))


def _other_files(found: BundleOutcome) -> tuple[str, ...]:
    fault = found.fault
    named = fault.part if fault is not None and fault.kind is FaultKind.FILE else ""
    others = [file for file in found.altered if file.path != named]
    said = tuple(f"{say_altered(file.path, file.how)}。" for file in others[:MOST_NAMED])
    left = len(others) - len(said)
    return (*said, f"另有 {left} 个文件与导出时不一致。") if left else said


def _standing(found: BundleOutcome) -> tuple[str, ...]:
    if not found.branch:
        return (
            "请确认这是“下载核验包 ZIP”得到的文件；下载、复制不完整的，请重新下载。",
            "核对备份文件，请用 zhibu restore 备份.zip --dry-run。",
        )
    if found.records_hold:
        return (
            f"记录本身核验无误：{say_counts(found)}，全部与归档时一致。",
            "处理办法：上述文件不要使用或打印；需要的，请原党支部重新导出。其余内容可以使用。",
        )
    if found.is_as_handed_out:
        return (
            "记录未通过核验，不能作为依据。",
            "按文件清单的签名，压缩包导出后没有被改动，问题在导出前已经存在。",
            "处理办法：保留本文件，请原系统的管理员执行 zhibu verify --files 查明。",
        )
    if found.is_walked:
        return (
            f"现有 {say_counts(found)}，前后衔接，但不能确认就是导出时的内容，不能作为依据。",
            "处理办法：保留本文件，请原党支部重新导出后再核验。",
        )
    return (
        "记录未通过核验，不能作为依据。",
        "处理办法：保留本文件，请原党支部重新导出后再核验。",
        "重新导出的仍有问题，请原系统的管理员执行 zhibu verify --files 查明。",
    )
