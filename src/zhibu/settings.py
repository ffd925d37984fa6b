"""Settings, all from the environment; `docs/reference/settings.md` lists them.

With nothing set, Zhibu runs on one computer with SQLite in the folder ``zhibu-data`` (``var`` in a
checkout). A value that cannot be used stops the program with a `Misset`: running with another
value than the one that was meant is worse than not running.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
import zoneinfo
from datetime import timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from zhibu.people.roles import LABELS, Role

PACKAGE_DIR = Path(__file__).resolve().parent


class Misset(ImproperlyConfigured):
    """A variable of the environment has a value that cannot be used; the message says what to do."""

    def __init__(self, identity: str, name: str, hint: str) -> None:
        is_secret = {"URL", "KEY", "SECRET"} & set(name.split("_"))
        value = "（从略）" if is_secret else repr(os.environ.get(name, ""))
        super().__init__(f"{identity}：环境变量 {name} 的值 {value} 不能用。\n    处理：{hint}")


def _flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise Misset("ZHIBU-E21", name, "写 1（是）或 0（否）。")
    return default


def _whole(name: str, *, default: int, least: int, most: int) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise Misset(
            "ZHIBU-E22", name, f"写 {least} 到 {most} 之间的整数，或去掉它（即 {default}）。"
        )
    return int(value)


def _choice(name: str, *, default: str, choices: tuple[str, ...]) -> str:
    value = os.environ.get(name, "").strip() or default
    if value not in choices:
        raise Misset("ZHIBU-E23", name, f"可以写：{'、'.join(choices)}。")
    return value


def _names(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def _usual_data_dir() -> Path:
    """In a checkout `var`, wherever the command is typed; elsewhere a folder where one stands."""
    checkout = PACKAGE_DIR.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "src").is_dir():
        return checkout / "var"
    return Path.cwd() / "zhibu-data"


DATA_DIR = Path(os.environ.get("ZHIBU_DATA_DIR") or _usual_data_dir()).resolve()
KEYS_DIR = Path(os.environ.get("ZHIBU_KEYS_DIR") or DATA_DIR / "keys").resolve()
MEDIA_ROOT = DATA_DIR / "files"


def _secret_key() -> str:
    """The key from the environment, or one that is made once and kept beside the data."""
    if key := os.environ.get("ZHIBU_SECRET_KEY"):
        return key
    path = KEYS_DIR / "session-key"
    try:
        # First the data, whose folder the keys usually lie in: nobody else on the machine reads them.
        DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        KEYS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(
            f"ZHIBU-E24：目录 {error.filename or KEYS_DIR} 不能写入（{error.strerror}）。\n"
            "    处理：用 ZHIBU_DATA_DIR 或 ZHIBU_KEYS_DIR 指定本账号可以写入的文件夹。"
        ) from error
    for _ in range(100):  # another process may just be writing it
        if key := path.read_text(encoding="ascii"):
            return key
        time.sleep(0.02)
    raise ImproperlyConfigured(
        f"ZHIBU-E25：密钥文件 {path} 是空的。\n    处理：删去该文件，再启动（需要重新登录）。"
    )


SECRET_KEY = _secret_key()
DEBUG = _flag("ZHIBU_DEBUG")
ALLOWED_HOSTS = _names("ZHIBU_HOSTS") or ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = _names("ZHIBU_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "django_tasks",
    "django_tasks_db",
    "axes",
    "zhibu.people",
    "zhibu.ledger",
    "zhibu.org",
    "zhibu.norms",
    "zhibu.plans",
    "zhibu.handbook",
    "zhibu.network",
    "zhibu.network.dissemination",
    "zhibu.network.feedback",
    "zhibu.network.tasks",
    "zhibu.network.themes",
    "zhibu.network.notices",
    "zhibu.network.search",
    "zhibu.network.feeds",
    "zhibu.network.reports",
    "zhibu.web",
    # Below our own pages: a template that we have written goes before theirs.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.dingtalk",
    "allauth.socialaccount.providers.feishu",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Above WhiteNoise, so that script and stylesheet are compressed too.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "zhibu.web.policy.ContentSecurityPolicyMiddleware",
    "zhibu.web.policy.PrivatePagesMiddleware",
    "zhibu.web.views.health.HealthMiddleware",  # needs no name, no session, no HTTPS
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "zhibu.web.entry.guard.GuardMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "zhibu.urls"
WSGI_APPLICATION = "zhibu.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zhibu.web.frame.frame",
            ],
            "builtins": ["template_partials.templatetags.partials", "zhibu.web.templatetags.words"],
        },
    },
]


def _database() -> dict[str, Any]:
    """The database of DATABASE_URL, or a file in the data directory."""
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA_DIR / "zhibu.sqlite3"),
            "CONN_MAX_AGE": 600,
        }
    hint = "写成 postgresql://用户:密码@主机:5432/库名（密码中的特殊字符用 %XX 表示），或去掉它使用 SQLite。"
    try:
        # A connection that the server has dropped meanwhile is noticed and made anew.
        found = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    except (ValueError, dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
        raise Misset("ZHIBU-E26", "DATABASE_URL", hint) from error
    if found["ENGINE"] not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise Misset("ZHIBU-E26", "DATABASE_URL", hint)
    return found


DATABASES: dict[str, dict[str, Any]] = {"default": _database()}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        # A writer takes its lock at once, so that two writers queue instead of failing half-way;
        # FULL, because what was acknowledged must survive the loss of power.
        transaction_mode="IMMEDIATE",
        timeout=20,
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    )
else:
    # What a page asks is asked again and again: PostgreSQL plans it once for each connection. By
    # default Django writes the values into the text, so that every statement is a new one.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("server_side_binding", True)
    DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 5)

AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # before any other: it says no to whoever is locked out
    "zhibu.web.entry.backend.PersonBackend",
]

# Passwords, lock-out and time-out as 等保 2.0 level 2 asks (GB/T 22239-2019, 身份鉴别).
PASSWORD_LENGTH = _whole("ZHIBU_PASSWORD_LENGTH", default=10, least=8, most=64)
PASSWORD_HISTORY = _whole("ZHIBU_PASSWORD_HISTORY", default=5, least=0, most=24)
PASSWORD_DAYS = _whole("ZHIBU_PASSWORD_DAYS", default=90, least=0, most=3650)  # 0: for ever
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_LENGTH},
    },
    {"NAME": "zhibu.people.passwords.MixedCharacters"},
    {"NAME": "zhibu.people.passwords.NotTheName"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "zhibu.people.passwords.NotUsedBefore"},
]
IDLE_TIME = timedelta(minutes=_whole("ZHIBU_IDLE_MINUTES", default=30, least=1, most=720))
SESSION_TIME = timedelta(hours=_whole("ZHIBU_SESSION_HOURS", default=12, least=1, most=24))
INVITATION_TIME = timedelta(days=_whole("ZHIBU_INVITATION_DAYS", default=14, least=1, most=60))

AXES_FAILURE_LIMIT = _whole("ZHIBU_LOCK_AFTER", default=5, least=3, most=20)
AXES_COOLOFF_TIME = timedelta(minutes=_whole("ZHIBU_LOCK_MINUTES", default=30, least=1, most=1440))
AXES_HANDLER = "zhibu.web.entry.lock.LockHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # what was said of when to come back stays
AXES_DISABLE_ACCESS_LOG = True  # the ledger has it
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "credential", "csrfmiddlewaretoken"]
AXES_USERNAME_CALLABLE = "zhibu.web.entry.lock.name_tried"
AXES_CLIENT_IP_CALLABLE = "zhibu.web.entry.lock.address_of"
AXES_LOCKOUT_CALLABLE = "zhibu.web.views.entry.locked_out"


def _roles(name: str) -> frozenset[Role]:
    """Roles by their key or their Chinese name."""
    known = {role.value: role for role in Role} | {LABELS[role]: role for role in Role}
    given = _names(name)
    if set(given) - set(known):
        raise Misset("ZHIBU-E31", name, f"可以写：{'、'.join(known)}，逗号分隔。")
    return frozenset(known[each] for each in given)


# Who holds one of these roles sets up a second factor before anything else; others may.
MFA_ROLES = _roles("ZHIBU_MFA_ROLES")
MFA_ADAPTER = "zhibu.web.entry.adapters.FactorAdapter"
MFA_FORMS = {
    "authenticate": "zhibu.web.forms.entry.SecondFactorForm",
    "reauthenticate": "zhibu.web.forms.entry.ConfirmForm",
    "login_webauthn": "zhibu.web.forms.entry.KeySignInForm",
    "authenticate_webauthn": "zhibu.web.forms.entry.KeyFactorForm",
    "reauthenticate_webauthn": "zhibu.web.forms.entry.KeyConfirmForm",
    "add_webauthn": "zhibu.web.forms.entry.NewKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "支部"
MFA_TOTP_TOLERANCE = 1  # a telephone's clock may be half a minute wrong
MFA_RECOVERY_CODE_COUNT = 8
MFA_RATE_LIMITS = ACCOUNT_RATE_LIMITS = False  # failures are counted by axes, for all processes
ACCOUNT_ADAPTER = "zhibu.web.entry.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; allauth wants to know
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600

SOCIALACCOUNT_ADAPTER = "zhibu.web.entry.adapters.SignOnAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
SOCIALACCOUNT_STORE_TOKENS = False


def _whole_group(*names: str) -> tuple[str, ...]:
    """Variables that are set all or none; empty for none."""
    values = tuple(os.environ.get(name, "").strip() for name in names)
    if any(values) and not all(values):
        missing = names[values.index("")]
        raise Misset("ZHIBU-E32", missing, f"{'、'.join(names)} 须同时设置，或都不设。")
    return values if all(values) else ()


def _sign_on() -> dict[str, Any]:
    """The ways of single sign-on that are configured, as allauth wants them."""
    found: dict[str, Any] = {}
    if oidc := _whole_group("ZHIBU_OIDC_URL", "ZHIBU_OIDC_ID", "ZHIBU_OIDC_SECRET"):
        url, key, secret = oidc
        app = {"provider_id": "oidc", "client_id": key, "secret": secret}
        app |= {"name": os.environ.get("ZHIBU_OIDC_NAME", "").strip() or "统一身份认证"}
        found["openid_connect"] = {
            "APPS": [app | {"settings": {"server_url": url}}],
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "profile"],
        }
    corp = _whole_group("ZHIBU_WECOM_CORP", "ZHIBU_WECOM_AGENT", "ZHIBU_WECOM_SECRET")
    if corp:
        app = {"client_id": corp[0], "key": corp[1], "secret": corp[2], "name": "企业微信"}
        found["wecom"] = {"APPS": [app]}
    for way, name, pair in (
        ("dingtalk", "钉钉", _whole_group("ZHIBU_DINGTALK_ID", "ZHIBU_DINGTALK_SECRET")),
        ("feishu", "飞书", _whole_group("ZHIBU_FEISHU_ID", "ZHIBU_FEISHU_SECRET")),
    ):
        if pair:
            found[way] = {"APPS": [{"client_id": pair[0], "secret": pair[1], "name": name}]}
    for way in ("openid_connect", "dingtalk", "feishu"):  # ours keep less of a person
        name = way.title().replace("_", "")
        found.setdefault(way, {})["provider_class"] = f"zhibu.web.provider.{name}Provider"
    return found


SOCIALACCOUNT_PROVIDERS = _sign_on()


def _claims(name: str) -> dict[str, str]:
    """`oidc:preferred_username` and so on: which claim of a way is the user name here."""
    found = dict(each.partition(":")[::2] for each in _names(name))
    if set(found) - {"oidc", "wecom", "dingtalk", "feishu"} or not all(found.values()):
        raise Misset(
            "ZHIBU-E33",
            name,
            "写成 oidc:preferred_username，方式可以是 oidc、wecom、dingtalk、feishu。",
        )
    return found


# Empty: only who has linked the account, once signed in, comes in by single sign-on.
SIGN_ON_CLAIMS = _claims("ZHIBU_SIGN_ON_CLAIMS")


def _mail() -> dict[str, Any]:
    """The mail server of ZHIBU_MAIL_URL, as Django names its settings; empty without one."""
    url = os.environ.get("ZHIBU_MAIL_URL", "").strip()
    if not url:
        return {}
    hint = (
        "写成 smtp://用户:密码@主机:25，加密的写 smtps://（端口 465）或 smtp+tls://（端口 587），"
        "用户名、密码中的特殊字符用 %XX 表示；不发邮件就去掉它。"
    )
    try:
        parts = urlsplit(url)
        usual = {"smtp": 25, "smtps": 465, "smtp+tls": 587}[parts.scheme]
        port = parts.port or usual
    except (KeyError, ValueError) as error:
        raise Misset("ZHIBU-E34", "ZHIBU_MAIL_URL", hint) from error
    if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise Misset("ZHIBU-E34", "ZHIBU_MAIL_URL", hint)
    return {
        "HOST": parts.hostname,
        "PORT": port,
        "HOST_USER": unquote(parts.username or ""),
        "HOST_PASSWORD": unquote(parts.password or ""),
        "USE_SSL": parts.scheme == "smtps",
        "USE_TLS": parts.scheme == "smtp+tls",
    }


def _sender(name: str, *, is_needed: bool) -> str:
    """Who the mails are from: an address, with or without a name before it."""
    value = os.environ.get(name, "").strip()
    if not value and not is_needed:
        return "支部 <zhibu@localhost>"
    given, address = parseaddr(value)
    if "@" not in address.strip("@") or any(sign in value for sign in "\r\n"):
        raise Misset("ZHIBU-E35", name, "写发件地址，如 支部 <zhibu@example.gov.cn>。")
    return formataddr((given, address)) if given.isascii() else f"{given} <{address}>"


def _site(name: str) -> str:
    """Where people reach the system: the beginning of the links in mails."""
    value = os.environ.get(name, "").strip().rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.query):
        raise Misset("ZHIBU-E36", name, "写完整的网址，如 https://zhibu.example.gov.cn。")
    return value


# Notices leave by mail and by chat robots; without a mail server they stay in the system.
EMAIL_BACKEND = "zhibu.network.notices.mail.Backend"
_MAIL = _mail()
MAIL_IS_SET = bool(_MAIL)
EMAIL_HOST, EMAIL_PORT = _MAIL.get("HOST", "localhost"), _MAIL.get("PORT", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.get("HOST_USER", ""), _MAIL.get("HOST_PASSWORD", "")
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.get("USE_SSL", False), _MAIL.get("USE_TLS", False)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _sender("ZHIBU_MAIL_FROM", is_needed=MAIL_IS_SET)
SITE_URL = _site("ZHIBU_SITE_URL")
# Hosts of the own network where chat tools live; all others must be public, and https.
ROBOT_HOSTS = frozenset(name.lower() for name in _names("ZHIBU_ROBOT_HOSTS"))

CSRF_FAILURE_VIEW = "zhibu.web.views.entry.forbidden"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = os.environ.get("ZHIBU_TIME_ZONE") or "Asia/Shanghai"
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as _error:
    raise Misset(
        "ZHIBU-E27", "ZHIBU_TIME_ZONE", "写时区名，如 Asia/Shanghai、Asia/Urumqi。"
    ) from _error
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True  # nobody has to collect files before the first start
STORAGES = {
    "default": {"BACKEND": "zhibu.ledger.files.DurableStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_URL = ""  # attachments are served by a view that asks for the right
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
ATTACHMENT_MAX_BYTES = _whole("ZHIBU_ATTACHMENT_MAX_MB", default=20, least=1, most=500) * 2**20

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# A server that is reached by people on other machines sets ZHIBU_HTTPS=1 behind its TLS proxy.
HTTPS = _flag("ZHIBU_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # a monitor asks from inside, behind the proxy
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# So many proxies of our own stand in front, each adding the address it was asked from.
PROXIES = _whole("ZHIBU_PROXIES", default=1 if HTTPS else 0, least=0, most=5)
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SESSION_ENGINE = "zhibu.web.entry.sessions"
SESSION_COOKIE_AGE = int(SESSION_TIME.total_seconds())
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOG_FORMAT = _choice("ZHIBU_LOG", default="plain", choices=("plain", "json"))
LOG_LEVEL = _choice(
    "ZHIBU_LOG_LEVEL", default="INFO", choices=tuple(logging.getLevelNamesMapping())
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": "at",
            "json_ensure_ascii": False,
        },
    },
    "filters": {"hushing": {"()": "zhibu.web.hushing.WithoutSecrets"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["hushing"],
            "formatter": LOG_FORMAT,
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # It tells of every success too; the ledger does that, and without addresses of strangers.
    # The other two would write the addresses of chat robots, which are secrets.
    "loggers": {
        "axes": {"level": "WARNING"},
        "apprise": {"level": "CRITICAL"},
        "urllib3": {"level": "ERROR"},
    },
}
