"""Reports made by hand, one of them with everything that a format can be asked to print."""

from __future__ import annotations

from dataclasses import replace

from lastcall.model import (
    Account,
    Approval,
    Catalog,
    Change,
    Check,
    CheckState,
    Column,
    Commit,
    Excerpt,
    Finding,
    Freeze,
    Guard,
    Index,
    Location,
    MissingIndex,
    Need,
    OwnersNeeded,
    Person,
    Position,
    Pull,
    Query,
    Related,
    Release,
    Report,
    Rewritten,
    Severity,
    Side,
    Table,
    Unread,
    Verdict,
    Waiver,
)

FREEZE = "41d0c7e6b2a94f0c8d1e5b7a3f6029c4d8e1b5a7"
HEAD = "8f3c2d1a7b6e4950c1d2e3f4a5b6c7d8e9f0a1b2"
PUSHED = "4c1f09a7d2e85b3c6f10a9d4b7e2c5f8a1d3e6b9"
STALE = "3f2a9c1d20b4e6f8a7c5d3e1f9b0a2c4d6e8f7b1"
ROUNDED = "1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d"
OPEN = "a7b3c9d1e5f70214365879a0b1c2d3e4f5061728"
GLASS = "6d5c4b3a29180716f5e4d3c2b1a0918273645546"

TABLES = "db/migrations/0001_tables.sql"
DUMP = Unread("file", "it is longer than 8 MB", Location("db/dump.sql", 1))


def commit(sha: str, subject: str, author: str) -> Commit:
    person = Person(author, f"{author.split(maxsplit=1)[0].lower()}@example.org")
    return Commit(sha, "0" * 40, (FREEZE,), person, person, f"{subject}\n\nwith a body\n")


def pull(number: int, title: str, login: str, head: str) -> Pull:
    url = f"https://github.example/shop/shop/pull/{number}"
    return Pull(number, url, title, "merged", Account(number, login), "release/2.4", head, "shop/shop", head)


def approved() -> Change:
    return Change(
        id="pull:12",
        commits=(commit(ROUNDED, "Fix the rounding of VAT", "Alice Able"),),
        title="Fix the rounding of VAT",
        authors=("alice",),
        pull=pull(12, "Fix the rounding of VAT", "alice", ROUNDED),
        verdict=Verdict.APPROVED,
        reason="approved",
        detail="pull request 12 was approved by bob",
        approvals=(Approval("bob", ROUNDED, "2026-11-19T09:12:44Z", "same-tree"),),
    )


def pushed() -> Change:
    return Change(
        id=f"commit:{PUSHED}",
        commits=(commit(PUSHED, "Show open orders on the dashboard", "Mallory Fast"),),
        title="Show open orders on the dashboard",
        authors=("Mallory Fast <mallory@example.org>",),
        pull=None,
        verdict=Verdict.BLOCKED,
        reason="direct-push",
        detail=(
            "4c1f09a by Mallory Fast <mallory@example.org> came in without a pull request; "
            "revert it through an approved pull request and bring it again through another, or have two people waive it"
        ),
    )


def stale() -> Change:
    return Change(
        id="pull:14",
        commits=(commit("7" * 40, "Speed up the list", "Dana Dee"), commit(STALE, "Speed it up more", "Dana Dee")),
        title="Speed up the list of orders",
        authors=("dana",),
        pull=pull(14, "Speed up the list of orders", "dana", STALE),
        verdict=Verdict.BLOCKED,
        reason="stale-approval",
        detail=(
            "pull request 14 was approved by bob at 7777777, but 3f2a9c1 came after that; "
            "ask bob, or anybody who did not write it, to approve it at 3f2a9c1"
        ),
        guards=(Guard(".lastcall.yml", ("@shop/release", "@carol"), owner_approved=False), Guard(".github/workflows/lastcall.yml")),
        needs=Need(1, STALE, ("dana",), (OwnersNeeded(("@shop/release", "@carol"), (".lastcall.yml",)),)),
    )


def unknown() -> Change:
    """An open pull request that nobody has approved, about which the forge did not answer in full."""
    return Change(
        id="pull:15",
        commits=(commit(OPEN, "Show the stock", "Erin East"),),
        title="Show the stock",
        authors=("erin",),
        pull=pull(15, "Show the stock", "erin", OPEN),
        verdict=Verdict.UNKNOWN,
        reason="unknown-reviews",
        detail="the reviews of pull request 15 are not known: the forge answered 502; check again when it does",
        needs=Need(1, OPEN, ("erin",)),
    )


