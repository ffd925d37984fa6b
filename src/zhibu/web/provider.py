"""Ways of single sign-on that the library lacks, or does not as documented. It looks for this module.

Lacking in allauth 65: 企业微信 (its `weixin` is for the public platform). 钉钉 and 飞书 are there.
Nothing of what a way says about a person is kept but the identity itself.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.dingtalk import provider as dingtalk
from allauth.socialaccount.providers.feishu import provider as feishu
from allauth.socialaccount.providers.feishu import views as feishu_views
from allauth.socialaccount.providers.feishu.client import FeishuOAuth2Client
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from allauth.socialaccount.providers.openid_connect import provider as openid_connect
from django.http import HttpRequest


class Sparing:
    """Remembers what was said for this one sign-in, and stores nothing of it."""

    def extract_extra_data(self, data: Any) -> dict[str, Any]:  # noqa: ARG002 - the library's signature
        return {}

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> Any:
        login = super().sociallogin_from_response(request, response)  # type: ignore[misc]
        login.claims = response
        return login


class OpenidConnectProvider(Sparing, openid_connect.OpenIDConnectProvider):  # type: ignore[misc]
    """OIDC, as the library has it."""


class DingtalkProvider(Sparing, dingtalk.DingTalkProvider):  # type: ignore[misc]
    """钉钉, as the library has it."""


class FeishuClient(FeishuOAuth2Client):  # type: ignore[misc]
    """飞书 wants JSON where the library sends a form."""

    def app_access_token(self) -> str:
        with get_adapter().get_requests_session() as session:
            answer = session.post(
                self.app_access_token_url,
                json={"app_id": self.consumer_key, "app_secret": self.consumer_secret},
            )
            answer.raise_for_status()
        token = answer.json().get("app_access_token")
        if not token:
            raise OAuth2Error("feishu: no app_access_token")
        return str(token)


class FeishuAdapter(feishu_views.FeishuOAuth2Adapter):  # type: ignore[misc]
    """The same steps with the client above."""

    def get_client(self, request: HttpRequest, app: Any) -> FeishuClient:
        client = FeishuClient(
            request,
            app.client_id,
            app.secret,
            self.access_token_method,
            self.access_token_url,
            self.get_callback_url(request, app),
        )
        client.app_access_token_url = self.app_access_token_url
        return client


class FeishuProvider(Sparing, feishu.FeishuProvider):  # type: ignore[misc]
    """飞书."""

    oauth2_adapter_class = FeishuAdapter


class WecomClient(OAuth2Client):  # type: ignore[misc]
    """企业微信: names its parameters in its own way, and asks for the agent."""

    agent = ""

    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: Any) -> str:  # noqa: ARG002 - the library's signature
        if "wxwork" in self.request.headers.get("User-Agent", "").lower():  # inside its own app
            asked = {
                "appid": self.consumer_key, "redirect_uri": self.callback_url,
                "response_type": "code", "scope": "snsapi_base", "state": self.state,
                "agentid": self.agent,
            }  # fmt: skip
            return f"{WecomAdapter.inside_url}?{urlencode(asked)}#wechat_redirect"
        asked = {
            "login_type": "CorpApp", "appid": self.consumer_key, "agentid": self.agent,
            "redirect_uri": self.callback_url, "state": self.state,
        }  # fmt: skip
        return f"{authorization_url}?{urlencode(asked)}"

    def get_access_token(
        self,
        code: str,
        pkce_code_verifier: Any = None,  # noqa: ARG002 - the library's signature
        extra_data: Any = None,  # noqa: ARG002 - the library's signature
    ) -> dict[str, Any]:
        """The corporation's token; the code is for the next step."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(
                self.access_token_url,
                params={"corpid": self.consumer_key, "corpsecret": self.consumer_secret},
            )
            answer.raise_for_status()
        said = answer.json()
        if said.get("errcode") or "access_token" not in said:
            raise OAuth2Error(f"wecom: {said.get('errcode')}")
        return {"access_token": said["access_token"], "code": code}


class WecomAdapter(OAuth2Adapter):  # type: ignore[misc]
    """企业微信 (developer.work.weixin.qq.com: 网页授权登录, 企业微信Web登录)."""

    provider_id = "wecom"
    authorize_url = "https://login.work.weixin.qq.com/wwlogin/sso/login"
    inside_url = "https://open.weixin.qq.com/connect/oauth2/authorize"
    access_token_url = "https://qyapi.weixin.qq.com/cgi-bin/gettoken"  # noqa: S105 - an address
    person_url = "https://qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo"
    client_class = WecomClient

    def get_client(self, request: HttpRequest, app: Any) -> WecomClient:
        client: WecomClient = super().get_client(request, app)
        client.agent = app.key
        return client

    def complete_login(
        self,
        request: HttpRequest,
        app: Any,  # noqa: ARG002 - the library's signature
        token: SocialToken,
        **kwargs: Any,
    ) -> Any:
        with get_adapter().get_requests_session() as session:
            answer = session.get(
                self.person_url,
                params={"access_token": token.token, "code": kwargs["response"]["code"]},
            )
            answer.raise_for_status()
        said = answer.json()
        # Somebody from outside the corporation has an openid and no userid.
        if said.get("errcode") or not said.get("userid"):
            raise OAuth2Error(f"wecom: {said.get('errcode')}")
        return self.get_provider().sociallogin_from_response(request, said)


class WecomProvider(Sparing, OAuth2Provider):  # type: ignore[misc]
    """企业微信."""

    id = "wecom"
    name = "企业微信"
    account_class = ProviderAccount
    oauth2_adapter_class = WecomAdapter

    def extract_uid(self, data: Any) -> str:
        return f"{self.app.client_id}:{data['userid']}"

    def extract_common_fields(self, data: Any) -> dict[str, Any]:  # noqa: ARG002 - the library's signature
        return {}


provider_classes = [WecomProvider]
