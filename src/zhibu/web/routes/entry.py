"""Getting in and out; one's own account; where one lands.

Of the addresses that the library of sign-in has, only those stand here that we use. Their names are
the library's, since it asks for them by name.
"""

from __future__ import annotations

from typing import Final

from allauth.account.views import ReauthenticateView
from allauth.mfa.base import views as factor_views
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as key_views
from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import PUBLIC, SIGNED_IN, STEP
from zhibu.web.views import (
    account_desk,
    entry,
    entry_account,
    entry_factors,
    entry_invitations,
    entry_sign_on,
    health,
)

_WAYS = ("wecom", "dingtalk", "feishu")

urlpatterns: list[URLPattern] = [
    path("", entry.land, name="home"),
    path("sign-in/", entry.SignIn.as_view(), name="sign-in"),
    path("sign-in/", entry.SignIn.as_view(), name="account_login"),
    path("sign-out/", entry.SignOut.as_view(), name="sign-out"),
    path("sign-out/", entry.SignOut.as_view(), name="account_logout"),
    path("healthz", health.healthz, name="healthz"),
    path("i/", entry_invitations.code, name="invitation-code"),
    path("i/<str:token>/", entry_invitations.invitation, name="invitation"),
    path("account/", entry_account.account, name="account"),
    path("account/password/", entry_account.password, name="password"),
    path("account/sessions/", entry_account.end_sessions, name="sessions-end"),
    path("account/links/<int:pk>/", entry_account.unlink, name="link-remove"),
    path("account/seats/", entry_account.seats, name="seats"),
    path("account/confirm/", ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("account/factors/", factor_views.index, name="mfa_index"),
    path("account/factors/confirm/", factor_views.reauthenticate, name="mfa_reauthenticate"),
    path("account/factors/totp/", totp_views.activate_totp, name="mfa_activate_totp"),
    path("account/factors/totp/remove/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/factors/codes/", code_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/factors/codes/new/",
        code_views.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("account/factors/keys/", key_views.list_webauthn, name="mfa_list_webauthn"),
    path("account/factors/keys/new/", key_views.add_webauthn, name="mfa_add_webauthn"),
    path(
        "account/factors/keys/confirm/",
        key_views.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "account/factors/keys/<int:pk>/remove/",
        key_views.remove_webauthn,
        name="mfa_remove_webauthn",
    ),
    path("sign-in/factor/", entry_factors.SecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-in/key/", key_views.login_webauthn, name="mfa_login_webauthn"),
    path(
        "sign-on/<str:provider_id>/oidc/",
        entry_sign_on.depart,
        {"way": "oidc"},
        name="openid_connect_login",
    ),
    path(
        "sign-on/<str:provider_id>/oidc/back/",
        entry_sign_on.arrive,
        {"way": "oidc"},
        name="openid_connect_callback",
    ),
    *(
        path(f"sign-on/{way}/", entry_sign_on.depart, {"way": way}, name=f"{way}_login")
        for way in _WAYS
    ),
    *(
        path(f"sign-on/{way}/back/", entry_sign_on.arrive, {"way": way}, name=f"{way}_callback")
        for way in _WAYS
    ),
    path("accounts/<uuid:pk>/", account_desk.show, name="account-show"),
    path("accounts/<uuid:pk>/invite/", account_desk.invite, name="account-invite"),
    path("accounts/<uuid:pk>/unlock/", account_desk.unlock, name="account-unlock"),
    path("accounts/<uuid:pk>/switch/", account_desk.switch, name="account-switch"),
    path("o/<uuid:pk>/invitations/", entry_invitations.invitations, name="invitations"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "home": SIGNED_IN,
    "account_login": PUBLIC,
    "sign-in": PUBLIC,
    "account_logout": SIGNED_IN,
    "sign-out": SIGNED_IN,
    "healthz": PUBLIC,
    "invitation-code": PUBLIC,
    "invitation": STEP,
    "account": SIGNED_IN,
    "password": SIGNED_IN,
    "sessions-end": SIGNED_IN,
    "link-remove": SIGNED_IN,
    "seats": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": SIGNED_IN,
    "mfa_authenticate": STEP,
    "mfa_login_webauthn": STEP,
    "openid_connect_login": STEP,
    "openid_connect_callback": STEP,
    **{f"{way}_{step}": STEP for way in _WAYS for step in ("login", "callback")},
    "account-show": Verb.EDIT_ACCOUNTS,
    "account-invite": Verb.EDIT_ACCOUNTS,
    "account-unlock": Verb.EDIT_ACCOUNTS,
    "account-switch": Verb.EDIT_ACCOUNTS,
    "invitations": Verb.EDIT_ACCOUNTS,
}
