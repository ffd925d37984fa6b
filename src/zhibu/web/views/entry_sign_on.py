"""Single sign-on: the way out to where people are known, and back."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.dingtalk.views import DingTalkOAuth2Adapter
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from zhibu.web.provider import FeishuAdapter, WecomAdapter

ADAPTERS: dict[str, type[OAuth2Adapter]] = {
    "wecom": WecomAdapter,
    "dingtalk": DingTalkOAuth2Adapter,
    "feishu": FeishuAdapter,
}


def _adapter(request: HttpRequest, way: str, provider_id: str) -> Any:
    if way == "oidc":
        return OpenIDConnectOAuth2Adapter(request, provider_id)
    return ADAPTERS[way](request)


@login_not_required
@never_cache
@require_POST
def depart(request: HttpRequest, way: str, provider_id: str = "") -> HttpResponse:
    """Begins: a page that leads on by itself.

    A redirect in answer to a form would be stopped by our own policy (`form-action`), and that
    policy is worth more than one step less.
    """
    if request.POST.get("process") == "connect" and not request.user.is_authenticated:
        return redirect("sign-in")
    try:
        answer: HttpResponse = OAuth2LoginView.adapter_view(_adapter(request, way, provider_id))(
            request
        )
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except RequestException:
        messages.error(request, "统一身份认证暂时连接不上，请稍后再试，或用用户名和密码登录。")
        return redirect("account" if request.user.is_authenticated else "sign-in")
    if answer.status_code != 302 or "://" not in answer["Location"]:
        return answer
    address = answer["Location"]
    page = render(request, "web/departing.html", {"address": address})
    page.headers["Refresh"] = f"0; url={address}"
    return page


@login_not_required
@never_cache
@require_GET
def arrive(request: HttpRequest, way: str, provider_id: str = "") -> HttpResponse:
    """Comes back with the answer; the library looks whether it belongs to what was begun here."""
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(_adapter(request, way, provider_id))(
            request
        )
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    return answer
