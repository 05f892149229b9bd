"""The secret that guards personal data: it seals the raw archive and salts the hashes of authors.

What belongs here: keys and what is done with them. What does not: what is sealed, and where it lies.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from resources.errors import PermanentError
from resources.settings import Settings, names

MIN_CHARACTERS = 32


class Vault:
    """Seals and opens bytes by keys derived from the secrets.

    Args:
        secrets: each of MIN_CHARACTERS or more; the first seals, all open, and the last, which is the oldest, salts,
            so that a new secret put in front leaves the hashes of authors as they are.

    Raises:
        PermanentError: there is none, or one is too short.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or min(map(len, secrets)) < MIN_CHARACTERS:
            raise PermanentError(
                f"ENGINE_SECRET_KEY: each secret needs {MIN_CHARACTERS} or more characters; "
                "make one with `openssl rand -hex 32`"
            )
        self._fernet = MultiFernet([Fernet(_fernet_key(secret)) for secret in secrets])
        self.salt = _derived(secrets[-1], b"author salt")

    def seal(self, data: bytes) -> bytes:
        """The bytes, encrypted and signed (Fernet: AES-128-CBC and HMAC-SHA256)."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed.

        Raises:
            PermanentError: none of the secrets opens it, or it is damaged.
        """
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise PermanentError(
                "it is damaged, or was sealed by a secret that is not among those of ENGINE_SECRET_KEY: add that one "
                "at the end of the list"
            ) from error


def vault(settings: Settings) -> Vault:
    """The vault of the settings; on a laptop, of a secret that is made once and kept in the data folder.

    Raises:
        PermanentError: the object store is shared (S3) and ENGINE_SECRET_KEY is not set: each machine would make a
            secret of its own.
    """
    if settings.secret_key is not None:
        return Vault(names(settings.secret_key.get_secret_value()))
    if (settings.object_store_url or "").startswith("s3://"):
        raise PermanentError("ENGINE_SECRET_KEY: set it, because OBJECT_STORE_URL is shared; `openssl rand -hex 32`")
    return Vault([_kept_secret(settings.data_dir.resolve() / "secret.key")])


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process was faster: its secret counts
            os.link(scratch, path)
        scratch.unlink()
    return path.read_text().strip()


def _fernet_key(secret: str) -> bytes:
    return urlsafe_b64encode(_derived(secret, b"raw archive"))


def _derived(secret: str, purpose: bytes) -> bytes:
    salt = sha256(b"design idea engine").digest()
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(secret.encode())
