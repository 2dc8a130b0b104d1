"""The outage that lastcall was built for, as a real little repository: a release branch, its freeze, and two late changes.

One came as a pull request that a colleague approved; the other was pushed straight to the branch, and joins two tables without an index.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lastcall.comparison import short
from lastcall.forges.recorded import write
from lastcall.model import (
    Account,
    CommitEvidence,
    Evidence,
    LastcallError,
    Person,
    Pull,
    PullCommit,
    Report,
    Review,
    ReviewState,
)

BRANCH = "release/2.4"

_ADA, _GRACE, _ALAN = (Person(name, f"{name.lower()}@shop.example") for name in ("Ada", "Grace", "Alan"))
_ACCOUNTS = {_ADA: Account(1, "ada"), _GRACE: Account(2, "grace"), _ALAN: Account(3, "alan")}

_SCHEMA = """\
CREATE TABLE users (
    id    bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name  text NOT NULL
);

CREATE TABLE orders (
    id        bigint PRIMARY KEY,
    user_id   bigint NOT NULL REFERENCES users (id),
    total     numeric(10, 2) NOT NULL,
    placed_at timestamptz NOT NULL
);
"""
_ACCOUNT = '''\
"""What a customer sees of their account."""


def profile(cursor, user_id):
    cursor.execute("SELECT name, email FROM users WHERE id = %s", [user_id])
    return cursor.fetchone()
'''
_RECEIPT = '''\
"""The receipt of an order."""


def receipt(cursor, order_id):
    cursor.execute(
        """
        SELECT o.id, o.total, u.email
        FROM orders o
        JOIN users u ON u.id = o.user_id
        WHERE o.id = %s
        """,
        [order_id],
    )
    return cursor.fetchone()
'''
_HISTORY = '''\

def history(cursor, email):
    """The last orders, for the banner on every page."""
    cursor.execute(
        """
        SELECT o.id, o.total, o.placed_at
        FROM users u
        JOIN orders o ON o.user_id = u.id
        WHERE u.email = %s
        """,
        [email],
    )
    return cursor.fetchall()
'''


@dataclass(frozen=True)
class Demo:
    """The repository that was built, the evidence about it, and the commit that brought the outage."""

    repository: Path
    evidence: Path
    culprit: str


def build(folder: Path | None = None) -> Demo:
    """Build it in ``folder``, or in a temporary one that stays for who wants to look.  LastcallError where git does not work."""
    top = folder or Path(tempfile.mkdtemp(prefix="lastcall-demo-"))
    shop = _Shop(top / "shop")
    shop.start()
    receipt = shop.commit(_ADA, "Add receipts", {"shop/receipt.py": _RECEIPT}, branch="receipts")
    shop.git(_ADA, "checkout", "-q", BRANCH)
    shop.git(_ADA, "merge", "-q", "--no-ff", "-m", "Merge pull request #12 from shop/receipts\n\nAdd receipts", "receipts")
    merge = shop.head()
    culprit = shop.commit(_ALAN, "Show the last orders on every page", {"shop/account.py": f"{_ACCOUNT}\n{_HISTORY}"})
    evidence = top / "evidence.json"
    evidence.write_text(write(_evidence(receipt, merge, culprit)), encoding="utf-8")
    return Demo(shop.folder, evidence, culprit)


def judge(demo: Demo) -> Report:
    """What ``lastcall check`` says of it."""
    from lastcall.commands.check import Wishes, run  # noqa: PLC0415
    from lastcall.comparison import Choice  # noqa: PLC0415
    from lastcall.release import Source  # noqa: PLC0415

    return run(demo.repository, Choice(release=BRANCH), Wishes(Source(file=demo.evidence)))


def introduction(demo: Demo) -> str:
    """What was built."""
    return (
        f"A shop froze its branch {BRANCH}. Then two changes came in late:\n"
        "one as an approved pull request, one pushed straight to the branch.\n"
        f"The repository is real: {demo.repository}\n\n"
        f"$ lastcall check --release {BRANCH} --evidence ../evidence.json\n"
    )


def farewell(demo: Demo, code: int) -> str:
    """How the check ended, and how to go on."""
    return (
        f"\nlastcall check ended with exit code {code}: {'the release is stopped' if code else 'the release may go out'}. Go on with:\n"
        f"  cd {shlex.quote(str(demo.repository))}\n"
        f"  lastcall explain {short(demo.culprit)} --release {BRANCH} --evidence ../evidence.json\n"
        f"  lastcall explain unindexed-join\n"
        f"  lastcall schema\n"
    )


def _evidence(receipt: str, merge: str, culprit: str) -> Evidence:
    """What the forge of the shop would say: pull request 12 holds two of the commits, nothing holds the third."""
    ada, grace, alan = _ACCOUNTS[_ADA], _ACCOUNTS[_GRACE], _ACCOUNTS[_ALAN]
    pull = Pull(
        number=12,
        url="https://shop.example/shop/pull/12",
        title="Add receipts",
        state="merged",
        author=ada,
        base=BRANCH,
        head=receipt,
        base_repository="shop/shop",
        merge_commit=merge,
        merged_at="2026-03-03T16:00:00Z",
        reviews=(Review(grace, ReviewState.APPROVED, receipt, "2026-03-03T15:30:00Z", can_write=True),),
        commits=(PullCommit(receipt, ada, ada, _ADA.name),),
    )
    return Evidence(
        forge="github",
        repository="shop/shop",
        commits=(
            CommitEvidence(receipt, (12,), ada, ada),
            CommitEvidence(merge, (12,), ada, ada),
            CommitEvidence(culprit, (), alan, alan),
        ),
        pulls=(pull,),
    )


@dataclass
class _Shop:
    """The repository under construction; no configuration, template, hook or signature of the user's has a say."""

    folder: Path
    hour: int = 9

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        self.git(_ADA, "init", "-q", "--template=", "--initial-branch=main")
        self.commit(_ADA, "Start the shop", {"schema.sql": _SCHEMA, "shop/account.py": _ACCOUNT})
        self.git(_GRACE, "checkout", "-q", "-b", BRANCH)
        self.git(_GRACE, "tag", "-a", f"freeze/{BRANCH}", "-m", f"Code freeze of {BRANCH}")

    def commit(self, person: Person, message: str, files: dict[str, str], branch: str = "") -> str:
        if branch:
            self.git(person, "checkout", "-q", "-b", branch)
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        self.git(person, "add", "--all")
        self.git(person, "commit", "-q", "-m", message)
        return self.head()

    def head(self) -> str:
        return self.git(_ADA, "rev-parse", "HEAD").strip()

    def git(self, person: Person, *arguments: str) -> str:
        self.hour += 1
        try:
            done = subprocess.run(
                ["git", "-c", "core.autocrlf=false", *arguments],
                cwd=self.folder,
                env=self._environ(person),
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise LastcallError(f"git cannot be run: {error.strerror or error}", "install git, and put it on the PATH") from None
        if done.returncode:
            raise LastcallError(f"git {arguments[0]} failed while the demo was built: {done.stderr.strip()}")
        return done.stdout

    def _environ(self, person: Person) -> dict[str, str]:
        date = f"2026-03-{2 + self.hour // 24:02}T{self.hour % 24:02}:00:00+0000"
        ours = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        for role in ("AUTHOR", "COMMITTER"):
            ours |= {f"GIT_{role}_NAME": person.name, f"GIT_{role}_EMAIL": person.email, f"GIT_{role}_DATE": date}
        return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | ours
