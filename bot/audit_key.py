"""The key that signs checkpoints: Ed25519 in a file of its own, never in the database.

The library is imported when there is a key to use: a bot without one does not pay for it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import SettingsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class AuditKey:
    """Signs checkpoints; `public` is what anybody checks them with, in hexadecimal."""

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    def sign(self, text: bytes) -> tuple[str, str]:
        """The public key and the signature, in hexadecimal."""
        return self.public, self._private.sign(text).hex()

    @classmethod
    def create(cls, path: Path) -> "AuditKey":
        """A new key in a new file that only its owner may read. Raises SettingsError where the file
        is there already, or cannot be made.
        """
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise SettingsError(f"{path} is there already, and was left as it is.") from None
        except OSError as error:
            raise SettingsError(f"{path} cannot be made: {error.strerror}.") from None
        with os.fdopen(file, "wb") as out:
            out.write(pem)
        return cls(private)

    @classmethod
    def read(cls, path: Path) -> "AuditKey":
        """The key in a file. Raises SettingsError where there is none that can be used."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise SettingsError(
                f"AUDIT_KEY_FILE {path} cannot be read ({error.strerror}). "
                "`mp-approvals audit init` makes it."
            ) from None
        except (ValueError, TypeError):
            private = None
        if not isinstance(private, Ed25519PrivateKey):
            raise SettingsError(f"AUDIT_KEY_FILE {path} holds no Ed25519 key.")
        return cls(private)


def is_signed(key: str, text: bytes, signature: str) -> bool:
    """Whether the key has signed this text; both in hexadecimal."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), text
        )
    except (ValueError, InvalidSignature):
        return False
    return True