def waived() -> Change:
    return Change(
        id="pull:16",
        commits=(commit(GLASS, "Use the new payment service", "Frank Fox"),),
        title="Use the new payment service",
        authors=("frank",),
        pull=pull(16, "Use the new payment service", "frank", GLASS),
        verdict=Verdict.EXEMPT,
        reason="waived",
        detail="a waiver of ann and ben lets pull request 16 through until 2026-12-01: the old service is switched off tonight",
        waiver=Waiver("pull:16", "the old service is switched off tonight", "2026-12-01", ("ann", "ben"), GLASS),
    )


def checks() -> tuple[Check, ...]:
    """One of each state; the second one is told of by a finding."""
    run = "https://github.example/shop/shop/runs/7"
    return (
        Check("test", "github-actions", HEAD, CheckState.PASSED, f"test passed on {HEAD[:7]}", run),
        Check("load-test", "", HEAD, CheckState.MISSING, f"load-test has not run on {HEAD[:7]}; run it on exactly this commit"),
        Check("lint", "", HEAD, CheckState.PASSED, f"lint passed on {HEAD[:7]}", run),
        Check("e2e", "", HEAD, CheckState.FAILED, f"e2e failed on {HEAD[:7]}; mend what it found, or run it again", run),
    )


def about_check(check: Check) -> Finding:
    """What a rule says of a required check that is not green."""
    return Finding(
        rule="failed-check" if check.state is CheckState.FAILED else "missing-check",
        severity=Severity.ERROR,
        message=check.detail,
        commit=check.commit,
        fingerprint=f"{len(check.name):032x}",
    )


def rewritten() -> Report:
    """A release branch that was pushed with force, and lost what had been frozen."""
    lost = (commit("5" * 40, "Count the stock", "Alice Able"), commit(FREEZE, "Ready for the freeze", "Bob Best"))
    fact = Rewritten(Freeze(FREEZE, "tag freeze/release/2.4", "e" * 40), "release/2.4", HEAD, lost)
    finding = Finding(
        rule="rewritten-history",
        severity=Severity.ERROR,
        message=(
            "release/2.4 at 8f3c2d1 does not hold its freeze 41d0c7e: 2 commits that were frozen are lost; "
            "push the branch again as it was, or freeze it anew"
        ),
        commit=HEAD,
        fingerprint="7" * 32,
    )
    rewriting = replace(release(), changes=(), checks=(), rewritten=fact, after=None, before=None, notes=())
    return Report(release=rewriting, findings=(finding,), version="0.1.0")


def exempt() -> Change:
    return Change(
        id="commit:" + "9" * 40,
        commits=(commit("9" * 40, "Say how to upgrade", "Alice Able"),),
        title="Say how to upgrade",
        authors=("Alice Able <alice@example.org>",),
        pull=None,
        verdict=Verdict.EXEMPT,
        reason="exempt",
        detail="the policy exempts docs/** from review",
    )


def about(change: Change) -> Finding:
    """What a rule says of a change that lacks approval."""
    return Finding(
        rule={"direct-push": "unreviewed-change"}.get(change.reason, change.reason),
        severity=Severity.ERROR,
        message=change.detail,
        change=change.id,
        commit=change.commits[-1].sha,
        fingerprint=f"{len(change.title):032x}",
    )


def unindexed_join() -> Finding:
    return Finding(
        rule="unindexed-join",
        severity=Severity.ERROR,
        message="orders is looked up by user_id for each row of users, but no index of orders starts with user_id: the whole table is read",
        location=Location("shop/dashboard.py", 18, 11, 18, 44),
        change=f"commit:{PUSHED}",
        commit=PUSHED,
        tables=("orders", "users"),
        index=MissingIndex("orders", ("user_id",)),
        suggestion="CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);",
        related=(Related("orders is declared here; its indexes: PRIMARY KEY (id)", Location(TABLES, 9)),),
        fingerprint="5d41402abc4b2a76b9719d911017c592",
        excerpt=Excerpt(
            15,
            (
                '    cursor.execute("""',
                "        SELECT u.name, o.total",
                "          FROM users u",
                "          JOIN orders o ON o.user_id = u.id",
                "         WHERE u.team_id = %s",
                '    """, [team])',
            ),
        ),
    )


