"""Why a roster file cannot be read: one exception each, whose message says what to do."""

from __future__ import annotations


class RosterFileError(Exception):
    """The file cannot be read; the message says why and what to do, in Chinese."""

    says = "文件无法读取。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后重试。"

    def __init__(self, says: str = "") -> None:
        super().__init__(says or self.says)


class FileEmpty(RosterFileError):
    """Nothing stands in the file."""

    says = "文件是空的，没有读到任何内容。请确认选对了文件，保存并关闭后再上传。"


class FileTooLarge(RosterFileError):
    """More than what an honest roster needs."""

    says = "文件过大。请删去图片和无关的工作表，或者按单位分成几个文件后重试。"


class FileLocked(RosterFileError):
    """A password is asked for."""

    says = (
        "文件设有打开密码。请在 Excel 或 WPS 中打开，取消密码"
        "（文件—信息—保护工作簿—用密码进行加密，清空密码）后另存再上传。"
    )


class FileBroken(RosterFileError):
    """The file is cut off, damaged or made to deceive."""

    says = "文件已损坏或不完整。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后重试。"


class FileKindUnknown(RosterFileError):
    """The file is something else than a table."""

    says = "不是可以读取的表格文件。请上传 xlsx、xls、ods 或 csv 文件。"


class FileUndecodable(RosterFileError):
    """The characters of a text file cannot be told."""

    says = (
        "无法识别文字编码。请在 Excel 或 WPS 中另存为“CSV UTF-8”或“Excel 工作簿（.xlsx）”后重试。"
    )


class TooManyRows(RosterFileError):
    """More rows than are taken at once."""
