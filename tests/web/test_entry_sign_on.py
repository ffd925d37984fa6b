"""Single sign-on: a real OIDC provider on loopback; the others against their documented answers.

What the stand-ins for 企业微信, 钉钉 and 飞书 answer is what their documents say; that the real
ones answer so is not proved here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse
from oidc_provider_mock import User, run_server_in_thread
from tests.cast import PASSWORD, Cast, client_of
from tests.web.test_entry_factors import code_for, enrolled, give
from tests.web.test_entry_password import sign_in

from zhibu.ledger.models import Entry
from zhibu.people.models import Person
from zhibu.web.provider import FeishuAdapter, FeishuClient, WecomAdapter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir", "codes_stand")]
LOGIN = ("openid_connect_login", ("oidc",))


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider that knows three people."""
    people = [
        User(sub="u-1", claims={"preferred_username": "member", "phone_number": "13800000000"}),
        User(sub="u-2", claims={"preferred_username": "secretary"}),
        User(sub="u-3", claims={"preferred_username": "not-here"}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def oidc(provider: str, settings: Any) -> str:
    """The provider, configured as the variables of the environment would."""
    configured = dict(settings.SOCIALACCOUNT_PROVIDERS)
    configured["openid_connect"] = configured["openid_connect"] | {
        "APPS": [
            {"provider_id": "oidc", "client_id": "zhibu", "secret": "s3cret", "name": "统一身份认证",
             "settings": {"server_url": provider}},
        ],
        "OAUTH_PKCE_ENABLED": True,
        "SCOPE": ["openid", "profile"],
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = configured
    return provider


def depart(client: Client, name: str = LOGIN[0], args: Any = LOGIN[1], **form: str) -> str:
    """Press the button; where the page leads."""
    page = client.post(reverse(name, args=args), form)
    assert page.status_code == 200, page.get("Location")
    address: str = page.context["address"]
    assert page["Refresh"] == f"0; url={address}"
    return address


def consent(address: str, **form: str) -> str:
    """Say at the provider who one is; the address that it sends back to, on our side."""
    answer = requests.post(address, data=form, allow_redirects=False, timeout=10)
    assert answer.status_code in {302, 303}, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def come(client: Client, sub: str, **form: str) -> Any:
    """The whole way."""
    return client.get(consent(depart(client, **form), sub=sub))


def test_an_identity_that_nobody_linked_opens_nothing(cast: Cast, oidc: str) -> None:
    """No account is made; the page says what to do."""
    client = Client()
    before = Person.objects.count()
    assert come(client, "u-1")["Location"] == reverse("sign-in")
    assert "没有关联本系统的账号" in client.get(reverse("sign-in")).content.decode()
    assert client.get(reverse("account")).status_code == 302
    assert (Person.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_who_links_once_signed_in_comes_in_by_it(cast: Cast, oidc: str) -> None:
    """The button stands on both pages; nothing but the identity is kept; both leave a line."""
    client = Client()
    assert "用统一身份认证登录" in client.get(reverse("sign-in")).content.decode()
    sign_in(client, "member", PASSWORD)
    assert "未关联" in client.get(reverse("account")).content.decode()
    assert come(client, "u-1", process="connect")["Location"] == reverse("account")
    assert "已关联" in client.get(reverse("account")).content.decode()
    link = SocialAccount.objects.get()
    assert (link.user, link.provider, link.uid) == (cast.member, "oidc", "u-1")
    assert link.extra_data == {}
    other = Client()
    assert come(other, "u-1")["Location"] == reverse("home")
    assert other.session["_auth_user_id"] == str(cast.member.pk)
    assert SocialAccount.objects.get().extra_data == {}
    assert other.post(reverse("link-remove", args=[link.pk])).status_code == 303
    assert come(Client(), "u-1")["Location"] == reverse("sign-in")
    verbs = Entry.objects.filter(subject_id=cast.member.pk).values_list("verb", flat=True)
    assert {"link_identity", "unlink_identity"} <= set(verbs)


def test_a_claim_finds_the_account_that_it_names(cast: Cast, oidc: str, settings: Any) -> None:
    """Only an existing one, only an open one, only one that has no other link."""
    settings.SIGN_ON_CLAIMS = {"oidc": "preferred_username"}
    assert come(Client(), "u-3")["Location"] == reverse("sign-in")
    assert come(Client(), "u-1")["Location"] == reverse("home")
    SocialAccount.objects.create(user=cast.secretary, provider="oidc", uid="another")
    assert come(Client(), "u-2")["Location"] == reverse("sign-in")
    Person.objects.filter(pk=cast.member.pk).update(is_active=False)
    client = Client()
    assert come(client, "u-1")["Location"] == reverse("sign-in")
    assert client.get(reverse("account")).status_code == 302


def test_one_identity_is_not_linked_to_two(cast: Cast, oidc: str) -> None:
    """The second is told, the first keeps it."""
    SocialAccount.objects.create(user=cast.member, provider="oidc", uid="u-1")
    client = Client()
    sign_in(client, "secretary", PASSWORD)
    come(client, "u-1", process="connect")
    assert "已关联到别的账号" in client.get(reverse("account")).content.decode()
    assert SocialAccount.objects.get().user == cast.member


def test_the_second_factor_is_asked_for_here_too(cast: Cast, oidc: str) -> None:
    """Single sign-on stands for the password, not for both."""
    SocialAccount.objects.create(user=cast.member, provider="oidc", uid="u-1")
    _, secret = enrolled(cast.member)
    client = Client()
    assert come(client, "u-1")["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("account")).status_code == 302
    assert give(client, code_for(secret)).status_code == 302


def test_an_answer_that_was_not_asked_for_is_refused(cast: Cast, oidc: str) -> None:
    """Another browser's, a replayed one, a forged one, a refusal: nobody is signed in."""
    SocialAccount.objects.create(user=cast.member, provider="oidc", uid="u-1")
    mine = Client()
    back = consent(depart(mine), sub="u-1")
    victim = Client()
    assert victim.get(back)["Location"] == reverse("sign-in")
    assert victim.get(reverse("account")).status_code == 302
    assert mine.get(back)["Location"] == reverse("home")
    mine.post(reverse("sign-out"))
    assert mine.get(back)["Location"] == reverse("sign-in")
    path = reverse("openid_connect_callback", args=["oidc"])
    for query in ("", "?code=x", "?state=x", "?code=x&state=y", "?error=access_denied&state=z"):
        assert Client().get(path + query)["Location"] == reverse("sign-in")
    denied = consent(depart(mine), sub="u-1", action="deny")
    assert mine.get(denied)["Location"] == reverse("sign-in")
    assert mine.get(reverse("account")).status_code == 302


def test_linking_begins_from_an_own_page_only(cast: Cast, oidc: str) -> None:
    """Not by a link that somebody sends, not without a token, not by a stranger."""
    address = reverse(*LOGIN[:1], args=LOGIN[1])
    assert client_of(cast.member).get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.member)
    assert strict.post(address, {"process": "connect"}).status_code == 403
    assert Client().post(address, {"process": "connect"})["Location"] == reverse("sign-in")
    # Who signed in long ago is asked for the password before a link is made.
    client = client_of(cast.member)
    asked = come(client, "u-1", process="connect")
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert not SocialAccount.objects.exists()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert SocialAccount.objects.get().user == cast.member


def test_where_one_was_going_is_kept(cast: Cast, oidc: str) -> None:
    """An address of ours; none of another site."""
    SocialAccount.objects.create(user=cast.secretary, provider="oidc", uid="u-2")
    ours = reverse("roster", args=[cast.branch.pk])
    assert come(Client(), "u-2", next=ours)["Location"] == ours
    assert come(Client(), "u-2", next="https://evil.example/")["Location"] == reverse("home")


def test_a_provider_that_does_not_answer_is_said_to_be_so(
    cast: Cast, oidc: str, settings: Any
) -> None:
    """The page to sign in, with a sentence; and 404 for ways that are not configured."""
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    client = Client()
    assert client.post(reverse(*LOGIN[:1], args=LOGIN[1]))["Location"] == reverse("sign-in")
    assert "连接不上" in client.get(reverse("sign-in")).content.decode()
    for name in ("wecom", "dingtalk", "feishu"):
        assert client.post(reverse(f"{name}_login")).status_code == 404
        assert client.get(reverse(f"{name}_callback")).status_code == 404
    assert client.post(reverse("openid_connect_login", args=["other"])).status_code == 404


Answer = Callable[[str, dict[str, list[str]], Any, Any], Any]


@pytest.fixture
def stand_in() -> Iterator[Callable[[Answer], tuple[str, list[tuple[str, Any]]]]]:
    """A server on loopback that answers as a test says, and remembers what it was asked."""
    servers = []

    def start(answer: Answer) -> tuple[str, list[tuple[str, Any]]]:
        asked: list[tuple[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply(None)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.reply(json.loads(body))

            def reply(self, body: Any) -> None:
                parts = urlsplit(self.path)
                query = parse_qs(parts.query)
                asked.append((parts.path, body or query))
                said = json.dumps(answer(parts.path, query, body, self.headers)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def configure(settings: Any, way: str, **app: str) -> None:
    configured = dict(settings.SOCIALACCOUNT_PROVIDERS)
    configured[way] = {**configured.get(way, {}), "APPS": [app]}
    settings.SOCIALACCOUNT_PROVIDERS = configured


def walk_through(way: str, **code: str) -> tuple[dict[str, list[str]], Client, Any]:
    """Out, and back with the code that the way would send."""
    client = Client()
    leaving = urlsplit(depart(client, f"{way}_login", ()))
    asked = parse_qs(leaving.query)
    back = reverse(f"{way}_callback")
    return asked, client, client.get(back, {"state": asked["state"][0], **code})


@pytest.mark.parametrize("is_inside", [False, True])
def test_wecom(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, stand_in: Any, is_inside: bool
) -> None:
    """企业微信: gettoken, then getuserinfo with the code; matched by userid."""

    def answer(path: str, query: Any, body: Any, headers: Any) -> Any:
        if path == "/cgi-bin/gettoken":
            return {"errcode": 0, "errmsg": "ok", "access_token": "t-1", "expires_in": 7200}
        if query["code"] == ["good"]:
            return {"errcode": 0, "errmsg": "ok", "userid": "member", "user_ticket": "x"}
        if query["code"] == ["outsider"]:
            return {"errcode": 0, "errmsg": "ok", "openid": "o-1", "external_userid": "e-1"}
        return {"errcode": 40029, "errmsg": "invalid code"}

    base, asked = stand_in(answer)
    monkeypatch.setattr(WecomAdapter, "access_token_url", f"{base}/cgi-bin/gettoken")
    monkeypatch.setattr(WecomAdapter, "person_url", f"{base}/cgi-bin/auth/getuserinfo")
    configure(settings, "wecom", client_id="ww1", key="1000002", secret="s", name="企业微信")
    settings.SIGN_ON_CLAIMS = {"wecom": "userid"}
    client = Client(headers={"User-Agent": "Mozilla wxwork/4.1"} if is_inside else {})
    leaving = urlsplit(depart(client, "wecom_login", ()))
    query = parse_qs(leaving.query)
    assert query["appid"] == ["ww1"]
    assert query["agentid"] == ["1000002"]
    assert query["redirect_uri"] == ["http://testserver/sign-on/wecom/back/"]
    if is_inside:
        assert leaving.netloc == "open.weixin.qq.com"
        assert leaving.fragment == "wechat_redirect"
    else:
        assert leaving.netloc == "login.work.weixin.qq.com"
        assert query["login_type"] == ["CorpApp"]
    back = reverse("wecom_callback")
    answered = client.get(back, {"state": query["state"][0], "code": "good"})
    assert answered["Location"] == reverse("home")
    assert client.session["_auth_user_id"] == str(cast.member.pk)
    assert asked[0] == ("/cgi-bin/gettoken", {"corpid": ["ww1"], "corpsecret": ["s"]})
    assert SocialAccount.objects.get().uid == "ww1:member"
    for code in ("outsider", "spent"):
        _, other, refused = walk_through("wecom", code=code)
        assert refused["Location"] == reverse("sign-in")
        assert other.get(reverse("account")).status_code == 302


def test_dingtalk(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, stand_in: Any
) -> None:
    """钉钉: authCode, userAccessToken as JSON, users/me with its own header; linked by its owner."""
    from allauth.socialaccount.providers.dingtalk.views import DingTalkOAuth2Adapter

    def answer(path: str, query: Any, body: Any, headers: Any) -> Any:
        if path.endswith("userAccessToken"):
            assert body == {
                "clientId": "ding1", "clientSecret": "s", "code": "good",
                "grantType": "authorization_code",
            }  # fmt: skip
            return {"accessToken": "t-1", "refreshToken": "r-1", "expireIn": 7200}
        assert headers["x-acs-dingtalk-access-token"] == "t-1"
        return {"nick": "戊五伟", "openId": "open-1", "unionId": "union-1", "mobile": "138"}

    base, _ = stand_in(answer)
    token, me = f"{base}/v1.0/oauth2/userAccessToken", f"{base}/v1.0/contact/users/me"
    monkeypatch.setattr(DingTalkOAuth2Adapter, "access_token_url", token)
    monkeypatch.setattr(DingTalkOAuth2Adapter, "profile_url", me)
    configure(settings, "dingtalk", client_id="ding1", secret="s", name="钉钉")
    asked, _, refused = walk_through("dingtalk", authCode="good")
    assert asked["client_id"] == ["ding1"]
    assert refused["Location"] == reverse("sign-in")
    SocialAccount.objects.create(user=cast.member, provider="dingtalk", uid="open-1")
    _, client, opened = walk_through("dingtalk", authCode="good")
    assert opened["Location"] == reverse("home")
    assert client.session["_auth_user_id"] == str(cast.member.pk)
    assert SocialAccount.objects.get().extra_data == {}


def test_feishu(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, stand_in: Any) -> None:
    """飞书: app_access_token as JSON, access_token, user_info; linked by its owner."""

    def answer(path: str, query: Any, body: Any, headers: Any) -> Any:
        if "app_access_token" in path:
            assert body == {"app_id": "cli_1", "app_secret": "s"}
            return {"code": 0, "msg": "ok", "app_access_token": "a-1", "expire": 7200}
        if path.endswith("/access_token"):
            assert body["app_access_token"] == "a-1"
            assert body["code"] == "good"
            return {"code": 0, "data": {"access_token": "t-1", "expires_in": 7200}}
        assert headers["Authorization"] == "Bearer t-1"
        return {"code": 0, "data": {"open_id": "ou_1", "name": "戊五伟", "mobile": "138"}}

    base, _ = stand_in(answer)
    app_token = f"{base}/open-apis/auth/v3/app_access_token/internal/"
    monkeypatch.setattr(FeishuAdapter, "app_access_token_url", app_token)
    monkeypatch.setattr(FeishuClient, "app_access_token_url", app_token)
    monkeypatch.setattr(FeishuAdapter, "access_token_url", f"{base}/authen/v1/access_token")
    monkeypatch.setattr(FeishuAdapter, "user_info_url", f"{base}/authen/v1/user_info")
    configure(settings, "feishu", client_id="cli_1", secret="s", name="飞书")
    asked, _, refused = walk_through("feishu", code="good")
    assert asked["app_id"] == ["cli_1"]
    assert refused["Location"] == reverse("sign-in")
    SocialAccount.objects.create(user=cast.member, provider="feishu", uid="ou_1")
    _, client, opened = walk_through("feishu", code="good")
    assert opened["Location"] == reverse("home")
    assert client.session["_auth_user_id"] == str(cast.member.pk)
