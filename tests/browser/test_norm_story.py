"""A norm of one's own: checked, mended, published, chosen, with a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from tests.browser.walking import expect_text, fits, sign_in
from tests.cast import Cast
from tests.ground.walks import DESK, PHONE, OpenPage
from tests.web.plan_story import load_norms
from tests.web.test_norm_desk import OURS

from zhibu.norms.facts import norm_for

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Cast:
    """Everybody, with the norms as they are shipped."""
    from tests.cast import make_cast

    freeze(date(2026, 3, 12))
    made = make_cast()
    load_norms(made)
    return made


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_pack_from_the_file_to_the_branch(
    cast: Cast, open_page: OpenPage, size: dict[str, int], script: bool
) -> None:
    """A fault is told with its line and mended on the spot; what changes is shown before it binds."""
    page = open_page(size, javascript=script)
    sign_in(page, cast.keeper)
    page.click("nav >> text=规范")
    page.click("text=发布规范")
    file = {
        "name": "bureau.toml",
        "mimeType": "application/toml",
        "buffer": OURS.replace('"quarter"', '"week"').encode(),
    }
    page.set_input_files("[name=file]", file)  # type: ignore[arg-type]
    page.click("button:has-text('核对')")
    page.wait_for_selector("text=共有1处问题")
    assert fits(page)
    page.fill("[name=text]", OURS)
    page.click("button:has-text('核对')")
    page.wait_for_selector("text=还没有发布")
    assert fits(page)
    page.click("text=确认发布")
    page.wait_for_url("**/norms/bureau/2026/")
    page.click("nav >> text=更多")
    page.click("a:has-text('选定规范')")
    page.select_option("[name=pack]", "bureau")
    page.click("button:has-text('下一步')")
    page.wait_for_selector("text=还没有办理")
    expect_text(page, "main", "书记讲评")
    assert fits(page)
    assert norm_for(cast.branch, 2026)[0].pack == "branch"
    page.click("text=确认选定")
    page.wait_for_selector("text=已选定")
    assert norm_for(cast.branch, 2026)[0].pack == "bureau"
