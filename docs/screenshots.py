"""Take the pictures of the guide: fresh demonstration data, a real browser, small files.

python docs/screenshots.py      used by `make screenshots`

The pages show the day on which the pictures are taken; names of people and files stay the same.
A page that is missing, or without the text it should have, ends the run with an error.
"""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.request import urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE: Final = Path(__file__).resolve().parent
PICTURES: Final = HERE / "guide" / "pictures"
PASSWORD: Final = "Guide-pictures-2017"  # noqa: S105  demonstration data that is thrown away
PHONE: Final = {"width": 360, "height": 780}
DESK: Final = {"width": 1280, "height": 800}
LARGEST: Final = 150_000  # bytes
# A chart that is off the screen waits until it is scrolled to.
ALL_DRAWN: Final = """() => [...document.images].every(image =>
    image.complete || image.getBoundingClientRect().top > innerHeight)"""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PATIENCE: Final = 180  # seconds until the demonstration data is there


def main() -> int:
    """Take all pictures; those that no longer belong are removed."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(HERE.parent))
    from tests.ground.browser import ADVICE, NAMES, find_browser

    executable = find_browser()
    if executable is None:
        print(ADVICE.format(missing=NAMES["browser"]), file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        camera = Camera(browser, address)
        photograph_secretary(camera)
        photograph_office(camera)
        photograph_norms(camera)
        photograph_network(camera)
        photograph_texts(camera)
        photograph_notices(camera)
        photograph_tasks(camera)
        photograph_feedback(camera)
        photograph_reports(camera)
        photograph_themes(camera)
        photograph_offline(camera)
        photograph_administrators(camera)
        browser.close()
    for old in set(PICTURES.glob("*.png")) - camera.taken:
        old.unlink()
    print(f"{len(camera.taken)} 张截图：{PICTURES}")
    return 0


@contextmanager
def serving() -> Iterator[str]:
    """A server of its own with fresh demonstration data; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "ZHIBU_DATA_DIR": folder,
            "ZHIBU_DEMO_PASSWORD": PASSWORD,
        }
        command = [sys.executable, "-m", "zhibu", "serve", "--demo", "--port", str(port)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
            try:
                wait_until_open(f"http://127.0.0.1:{port}", server)
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()


def wait_until_open(address: str, server: subprocess.Popen[bytes]) -> None:
    """Until the sign-in page answers; RuntimeError when the server ends or is too slow."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"服务没有启动，返回码 {server.returncode}。")
        try:
            with urlopen(f"{address}/sign-in/", timeout=5):  # noqa: S310  our own address
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"{PATIENCE} 秒内服务没有启动。")


class Camera:
    """Signs in, opens pages, keeps pictures."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.taken: set[Path] = set()

    def open(self, size: dict[str, int]) -> Page:
        """An empty page with cookies of its own."""
        options: dict[str, Any] = {"viewport": size, "base_url": self.address}
        context = self.browser.new_context(
            **options, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        return context.new_page()

    def sign_in(self, username: str, size: dict[str, int]) -> Page:
        """The first page of an account."""
        page = self.open(size)
        page.goto("/sign-in/")
        page.fill("#id_username", username)
        page.fill("#id_password", PASSWORD)
        page.click("button.primary")
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    def go(self, page: Page, path: str) -> None:
        """Open an address; RuntimeError when it is not there."""
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            raise RuntimeError(f"{path}：{answer.status if answer else '没有回答'}")

    def take(self, page: Page, name: str, *, text: str) -> None:
        """Keep what the screen shows as `name`.png; the page must say `text`."""
        page.get_by_text(text).first.wait_for(state="attached")
        page.wait_for_function(ALL_DRAWN)
        path = PICTURES / f"{name}.png"
        path.write_bytes(shrink(page.screenshot()))
        if path.stat().st_size > LARGEST:
            raise RuntimeError(f"{path.name} 有 {path.stat().st_size} 字节，超过 {LARGEST}。")
        self.taken.add(path)


def shrink(picture: bytes) -> bytes:
    """The same picture with a palette: a third of the size, and no difference to the eye."""
    from PIL import Image

    kept = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        palette = image.convert("RGB").quantize(colors=128, dither=Image.Dither.NONE)
        palette.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def find_key(text: str) -> str:
    """The key in an address; RuntimeError without one."""
    if found := re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        return found.group()
    raise RuntimeError(f"地址中没有编号：{text}")


def find_link(page: Page, selector: str) -> str:
    """Where the first such link leads."""
    return page.locator(selector).first.get_attribute("href") or ""


def photograph_secretary(camera: Camera) -> None:
    """A branch: today, table, a meeting on a telephone, the book, the roster, the norm."""
    phone = camera.open(PHONE)
    camera.go(phone, "/sign-in/")
    camera.take(phone, "sign-in-phone", text="登录")
    phone = camera.sign_in("zhibu01", PHONE)
    camera.take(phone, "today-phone", text="记录一次活动")
    branch, year = find_key(phone.url), read_year(phone)
    photograph_meeting(camera, phone, branch)
    camera.go(phone, "/me/")
    camera.take(phone, "own-phone", text="本人信息")
    desk = camera.sign_in("zhibu01", DESK)
    for name, path, text in (
        ("plan-desk", f"/b/{branch}/plan/{year}/", "全年一览"),
        ("plan-draft-desk", f"/b/{branch}/plan/{year + 1}/draft/", "主题来源"),
        ("book-desk", f"/b/{branch}/book/{year}/", "下载 PDF"),
        ("records-desk", f"/b/{branch}/records/", "共 "),
        ("organization-desk", f"/o/{branch}/organization/", "届次与固定日"),
        ("roster-desk", f"/b/{branch}/members/", "登记党员"),
        ("norms-desk", "/norms/", "比较两个版本"),
        ("requirement-desk", "/norms/organ/2019/D1/", "怎样做好"),
    ):
        camera.go(desk, path)
        camera.take(desk, name, text=text)
    camera.go(desk, f"/b/{branch}/records/")
    record = find_link(desk, "main table a[href^='/r/']")
    camera.go(desk, record)
    camera.take(desk, "record-desk", text="办理更正")
    camera.go(desk, f"{record}correct/")
    camera.take(desk, "correct-desk", text="开始更正")


def read_year(page: Page) -> int:
    """The year of the table that the head of the page leads to."""
    return int(find_link(page, "a[href*='/plan/']").rstrip("/").rsplit("/", 1)[1])


def photograph_meeting(camera: Camera, phone: Page, branch: str) -> None:
    """From the list of what is due to the page before filing."""
    camera.go(phone, f"/b/{branch}/records/new/")
    camera.take(phone, "record-start-phone", text="安排表中的事项")
    # One that nobody has begun to write: what a draft lacks is told.
    lines = phone.locator(".start-line").filter(has_not_text="继续草稿")
    lines.locator("input[type=checkbox]").first.check()
    phone.get_by_role("button", name="开始记录").click()
    phone.wait_for_url("**/edit/")
    phone.fill("#topic", "研究本月重点工作")
    phone.fill("#place", "三楼会议室")
    phone.locator("#save-state").filter(has_text="已保存").first.wait_for()
    phone.evaluate("window.scrollTo(0, 0)")
    camera.take(phone, "record-form-phone", text="还缺")
    phone.locator("details.attendee").first.scroll_into_view_if_needed()
    camera.take(phone, "attendance-phone", text="应到")
    phone.get_by_role("button", name="下一步：归档").click()
    phone.wait_for_url("**/file/")
    camera.take(phone, "record-file-phone", text="核对并归档")


def photograph_office(camera: Camera) -> None:
    """The office of a committee: overview, what is overdue, a waiver."""
    desk = camera.sign_in("dangban", DESK)
    camera.take(desk, "overview-desk", text="逐月情况")
    camera.go(desk, f"/o/{find_key(desk.url)}/overdue/")
    camera.take(desk, "overdue-desk", text="缘由")
    line = find_key(find_link(desk, "main a[href*='#l']").rpartition("#l")[2])
    camera.go(desk, f"/l/{line}/waive/")
    camera.take(desk, "waive-desk", text="免除")


OWN_PACK: Final = """\
[pack]
id = "bureau"
version = "2027"
title = "市直机关党支部工作规范"
extends = "organ@2019"
in_force_from = 2027-01-01
summary = "在机关党支部工作规范的基础上，由市直机关工委提出的要求。"
sources = ["市直机关工委的通知"]

[[requirement]]
code = "Z1"
class = "T"
title = "书记讲评"
activity = "committee_meeting"
cadence = { unit = "quarter" }
scope = { per = "branch" }
attendees = "committee"
article = { text = "市直机关工委的通知", source = "工委", certainty = "V" }
text = "书记每季度讲评一次支部工作。"
must = ["topic"]
minutes = 20
guide = "结合当季安排表的完成情况讲评。"
model = "第一季度按安排表完成，第二季度抓紧补上党课。"
"""


def photograph_norms(camera: Camera) -> None:
    """Who keeps the norms looks at a pack before it is published."""
    desk = camera.sign_in("guifan", DESK)
    camera.go(desk, "/norms/load/")
    desk.fill("[name=text]", OWN_PACK)
    desk.click("main button.primary")
    camera.take(desk, "norm-load-desk", text="还没有发布")


def photograph_themes(camera: Camera) -> None:
    """The course of a theme over two years, as the office sees it."""
    desk = camera.sign_in("dangban", DESK)
    camera.go(desk, f"/o/{find_key(desk.url)}/themes/")
    camera.go(desk, find_link(desk, "main .items a"))
    desk.evaluate("window.scrollTo(0, 330)")
    camera.take(desk, "theme-desk", text="历年开展情况")


def photograph_offline(camera: Camera) -> None:
    """A telephone without a network, on which somebody has signed in before."""
    phone = camera.sign_in("zhibu01", PHONE)
    for _ in range(100):
        if phone.evaluate("navigator.serviceWorker.controller !== null"):
            break
        phone.wait_for_timeout(100)
    phone.context.set_offline(True)
    phone.goto("/")
    phone.locator("#later-form").wait_for()
    camera.take(phone, "offline-phone", text="离线记录")
    phone.context.close()


def photograph_network(camera: Camera) -> None:
    """The office keeps the tree: a change before it is confirmed, a roster with faults, choices."""
    desk = camera.sign_in("dangban", DESK)
    committee = find_key(desk.url)
    camera.go(desk, f"/o/{committee}/organization/")
    # Not the first branch: it holds a draft by now, and what holds a draft does not end.
    link = desk.locator("main tbody a[href$='/organization/']").nth(1)
    branch = find_key(link.get_attribute("href") or "")
    camera.go(desk, f"/o/{branch}/merge/")
    desk.select_option("#id_target", index=1)
    desk.get_by_role("button", name="下一步").click()
    desk.evaluate("window.scrollTo(0, 150)")
    camera.take(desk, "tree-change-desk", text="还没有办理")
    camera.go(desk, f"/o/{committee}/imports/new/?kind=members")
    desk.set_input_files(
        "#id_file", {"name": "党员花名册.xlsx", "mimeType": XLSX, "buffer": faulty_roster()}
    )
    desk.get_by_role("button", name="上传并核对").click()
    camera.take(desk, "import-faults-desk", text="下载标出差错的文件")
    camera.go(desk, f"/o/{committee}/choices/fields/new/")
    desk.select_option("#id_about", "member")
    desk.fill("#id_label", "志愿服务组别")
    desk.get_by_role("button", name="增加", exact=True).click()
    camera.take(desk, "choices-desk", text="志愿服务组别")


def photograph_feedback(camera: Camera) -> None:
    """Something is wrong: sent, answered, handled, and what changed because of it."""
    phone = camera.sign_in("zhibu01", PHONE)
    camera.go(phone, "/feedback/new/?at=/norms/beijing-trial/2017/D1/")
    phone.fill("#id_text", "三个月一次的时间能不能按自然季度写明，避免跨季补开。")
    camera.take(phone, "feedback-new-phone", text="关于规定")
    camera.go(phone, "/feedback/")
    phone.locator("main .items a").first.click()
    camera.take(phone, "feedback-one-phone", text="办理经过")
    camera.go(phone, "/feedback/improvements/")
    camera.take(phone, "feedback-improvements-phone", text="改进")
    nameless = camera.sign_in("dangyuan", PHONE)
    camera.go(nameless, "/feedback/new/?at=/more/")
    nameless.fill("#id_text", "内容相同的通知能不能合并发。")
    nameless.get_by_label("不具名").check()
    nameless.get_by_role("button", name="发送").click()
    camera.take(nameless, "feedback-sent-phone", text="查询码")
    desk = camera.sign_in("dangban", DESK)
    committee = find_key(desk.url)
    camera.go(desk, f"/o/{committee}/feedback/")
    camera.take(desk, "feedback-desk-desk", text="等待受理")
    desk.locator("main tbody a").nth(1).click()
    desk.get_by_role("heading", name="与相近的事项合并").click()
    desk.evaluate("window.scrollTo(0, 200)")
    camera.take(desk, "feedback-case-desk", text="反映的内容")
    camera.go(desk, f"/o/{committee}/feedback/waiting/")
    camera.take(desk, "feedback-waiting-desk", text="需要协助")


def photograph_reports(camera: Camera) -> None:
    """The month as it is written, who below has reported, what each one has to do."""
    desk = camera.sign_in("dangban", DESK)
    committee = find_key(desk.url)
    camera.go(desk, f"/o/{committee}/reports/")
    desk.locator("main .items a.button").nth(1).click()
    camera.take(desk, "report-desk", text="总体进展")
    above = camera.sign_in("gongwei", DESK)
    commission = find_key(above.url)
    camera.go(above, f"/o/{commission}/reports/")
    above.locator("main a[href$='/below/'].button").nth(1).click()
    camera.take(above, "report-below-desk", text="按组织顺序排列")
    phone = camera.sign_in("zhibu01", PHONE)
    camera.go(phone, "/my/responsibilities/")
    camera.take(phone, "responsibility-mine-phone", text="依据")


def photograph_tasks(camera: Camera) -> None:
    """A decision that becomes a task, the next meeting's agenda, the list, what the office follows."""
    phone = camera.sign_in("zhibu01", PHONE)
    branch = find_key(phone.url)
    camera.go(phone, f"/o/{branch}/tasks/")
    camera.take(phone, "task-list-phone", text="最近一项的期限")
    camera.go(phone, f"/b/{branch}/records/new/")
    phone.get_by_text("安排表以外的活动").click()
    phone.get_by_label("支部党员大会", exact=True).check()
    phone.get_by_role("button", name="开始记录").click()
    phone.wait_for_url("**/edit/")
    phone.locator("#field-follow_ups").evaluate("one => scrollTo(0, one.offsetTop - 40)")
    camera.take(phone, "task-agenda-phone", text="上次议定事项")
    phone.get_by_role("button", name="增加一项决议").click()
    phone.fill("#decision-1-text", "每周三下午开展窗口业务练兵")
    phone.locator(".task-note summary").click()
    phone.select_option("#decision-1-owner", index=2)
    phone.fill("#decision-1-proof", "练兵安排已公布")
    phone.locator("#field-decisions").evaluate("one => scrollTo(0, one.offsetTop - 20)")
    camera.take(phone, "task-decision-phone", text="以什么证明完成")
    desk = camera.sign_in("dangban", DESK)
    camera.go(desk, f"/o/{find_key(desk.url)}/assignments/")
    desk.locator("main .items a").first.click()
    camera.take(desk, "assignment-desk", text="各组织办理情况")


def photograph_texts(camera: Camera) -> None:
    """A member reads; the office writes, and sees how far a text has got."""
    phone = camera.sign_in("dangyuan", PHONE)
    camera.go(phone, "/texts/")
    camera.take(phone, "text-reading-phone", text="请您阅读")
    phone.get_by_role("link", name="关于本月主题党日安排的通知").click()
    camera.take(phone, "text-phone", text="已阅知")
    desk = camera.sign_in("dangban", DESK)
    committee = find_key(desk.url)
    camera.go(desk, f"/o/{committee}/texts/new/")
    desk.fill("#id_title", "关于做好年终总结工作的通知")
    desk.fill("#id_body", "各党支部：\n请结合工作手册中的记录总结全年工作，不另行收集材料。")
    camera.take(desk, "text-compose-desk", text="发给谁")
    camera.go(desk, f"/o/{committee}/texts/")
    desk.get_by_role("link", name="关于开展岗位练兵和政治理论学习的通知").click()
    desk.get_by_role("link", name="传达情况").click()
    camera.take(desk, "text-reach-desk", text="还有")


def photograph_notices(camera: Camera) -> None:
    """What a secretary is told, and a robot of the office."""
    phone = camera.sign_in("zhibu01", PHONE)
    camera.go(phone, "/notices/")
    phone.locator("#unread .unread").wait_for()
    camera.take(phone, "notices-phone", text="未读的在前")
    desk = camera.sign_in("dangban", DESK)
    camera.go(desk, f"/o/{find_key(desk.url)}/robots/")
    camera.take(desk, "robots-desk", text="机关党务工作群")


def faulty_roster() -> bytes:
    """A roster as offices keep it, with what is usually wrong in one."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise RuntimeError("no sheet")
    sheet.title = "花名册"
    for row in (
        ("党员花名册（2026年）",),
        ("姓名", "性别", "出生年月", "入党时间", "转正时间", "党员类别", "所在党支部", "身份证号"),
        ("申一川", "男", "1985.03", "2012.07", "2013.07", "正式党员", "办公室党支部", ""),
        ("酉二宁", "女", "1990-13", "2014年7月1日", "2015年7月1日", "正式党员", "综合支部", ""),
        ("戌三平", "男", "1979.1", "2001.7.1", "2002.7.1", "党员", "办公室党支部", ""),
        ("", "女", "1988.6", "2010.7", "2011.7", "正式党员", "办公室党支部", ""),
    ):
        sheet.append(row)
    sheet.merge_cells("A1:H1")
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def photograph_administrators(camera: Camera) -> None:
    """The three administrators: accounts, a slip, roles, the ledger."""
    system = camera.sign_in("xitong", DESK)
    camera.go(system, "/accounts/")
    camera.take(system, "accounts-desk", text="新建账号")
    camera.go(system, "/accounts/new/")
    system.fill("#id_username", "xinshuji")
    system.fill("#id_name", "午书记")
    system.get_by_role("button", name="建立并生成邀请单").click()
    camera.take(system, "slip-desk", text="邀请码")
    security = camera.sign_in("anquan", DESK)
    camera.go(security, f"/o/{find_key(security.url)}/grants/")
    camera.take(security, "grants-desk", text="授予角色")
    audit = camera.sign_in("shenji", DESK)
    camera.go(audit, "/ledger/?verb=")
    camera.take(audit, "ledger-desk", text="只增不改")


if __name__ == "__main__":
    sys.exit(main())