def unindexed_filter() -> Finding:
    return Finding(
        rule="unindexed-filter",
        severity=Severity.WARNING,
        message="users is searched by team_id, but no index of users starts with team_id: the whole table is read",
        location=Location("shop/dashboard.py", 19, 16, 19, 30),
        change=f"commit:{PUSHED}",
        commit=PUSHED,
        tables=("users",),
        index=MissingIndex("users", ("team_id",)),
        suggestion=(
            "CREATE INDEX CONCURRENTLY users_team_id_idx ON users (team_id);\n"
            'migrations.AddIndex("user", models.Index(fields=["team"], name="users_team_id_idx"))'
        ),
        related=(Related("users is declared here; its indexes: PRIMARY KEY (id), (email)", Location(TABLES, 1)),),
        fingerprint="7d793037a0760186574b0282f2f435e7",
        excerpt=Excerpt(18, ("          JOIN orders o ON o.user_id = u.id", "         WHERE u.team_id = %s", '    """, [team])')),
    )


def unread_query() -> Finding:
    return Finding(
        rule="unread-query",
        severity=Severity.NOTE,
        message="this query could not be read: the name of its table is put in at run time",
        location=Location("shop/reports.py", 88, 5, 88, 40),
        fingerprint="9e107d9d372bb6826bd81d3542a419d6",
        excerpt=Excerpt(88, ('    cursor.execute(f"SELECT * FROM {table}")',)),
    )


def ignored() -> Finding:
    return Finding(
        rule="unindexed-join",
        severity=Severity.ERROR,
        message="archive is looked up by user_id for each row of users, but no index of archive starts with it: the whole table is read",
        location=Location("shop/archive.py", 12, 9, 12, 40),
        tables=("archive", "users"),
        index=MissingIndex("archive", ("user_id",)),
        suggestion="CREATE INDEX CONCURRENTLY archive_user_id_idx ON archive (user_id);",
        fingerprint="e4d909c290d0fb1ca068ffaddf22cbd0",
        reason="forty rows, and read once a year",
    )


def side() -> Side:
    def table(name: str, line: int, *indexes: Index) -> Table:
        return Table(name, (Column("id", "BIGINT", nullable=False),), indexes, location=Location(TABLES, line))

    key = Index("pkey", ("id",), unique=True, primary=True)
    users = table("users", 1, key, Index("users_email_key", ("email",)))
    return Side(
        catalog=Catalog("postgres", {"users": users, "orders": table("orders", 9, key)}),
        queries=tuple(Query("SELECT 1", "SELECT ?", "string", Location("shop/dashboard.py", line)) for line in range(1, 10)),
        unread=(
            Unread("query", "the name of its table is put in at run time", Location("shop/reports.py", 88)),
            Unread("query", "the name of its table is put in at run time", Location("shop/reports.py", 14)),
            DUMP,
        ),
        files=7,
    )


def release() -> Release:
    return Release(
        position=Position.RELEASE,
        headline="release/2.4 at 8f3c2d1 since its freeze at 41d0c7e (tag freeze/release/2.4): 6 late changes",
        branch="release/2.4",
        head=HEAD,
        base=FREEZE,
        freeze=Freeze(FREEZE, "tag freeze/release/2.4", "e" * 40),
        reviewed=True,
        changes=(approved(), pushed(), stale(), exempt(), unknown(), waived()),
        checks=checks(),
        after=side(),
        before=Side(unread=(Unread("query", "the name of its table is put in at run time", Location("shop/reports.py", 11)), DUMP)),
        notes=("release/2.4 here is 1 commit behind origin/release/2.4",),
    )


def rich() -> Report:
    """A release with a bit of everything."""
    return Report(
        release=release(),
        findings=(
            about(pushed()),
            about(stale()),
            about(unknown()),
            *(about_check(check) for check in checks() if check.state is not CheckState.PASSED),
            unindexed_join(),
            unindexed_filter(),
            unread_query(),
        ),
        ignored=(ignored(),),
        version="0.1.0",
    )


def clean() -> Report:
    """A release with nothing to say."""
    quiet = replace(release(), changes=(approved(),), checks=(), after=replace(side(), unread=()), notes=())
    return Report(release=quiet, version="0.1.0")


def glass() -> Report:
    """A release that passes, with a change in it that nobody approved."""
    passed = tuple(check for check in checks() if check.state is CheckState.PASSED)
    broken = replace(clean().release, changes=(approved(), waived()), checks=passed, after=None, before=None)
    return Report(release=broken, version="0.1.0")


def empty() -> Report:
    """A staged change in a repository without any SQL."""
    return Report(Release(Position.STAGED, "the index against 8f3c2d1", after=Side(), before=Side()), version="0.1.0")


# ---------------------------------------------------------------------------------------------------------------- hostile text

