"""What a script takes back itself: ``BEGIN; CREATE INDEX …; ROLLBACK``, on servers where DDL can be taken back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lastcall.sql.statement import Statement

_DIALECTS = frozenset({"postgres", "sqlite", "tsql"})
"""MySQL and Oracle commit before and after each statement of DDL."""
_WORDS = re.compile(
    r"(?P<begin>BEGIN(?:\s+(?:WORK|TRAN|TRANSACTION|DEFERRED|IMMEDIATE|EXCLUSIVE|DISTRIBUTED|ISOLATION|READ)\b.*)?|START\s+TRANSACTION\b.*)"
    r"|SAVEPOINT\s+(?P<savepoint>[^\s;]+)|SAVE\s+TRAN(?:SACTION)?\s+(?P<saved>[^\s;]+)"
    r"|RELEASE\s+(?:SAVEPOINT\s+)?(?P<released>[^\s;]+)"
    r"|(?P<commit>(?:COMMIT|END)(?:\s+(?:WORK|TRAN|TRANSACTION)\b.*)?)"
    r"|ROLLBACK(?:\s+(?:WORK|TRANSACTION))?\s+TO\s+(?:SAVEPOINT\s+)?(?P<to>[^\s;]+)"
    r"|(?P<rollback>(?:ROLLBACK|ABORT)(?:\s+(?:WORK|TRAN|TRANSACTION)(?:\s+(?P<name>(?!AND\b)[^\s;]+))?)?(?:\s+AND\s+.*)?)",
    re.IGNORECASE | re.DOTALL,
)


class Transactions:
    """Follows the transactions of one script."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.marks: list[tuple[str, int]] = []
        """Where a transaction began, with an empty name, and its savepoints: how much had been done by then."""

    def left(self, statement: Statement, done: int) -> int:
        """How much of the ``done`` things that the script did before is left after the statement."""
        if self.dialect not in _DIALECTS or len(statement.text) > 200:  # noqa: PLR2004 -- the words of a transaction are few
            return done
        words = _WORDS.fullmatch(statement.text.strip())
        if words is None:
            return done
        if words["begin"]:
            self.marks = self.marks or [("", done)]
        elif name := words["savepoint"] or words["saved"]:
            if self.marks or self.dialect == "sqlite":
                self.marks.append((name.lower(), done))
        elif name := (words["released"] or "").lower():
            at = next((at for at in range(len(self.marks) - 1, -1, -1) if self.marks[at][0] == name), len(self.marks))
            del self.marks[at:]
        elif words["commit"]:
            self.marks = []
        elif name := (words["to"] or words["name"] or "").lower():
            return self.to(name, done)
        elif self.marks:
            done = min(done, self.marks[0][1])
            self.marks = []
        return done

    def to(self, name: str, done: int) -> int:
        """Back to a savepoint, which stays; SQL Server's whole transaction may have a name, too."""
        for at in range(len(self.marks) - 1, -1, -1):
            if self.marks[at][0] == name or not self.marks[at][0]:
                done = min(done, self.marks[at][1])
                self.marks = self.marks[: at + 1] if self.marks[at][0] == name else []
                return done
        return done
