"""Who a request comes from, by its Authorization header."""

import base64
import binascii
from dataclasses import dataclass
from typing import Literal

import jwt

from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError


@dataclass(frozen=True)
class Identity:
    """`user` is a person or the App's installation, `app` the App by its JWT, `nobody` no one."""

    kind: Literal["nobody", "user", "app"]
    login: str = ""
    is_installation: bool = False


NOBODY = Identity("nobody")


def identify(forge: Forge, authorization: str | None) -> Identity:
    """Read the header; ApiError 401 for credentials that do not hold."""
    if not authorization:
        return NOBODY
    scheme, _, credentials = authorization.partition(" ")
    secret = credentials.strip()
    if scheme.lower() == "basic":
        secret = _password(secret)
    elif scheme.lower() not in ("token", "bearer"):
        raise ApiError(401, "Bad credentials")
    login = forge.login_of_token(secret)
    if login:
        return Identity("user", login, is_installation=login == forge.config.app.login)
    if secret.count(".") == 2:
        check_app_jwt(forge, secret)
        return Identity("app", forge.config.app.login)
    raise ApiError(401, "Bad credentials")


def _password(credentials: str) -> str:
    try:
        user, _, password = base64.b64decode(credentials).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ApiError(401, "Bad credentials") from error
    return user if password in ("", "x-oauth-basic") else password


def check_app_jwt(forge: Forge, token: str) -> None:
    """Hold an App's JWT to GitHub's rules; without a known public key its signature is trusted."""
    app = forge.config.app
    try:
        claims = jwt.decode(
            token,
            key=app.public_key or "",
            algorithms=["RS256"],
            leeway=60,
            options={
                "verify_signature": app.public_key is not None,
                "verify_exp": True,
                "verify_iat": True,
                "verify_iss": False,
                "require": ["exp", "iss"],
            },
        )
    except jwt.ExpiredSignatureError as error:
        message = "'Expiration time' claim ('exp') must be a numeric value in the future"
        raise ApiError(401, message) from error
    except jwt.PyJWTError as error:
        raise ApiError(401, "A JSON web token could not be decoded") from error
    if str(claims["iss"]) not in (str(app.app_id), f"Iv1.{app.app_id:016x}"):
        raise ApiError(404, "Integration not found")
