"""Signing in and out."""

from __future__ import annotations

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import method_decorator


@method_decorator(login_not_required, name="dispatch")
class SignIn(views.LoginView):
    """The page that asks who you are."""

    template_name = "web/sign_in.html"
    redirect_authenticated_user = True


class SignOut(views.LogoutView):
    """Ends the session."""