HOSTILE = {
    "terminal": "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b2J\x7f\x08\x0b\x0c\x00",
    "carriage return": "good\rFAIL: evil",
    "bidi": "user\u202e\u2066 \u2069\u200b\ufeff admin\u061c \u2028 \u2029",
    "tags": "tag\U000e0041\U000e0042 filler\u3164\xad",
    "surrogates": "bytes \udcff\udc80 and \ud800 alone",
    "command": "::error file=x::pwned",
    "old command": "##[add-mask]x ##vso[task.setvariable]y ##teamcity[z]",
    "command on a new line": "title\n::stop-commands::x\n  ::add-mask::y\n##[error]z",
    "percent": "100% %0A::error::x %25",
    "html": "<script>alert(1)</script><img src=x onerror=y><!-- </details> &lt; &copy;",
    "links": "[click](https://evil.example) ![i](http://evil.example/x.png) https://evil.example www.evil.example [a]: b",
    "mention": "@everyone and @org/team, #12 GH-12 org/repo#3 a@evil.example",
    "table": "a | b \\| c || d \\",
    "fence": "``` x ```` y ~~~ `z`",
    "block": "# heading",
    "list": "- item",
    "number": "1. item",
    "rule": "---",
    "emphasis": "*a* **b** __c__ _d_ ~~e~~ $f$ \\*",
    "cjk": "修正する 合計の 丸め " * 20,
    "long": "x" * 5_000,
}


def hostile(text: str) -> Report:
    """A report in which every text that a repository, a forge or a person can write is ``text``."""
    place = Location(text, 3, 2, 3, 9)
    person = Person(text, text)
    commits = (Commit("c" * 40, "0" * 40, (FREEZE,), person, person, text),)
    asked = replace(pull(7, text, text, text), url=text)
    guards = (Guard(text), Guard(text, (text, text), owner_approved=False))
    needs = Need(1, text, (text,), (OwnersNeeded((text,), (text,)),))
    blocked = Change("pull:7", commits, text, (text,), asked, Verdict.BLOCKED, "stale-approval", text, guards=guards, needs=needs)
    let_in = replace(blocked, id="pull:8", verdict=Verdict.APPROVED, approvals=(Approval(text, text, text, text),))
    waiver = Waiver("pull:9", text, text, (text, text), text)
    glass = replace(blocked, id="pull:9", verdict=Verdict.EXEMPT, reason="waived", waiver=waiver)
    check = Check(text, text, text, CheckState.FAILED, text, text)
    finding = Finding(
        rule="unindexed-join",
        severity=Severity.ERROR,
        message=text,
        location=place,
        change="pull:8",
        commit="c" * 40,
        tables=(text,),
        index=MissingIndex(text, (text,)),
        suggestion=text,
        related=(Related(text, Location(text, 1)), Related(text)),
        fingerprint="f" * 32,
        reason=text,
        excerpt=Excerpt(2, tuple(text.replace("\n", " ").splitlines() or [""]) * 3),
    )
    bare = replace(finding, rule="stale-approval", change="pull:7", location=None, index=None, excerpt=None)
    failed, rewriting = (replace(bare, rule=rule, change=None) for rule in ("failed-check", "rewritten-history"))
    unread = (Unread("query", text, place, text), Unread("reviews", text, None, text))
    return Report(
        release=Release(
            position=Position.RELEASE,
            headline=text,
            branch=text,
            head=text,
            base=text,
            freeze=Freeze(text, text),
            reviewed=True,
            changes=(blocked, let_in, replace(let_in, id="commit:" + "d" * 40, pull=None, verdict=Verdict.EXEMPT), glass),
            checks=(check, replace(check, state=CheckState.PASSED)),
            rewritten=Rewritten(Freeze(text, text, text), text, text, commits),
            repository=text,
            after=Side(Catalog(text, {text: Table(text)}), unread=unread, files=1, notes=(text,)),
            unread=unread,
            notes=(text,),
        ),
        findings=(bare, finding, failed, rewriting, replace(finding, severity=Severity.NOTE, change=None, index=None)),
        ignored=(finding, bare),
        version="0.1.0",
    )


def many(number: int) -> Report:
    """``number`` findings of each severity, and as many changes that nobody knows anything about."""
    changes = tuple(
        replace(
            pushed(),
            id=f"commit:{each:040x}",
            commits=(commit(f"{each:07x}".ljust(40, "0"), f"Change {each}", "Eve"),),
            title=f"Change {each}",
            detail=f"who reviewed {each:07x} is not known: no forge was asked",
        )
        for each in range(number)
    )
    findings = [
        replace(unindexed_join(), severity=severity, fingerprint=f"{severity}{each}") for severity in Severity for each in range(number)
    ]
    return Report(replace(release(), changes=changes), tuple(findings), version="0.1.0")
