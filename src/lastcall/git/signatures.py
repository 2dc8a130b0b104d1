"""By whose key a commit is signed, of those that a file of allowed signers lists."""

from __future__ import annotations

import binascii
import os
import re
import subprocess
import tempfile
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

from lastcall.model import LastcallError

_HEADERS = {"sha1": b"gpgsig", "sha256": b"gpgsig-sha256"}
_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"\n-----END SSH SIGNATURE-----"
_PREAMBLE = b"SSHSIG\0\0\0\1"
_PATIENCE = 60
_OPENSSH = "install OpenSSH 8.2 or newer; `git config --global gpg.ssh.program PATH` says where it is"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature is over, the signature, and the public key that it says it was made with."""

    payload: bytes
    signature: bytes
    key: bytes


def signed(content: bytes, object_format: str) -> Signed | None:
    """The one ssh signature of a commit, apart from what it is over; None where there is none, or more than one of any kind."""
    head, ended, message = content.partition(b"\n\n")
    headers: list[list[bytes]] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and headers:
            headers[-1].append(line)
        else:
            headers.append([line])
    found = [header for header in headers if header[0].startswith(b"gpgsig")]
    if not ended or len(found) != 1:
        return None
    name, _, first = found[0][0].partition(b" ")
    signature = b"\n".join([first, *(line[1:] for line in found[0][1:])]).strip()
    key = _key(signature)
    if name != _HEADERS[object_format] or key is None:
        return None
    payload = b"\n".join(line for header in headers if header is not found[0] for line in header) + ended + message
    return Signed(payload, signature + b"\n", key)


def _key(signature: bytes) -> bytes | None:
    """The public key in an armoured signature; None where it is none of ssh's.

    https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
    """
    if not (signature.startswith(_BEGIN) and signature.endswith(_END) and signature.count(b"-----") == 4):  # noqa: PLR2004 - twice two
        return None
    try:
        blob = b64decode(signature.removeprefix(_BEGIN).removesuffix(_END))
    except binascii.Error:
        return None
    rest = blob.removeprefix(_PREAMBLE)
    length = int.from_bytes(rest[:4])
    return rest[4 : 4 + length] if rest != blob and 0 < length <= len(rest) - 4 else None


class Signers:
    """A file of allowed signers (ssh-keygen(1), "ALLOWED SIGNERS"), asked through ``ssh-keygen``.

    A key counts as it stands today: who has one that has expired may write any date into a commit.
    """

    def __init__(self, program: str, allowed: bytes) -> None:
        self._program = program
        self._lines = [line.rstrip(b"\r") for line in allowed.split(b"\n")]
        self._known: dict[bytes, list[tuple[bytes, list[str]]]] = {}

    def signer(self, signed: Signed) -> str | None:
        """For whom the key that made the signature is listed, with commas between them; None where it is not, or not good for git.

        Raises LastcallError where ``ssh-keygen`` cannot be asked.
        """
        if signed.key not in self._known:
            self._known[signed.key] = [(line, names) for line in self._listing(signed.key) if (names := self._principals(line, signed))]
        listed = self._known[signed.key]
        if any(self._verifies(line, name, signed) for line, names in listed for name in names):
            return ",".join(dict.fromkeys(name for _, names in listed for name in names))
        return None

    def _listing(self, key: bytes) -> list[bytes]:
        """The lines that may list a key, each to be asked by itself, since ``ssh-keygen`` names the people of the first one only."""
        if b"-cert-v01@openssh.com" in key[:80]:
            return [line for line in self._lines if line.strip() and not line.startswith(b"#")]
        return [line for line in self._lines if b64encode(key) in line.split() and not line.startswith(b"#")]

    def _principals(self, line: bytes, signed: Signed) -> list[str]:
        answer = self._ask(line, signed, "find-principals")
        return [name for name in answer.stdout.decode("utf-8", "surrogateescape").splitlines() if name] if not answer.returncode else []

    def _verifies(self, line: bytes, name: str, signed: Signed) -> bool:
        return self._ask(line, signed, "verify", "-n", "git", "-I", name).returncode == 0

    def _ask(self, line: bytes, signed: Signed, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SSH_"))}
        with tempfile.TemporaryDirectory(prefix="lastcall-", ignore_cleanup_errors=True) as folder:
            (Path(folder) / "allowed").write_bytes(line + b"\n")
            (Path(folder) / "signature").write_bytes(signed.signature)
            try:
                answer = subprocess.run(
                    [self._program, "-Y", *arguments, "-f", "allowed", "-s", "signature"],
                    input=signed.payload,
                    capture_output=True,
                    cwd=folder,
                    env=kept | {"LC_ALL": "C", "TZ": "UTC"},
                    timeout=_PATIENCE,
                    check=False,
                )
            except OSError as error:
                reason = f"{self._program} cannot be started, so no signature can be verified: {error.strerror}"
                raise LastcallError(reason, _OPENSSH) from None
            except subprocess.TimeoutExpired:
                raise LastcallError(f"{self._program} does not answer, so no signature can be verified", _OPENSSH) from None
        if re.search(rb"(?m)^usage:|unknown option", answer.stderr):
            raise LastcallError(f"{self._program} cannot verify signatures", _OPENSSH)
        return answer
