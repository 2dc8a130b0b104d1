"""What is configured, and by whom: the user and the machine have a say in some things, the repository in none."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from lastcall.git.process import Plumbing, text
from lastcall.model import LastcallError


class Configuration:
    """The configuration that git would go by, each setting with its scope."""

    def __init__(self, git: Plumbing) -> None:
        self._git = git

    @cached_property
    def _settings(self) -> tuple[tuple[str, str, str], ...]:
        """Scope, key and value of everything that is configured."""
        parts = text(self._git.run("config", "--list", "--null", "--show-scope").output).split("\0")
        pairs = zip(parts[::2], parts[1::2], strict=False)
        return tuple((scope, *setting.partition("\n")[::2]) for scope, setting in pairs if scope != "command")

    def of_remotes(self, variable: str) -> list[tuple[str, str]]:
        """Name and value, for each remote that has the variable, however often."""
        keys = ((key.removeprefix("remote.").removesuffix(f".{variable}"), key, value) for _, key, value in self._settings)
        return [(name, value) for name, key, value in keys if key == f"remote.{name}.{variable}"]

    def own(self, key: str) -> str:
        """What the user or the machine configures for ``key``, never the repository."""
        return next((value for scope, each, value in reversed(self._settings) if each == key and scope in {"global", "system"}), "")

    def own_programs(self) -> list[str]:
        """The settings that name programs which sign, as the user has them."""
        openpgp = self.own("gpg.openpgp.program") or self.own("gpg.program") or "gpg"
        programs = {"gpg.program": openpgp, "gpg.openpgp.program": openpgp, "gpg.x509.program": self.own("gpg.x509.program") or "gpgsm"}
        programs["gpg.ssh.program"] = self.own_keygen
        programs["gpg.ssh.defaultKeyCommand"] = self.own("gpg.ssh.defaultkeycommand")
        return [f"{key}={value}" for key, value in programs.items()]

    @property
    def own_keygen(self) -> str:
        """The program that makes and verifies ssh signatures."""
        return os.path.expanduser(self.own("gpg.ssh.program")) or "ssh-keygen"  # noqa: PTH111 - a name alone must stay one

    def no_hooks(self) -> list[str]:
        """Switches off the hooks that newer git takes from the configuration (``hook.NAME.command``), which core.hooksPath does not."""
        names = sorted({key[5:].rpartition(".")[0] for _, key, _ in self._settings if key.startswith("hook.")} - {""})
        if any("=" in name for name in names):
            raise LastcallError("a hook in the git configuration has a name that cannot be switched off", "rename it")
        return [f"hook.{name}.enabled=false" for name in names]

    @property
    def own_excludes(self) -> str:
        """Where the user lists what to ignore everywhere."""
        home = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
        return os.path.expanduser(self.own("core.excludesfile")) or str(home / "git" / "ignore")  # noqa: PTH111 - "" must stay ""

    @property
    def partial(self) -> bool:
        """Whether the clone left objects out, to be fetched when they are needed."""
        return any(key == "extensions.partialclone" for _, key, _ in self._settings) or bool(self.of_remotes("promisor"))
