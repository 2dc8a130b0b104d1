"""The policy by example: YAML in, a policy or a message out."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import jsonschema
import pytest

from lastcall import policy
from lastcall.check import rules
from lastcall.model import (
    Blob,
    Exemption,
    Finding,
    Kind,
    LastcallError,
    Policy,
    Position,
    QueryPolicy,
    Release,
    RequiredCheck,
    ReviewPolicy,
    Severity,
    Waiver,
)


@dataclass(frozen=True)
class NoOptions:
    pass


@dataclass(frozen=True)
class JoinOptions:
    max_rows: int = field(default=1000, metadata={"description": "Rows that may be read.", "ge": 1})
    tables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_rows == 13:
            raise ValueError("max-rows must not be 13")


RULES = {"cartesian-join": NoOptions, "unindexed-filter": NoOptions, "unindexed-join": JoinOptions}
DOCS = Path(__file__).parents[1] / "docs" / "policy.md"


class Files:
    """A tree of a few files."""

    def __init__(self, files: Mapping[str, str | bytes], kinds: Mapping[str, Kind] | None = None) -> None:
        self._contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        ids = {path: hashlib.sha256(content).hexdigest()[:40] for path, content in self._contents.items()}
        self.blobs = [Blob(path, ids[path], (kinds or {}).get(path, Kind.FILE)) for path in sorted(files)]

    def read(self, blob: Blob, limit: int) -> bytes | None:
        content = self._contents[blob.path]
        return content if len(content) <= limit else None


def load(text: str | bytes) -> Policy:
    """What a policy says, without the id of its file."""
    return replace(policy.load(Files({".lastcall.yml": text}), RULES), blob="")


def refused(text: str | bytes) -> str:
    with pytest.raises(LastcallError) as caught:
        load(text)
    return caught.value.message


def hint(text: str) -> str:
    with pytest.raises(LastcallError) as caught:
        load(text)
    return caught.value.hint


# ---------------------------------------------------------------------------------------------------------------------- what is read

EXAMPLE = """
branches: ["release/*"]            # the release branches
freeze: {at: v2.4.0-rc1}           # optional; default: the tag freeze/<branch>
review:
  approvals: 1                     # independent approvers for each late change
  code-owners: true                # CODEOWNERS of the base must have approved
  carry: replay                    # none | same-tree | replay: how an approval follows the content
  accept-base: [main]              # an approval for these branches counts when the change was carried over unchanged
  accept-picks-from: ["main", "backport/*"]
  allow-clean-revert: true
  allow-post-merge: true
  allow-suggestions: true
  submodules: require-approval
  approving-bots: ["approver[bot]"]
  allowed-signers: .github/allowed-signers
  exempt: [{paths: ["docs/**"]}, {authors: ["renovate[bot]"], paths: ["**/*.lock"]}]
checks:                            # must be green on exactly the release head
  - test (3.12)
  - {name: load-test, app: github-actions}
  - {name: smoke, app: 15368}
waivers:                           # break-glass
  - {change: pull:12, reason: "checkout is down", expiry: 2026-12-01, people: [ann, ben], commit: 0a1b2c3}
  - {change: "commit:ABCDEF0123", reason: hot fix, expiry: "2026-12-02", people: ["@ann", Ben, carl]}
queries:
  dialect: postgres                # default: detected
  schema: auto                     # or a list of files / front ends
  exclude: ["tests/**"]
  small-tables: [country, currency]
rules: {unindexed-filter: warning, cartesian-join: {severity: error}}
"""


def test_the_example_of_the_design() -> None:
    assert load(EXAMPLE) == Policy(
        branches=("release/*",),
        freeze_at="v2.4.0-rc1",
        review=ReviewPolicy(
            approvals=1,
            code_owners=True,
            carry="replay",
            accept_base=("main",),
            accept_picks_from=("main", "backport/*"),
            allow_clean_revert=True,
            allow_post_merge=True,
            allow_suggestions=True,
            submodules="require-approval",
            approving_bots=("approver[bot]",),
            allowed_signers=".github/allowed-signers",
            exempt=(Exemption(paths=("docs/**",)), Exemption(paths=("**/*.lock",), authors=("renovate[bot]",))),
        ),
        checks=(RequiredCheck("test (3.12)"), RequiredCheck("load-test", "github-actions"), RequiredCheck("smoke", "15368")),
        waivers=(
            Waiver("pull:12", "checkout is down", "2026-12-01", ("ann", "ben"), "0a1b2c3"),
            Waiver("commit:abcdef0123", "hot fix", "2026-12-02", ("ann", "Ben", "carl")),
        ),
        queries=QueryPolicy(dialect="postgres", schema=(), exclude=("tests/**",), small_tables=("country", "currency")),
        severities={"unindexed-filter": Severity.WARNING, "cartesian-join": Severity.ERROR},
        path=".lastcall.yml",
    )


def test_no_policy_means_the_defaults() -> None:
    assert policy.load(None, RULES) == policy.load(Files({"README.md": ""}), RULES) == Policy()


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n", "---\n...\n", "~", "{}", "review: {}", "rules: {}", "queries: {}"])
def test_a_policy_that_says_nothing_means_the_defaults(text: str) -> None:
    assert load(text) == Policy(path=".lastcall.yml")


def test_what_a_policy_says_changes_nothing_else() -> None:
    assert load("review: {approvals: 2}") == Policy(review=ReviewPolicy(approvals=2), path=".lastcall.yml")


def test_a_byte_order_mark_is_no_part_of_a_key() -> None:
    assert load(b"\xef\xbb\xbfchecks: [test]").checks == (RequiredCheck("test"),)


def test_a_policy_says_which_file_it_is() -> None:
    for text in ("review: {approvals: 2}", "# nothing yet\n"):
        tree = Files({".lastcall.yml": text})
        assert policy.load(tree, RULES).blob == tree.blobs[0].id
    assert policy.load(Files({}), RULES).blob == ""


@pytest.mark.parametrize("at", ["v1", "release-start", "0a1b2c3", "2026-11-21T18:00Z", "2026-11-21 18:00+01:00"])
def test_a_freeze_is_a_name_or_a_time(at: str) -> None:
    assert load(f"freeze: {{at: {at}}}").freeze_at == at


def test_a_waiver_that_has_expired_is_no_wrong_one() -> None:
    """The verdict says that it has; a policy must not stop to be one at midnight."""
    assert load("waivers: [{change: pull:1, reason: r, expiry: 2001-01-01, people: [a, b]}]").waivers[0].expiry == "2001-01-01"


def test_a_schema_may_be_a_list_of_files() -> None:
    assert load("queries: {schema: [db/structure.sql]}").queries.schema == ("db/structure.sql",)


def test_a_policy_can_read_every_file() -> None:
    assert load("queries: {exclude: []}").queries.exclude == ()


def test_the_policy_may_end_in_yaml() -> None:
    assert policy.load(Files({".lastcall.yaml": "review: {approvals: 2}"}), RULES).path == ".lastcall.yaml"


def test_the_policy_may_have_a_name_of_its_own() -> None:
    assert policy.load(Files({"ci/policy": "review: {approvals: 2}"}), RULES, "ci/policy").path == "ci/policy"


def test_two_policies_are_one_too_many() -> None:
    with pytest.raises(LastcallError, match=r"two policies: \.lastcall\.yaml and \.lastcall\.yml"):
        policy.load(Files({".lastcall.yaml": "", ".lastcall.yml": ""}), RULES)


@pytest.mark.parametrize("kind", [Kind.SYMLINK, Kind.SUBMODULE])
def test_the_policy_is_a_file(kind: Kind) -> None:
    with pytest.raises(LastcallError, match=f"is a {kind}"):
        policy.load(Files({".lastcall.yml": "/etc/passwd"}, {".lastcall.yml": kind}), RULES)


# ------------------------------------------------------------------------------------------------------------------------- severities


@pytest.mark.parametrize("word", ["off", "Off", "no", "false", '"off"', "{severity: off}", "{severity: false}"])
def test_every_way_to_say_no_switches_a_rule_off(word: str) -> None:
    assert load(f"rules: {{unindexed-join: {word}}}").severities == {"unindexed-join": None}


@pytest.mark.parametrize("word", ["on", "yes", "true", "{severity: on}", "{}"])
def test_on_leaves_a_rule_its_own_severity(word: str) -> None:
    assert load(f"rules: {{unindexed-join: {word}}}") == Policy(path=".lastcall.yml")


def test_a_rule_gets_its_own_options() -> None:
    read = load("rules: {unindexed-join: {severity: note, max-rows: 5, tables: [orders]}}")
    assert read.severities == {"unindexed-join": Severity.NOTE}
    assert read.options == {"unindexed-join": JoinOptions(max_rows=5, tables=("orders",))}
    assert type(read.options["unindexed-join"]) is JoinOptions


def test_an_option_that_is_not_set_keeps_its_default() -> None:
    assert load("rules: {unindexed-join: {tables: [orders]}}").options == {"unindexed-join": JoinOptions(max_rows=1000, tables=("orders",))}


# --------------------------------------------------------------------------------------------------------------------------- messages


def waiver(**keys: str | None) -> str:
    """A policy with one waiver, which differs from a right one by ``keys`` (None: left out): one key on each line, from line 2 on."""
    right = {"change": "pull:12", "reason": "checkout is down", "expiry": "2026-12-01", "people": "[ann, ben]"}
    lines = [f"{key}: {value}" for key, value in {**right, **keys}.items() if value is not None]
    return "waivers:\n- " + "\n  ".join(lines)


MESSAGES = [
    # unknown keys, with the nearest
    ("branches: [a]\nreview:\n  aproval: 2", ".lastcall.yml:3: unknown key `aproval`; did you mean `approvals`?"),
    ("review: {code_owners: true}", ".lastcall.yml:1: unknown key `code_owners`; did you mean `code-owners`?"),
    ("review: {exempt: [{path: [docs]}]}", ".lastcall.yml:1: unknown key `path`; did you mean `paths`?"),
    ("zzz: 1", ".lastcall.yml:1: unknown key `zzz`; known: branches, checks, freeze, queries, review, rules, waivers"),
    ("approvals: 2", ".lastcall.yml:1: unknown key `approvals` here; it belongs under `review:`"),
    ("queries:\n  carry:\n    replay", ".lastcall.yml:2: unknown key `carry` here; it belongs under `review:`"),
    ("12: 1", ".lastcall.yml:1: unknown key `12`; known: branches, checks, freeze, queries, review, rules, waivers"),
    # rows that the judge believes in
    ("queries:\n  rows: {default: many}", ".lastcall.yml:2: `default` must be a whole number, not the text `many`"),
    ("queries:\n  rows: {country: 0}", ".lastcall.yml:2: `country` must be a number of rows from 1 to 10000000000, not `0`"),
    ("queries:\n  rows: 1000", ".lastcall.yml:2: `rows` must be a mapping of keys, not `1000`"),
    # wrong types
    ('review: {approvals: "2"}', ".lastcall.yml:1: `approvals` must be a whole number, not the text `2`"),
    ("review: {approvals: 1.5}", ".lastcall.yml:1: `approvals` must be a whole number, not `1.5`"),
    ("review: {approvals: true}", ".lastcall.yml:1: `approvals` must be a whole number, not `true`"),
    ("review: {approvals: 0}", ".lastcall.yml:1: `approvals` must be at least 1, not `0`"),
    ("review: {code-owners: yes}", ".lastcall.yml:1: `code-owners` must be true or false, not the text `yes`"),
    ("branches: release/*", '.lastcall.yml:1: `branches` must be a list, not `release/*`: write ["release/*"]'),
    ("branches: {a: b}", ".lastcall.yml:1: `branches` must be a list, not a mapping"),
    ("branches: []", ".lastcall.yml:1: `branches` must be a list of one entry or more"),
    ("freeze: v1", ".lastcall.yml:1: `freeze` must be a mapping of keys, not the text `v1`"),
    ("freeze: {}", ".lastcall.yml:1: `freeze` lacks `at`"),
    ("freeze: {at: [v1]}", ".lastcall.yml:1: `at` must be text, not a list"),
    ("- review", ".lastcall.yml:1: a policy must be a mapping of keys, not a list"),
    ("review", ".lastcall.yml:1: a policy must be a mapping of keys, not the text `review`"),
    (
        "review: {exempt: [{}]}",
        ".lastcall.yml:1: entry 1 of `exempt` must be an exemption with `paths` or `authors`: this one would exempt everything",
    ),
    ("review: {exempt: [{paths: []}]}", ".lastcall.yml:1: `paths` must be a list of one entry or more"),
    # numbers and the like where text was meant
    ("freeze: {at: 1.10}", '.lastcall.yml:1: `at` must be text, and `1.10` is a number: put it in quotes, "1.10"'),
    ("freeze: {at: 12345e6}", '.lastcall.yml:1: `at` must be text, and `12345e6` is a number: put it in quotes, "12345e6"'),
    ("branches:\n- main\n- 2.4", '.lastcall.yml:3: entry 2 of `branches` must be text, and `2.4` is a number: put it in quotes, "2.4"'),
    (
        "checks: [true]",
        '.lastcall.yml:1: entry 1 of `checks` must be text, or a mapping of keys, and `true` is true or false: put it in quotes, "true"',
    ),
    # checks
    ("checks: test", '.lastcall.yml:1: `checks` must be a list, not `test`: write ["test"]'),
    ("checks: [{app: ci}]", ".lastcall.yml:1: entry 1 of `checks` lacks `name`"),
    ("checks:\n- a\n- {name: b, ap: ci}", ".lastcall.yml:3: unknown key `ap`; did you mean `app`?"),
    ("checks: [{name: 3}]", '.lastcall.yml:1: `name` must be text, and `3` is a number: put it in quotes, "3"'),
    ("checks: [{name: a, app: [b]}]", ".lastcall.yml:1: `app` must be text, or a whole number, not a list"),
    ("checks: [{name: a, app: 0}]", ".lastcall.yml:1: `app` must be the slug or the number of an app, not `0`"),
    ("checks: [{name: a, app: -7}]", ".lastcall.yml:1: `app` must be the slug or the number of an app, not `-7`"),
    # reviews
    (
        "review: {submodules: allow}",
        ".lastcall.yml:1: `submodules` must be `block` or `require-approval`, not `allow`",
    ),
    ("review: {allow-clean-reverts: true}", ".lastcall.yml:1: unknown key `allow-clean-reverts`; did you mean `allow-clean-revert`?"),
    ("review: {allow-suggestions: 1}", ".lastcall.yml:1: `allow-suggestions` must be true or false, not `1`"),
    ("review: {approving-bots: renovate}", '.lastcall.yml:1: `approving-bots` must be a list, not `renovate`: write ["renovate"]'),
    ("review: {accept-base: [m*a*i*n*]}", ".lastcall.yml:1: entry 1 of `accept-base` is a pattern that cannot be read: `m*a*i*n*`"),
    (
        'review: {accept-picks-from: [main, "**/**/**/**/x"]}',
        ".lastcall.yml:1: entry 2 of `accept-picks-from` is a pattern that cannot be read: `**/**/**/**/x`",
    ),
    (
        "review:\n  allowed-signers: ../signers",
        (
            ".lastcall.yml:2: `allowed-signers` must be a path from the root of the repository, like `.github/allowed-signers`, "
            "not `../signers`"
        ),
    ),
    (
        "review: {allowed-signers: /etc/signers}",
        (
            ".lastcall.yml:1: `allowed-signers` must be a path from the root of the repository, like `.github/allowed-signers`, "
            "not `/etc/signers`"
        ),
    ),
    # waivers
    (waiver(reason=None), ".lastcall.yml:2: entry 1 of `waivers` lacks `reason`"),
    (waiver(reason='""'), ".lastcall.yml:3: `reason` is empty"),
    (waiver(reason='"  "'), ".lastcall.yml:3: `reason` is empty"),
    (waiver(resaon="r"), ".lastcall.yml:6: unknown key `resaon`; did you mean `reason`?"),
    (waiver(change="12"), ".lastcall.yml:2: `change` must be `pull:<number>` or `commit:<id>`, like `pull:12`, not `12`"),
    (waiver(change="PR12"), ".lastcall.yml:2: `change` must be `pull:<number>` or `commit:<id>`, like `pull:12`, not `PR12`"),
    (waiver(change="pull:0"), ".lastcall.yml:2: `change` must be `pull:<number>` or `commit:<id>`, like `pull:12`, not `pull:0`"),
    (waiver(change="commit:abc"), ".lastcall.yml:2: `change` must be `pull:<number>` or `commit:<id>`, like `pull:12`, not `commit:abc`"),
    (
        waiver(change="commit:main123"),
        ".lastcall.yml:2: `change` must be `pull:<number>` or `commit:<id>`, like `pull:12`, not `commit:main123`",
    ),
    (waiver(expiry="never"), ".lastcall.yml:4: `expiry` must be a date, like 2026-12-01, not `never`"),
    (waiver(expiry="2026"), ".lastcall.yml:4: `expiry` must be a date, like 2026-12-01, not `2026`"),
    (waiver(expiry="2026-12-01T18:00Z"), ".lastcall.yml:4: `expiry` must be a date, like 2026-12-01, not `2026-12-01T18:00Z`"),
    (waiver(expiry="01.12.2026"), ".lastcall.yml:4: `expiry` must be a date, like 2026-12-01, not `01.12.2026`"),
    (waiver(expiry="2026-02-30"), ".lastcall.yml:4: `expiry` must be a date, like 2026-12-01, not `2026-02-30`: there is no such day"),
    (waiver(people="[ann]"), ".lastcall.yml:5: `people` must be a list of two entries or more"),
    (waiver(people="ann"), '.lastcall.yml:5: `people` must be a list, not `ann`: write ["ann"]'),
    (waiver(people='[ann, "@Ann"]'), ".lastcall.yml:5: `people` must be the logins of 2 people or more, not one of them twice"),
    (waiver(people="[ann, Ben Smith]"), ".lastcall.yml:5: entry 2 of `people` must be a login, like `ann`, not `Ben Smith`"),
    (waiver(people="[ann, b@example.com]"), ".lastcall.yml:5: entry 2 of `people` must be a login, like `ann`, not `b@example.com`"),
    (waiver(commit="main"), ".lastcall.yml:6: `commit` must be the id of a commit, 7 hexadecimal digits or more, not `main`"),
    (
        waiver(commit="1234567"),
        (
            ".lastcall.yml:6: `commit` must be the id of a commit, 7 hexadecimal digits or more, and `1234567` is a number: "
            'put it in quotes, "1234567"'
        ),
    ),
    (
        waiver(change="commit:0a1b2c3", commit="0a1b2c3"),
        ".lastcall.yml:6: `commit` binds a pull request's waiver, and `change` names a commit already",
    ),
    ("waivers: {change: pull:1}", ".lastcall.yml:1: `waivers` must be a list, not a mapping"),
    # wrong words
    ("review: {carry: trivial}", ".lastcall.yml:1: `carry` must be `none`, `same-tree` or `replay`, not `trivial`"),
    (
        "review: {carry: same_tree}",
        ".lastcall.yml:1: `carry` must be `none`, `same-tree` or `replay`, not `same_tree`; did you mean `same-tree`?",
    ),
    (
        "queries: {dialect: mssql}",
        ".lastcall.yml:1: `dialect` must be `auto`, `postgres`, `mysql`, `sqlite`, `tsql` or `oracle`, not `mssql`; did you mean `tsql`?",
    ),
    ("queries: {schema: a.sql}", '.lastcall.yml:1: `schema` must be `auto`, or a list, not `a.sql`: write ["a.sql"]'),
    ("queries: {schema: [1]}", '.lastcall.yml:1: entry 1 of `schema` must be text, and `1` is a number: put it in quotes, "1"'),
    ('queries: {exclude: ["ok", "!"]}', ".lastcall.yml:1: entry 2 of `exclude` is a pattern that cannot be read: `!`"),
    ('review: {exempt: [{paths: ["[z-a]"]}]}', ".lastcall.yml:1: entry 1 of `paths` is a pattern that cannot be read: `[z-a]`"),
    ('queries: {exclude: ["*a*a*a*a*b"]}', ".lastcall.yml:1: entry 1 of `exclude` is a pattern that cannot be read: `*a*a*a*a*b`"),
    # rules
    ("rules:\n  unindexd-join: error", ".lastcall.yml:2: unknown rule `unindexd-join`; did you mean `unindexed-join`?"),
    ("rules: {waivers: error}", ".lastcall.yml:1: unknown rule `waivers`; known: cartesian-join, unindexed-filter, unindexed-join"),
    (
        "rules: {unindexed-join: eror}",
        (
            ".lastcall.yml:1: `unindexed-join` must be `error`, `warning`, `note`, `off` or `on`, or a mapping of keys, not `eror`; "
            "did you mean `error`?"
        ),
    ),
    ("rules: {unindexed-join: {severity: 3}}", ".lastcall.yml:1: `severity` must be `error`, `warning`, `note`, `off` or `on`, not `3`"),
    ("rules: {unindexed-join: {max-row: 3}}", ".lastcall.yml:1: unknown key `max-row`; did you mean `max-rows`?"),
    ("rules: {unindexed-join: {max_rows: 3}}", ".lastcall.yml:1: unknown key `max_rows`; did you mean `max-rows`?"),
    ("rules: {unindexed-filter: {max-rows: 3}}", ".lastcall.yml:1: unknown key `max-rows`; known: severity"),
    ("rules: {unindexed-join: {max-rows: many}}", ".lastcall.yml:1: `max-rows` must be a whole number, not the text `many`"),
    ("rules: {unindexed-join: {max-rows: 0}}", ".lastcall.yml:1: `max-rows` must be at least 1, not `0`"),
    ("rules: {unindexed-join: {max-rows: 13}}", ".lastcall.yml:1: max-rows must not be 13"),
    ("rules: [unindexed-join]", ".lastcall.yml:1: `rules` must be a mapping of keys, not a list"),
    # YAML
    ("checks: [a]\nreview:\nqueries: {}", ".lastcall.yml:2: `review` has no value"),
    ('branches: [a, ""]', ".lastcall.yml:1: entry 2 of `branches` is empty"),
    ("checks: [a]\n\nchecks: [b]", ".lastcall.yml:3: `checks` stands here for the second time; the first is on line 1"),
    ("review:\n\tapprovals: 2", ".lastcall.yml:2: not YAML (column 1): found character '\\t' that cannot start any token"),
    ("checks: [a", ".lastcall.yml:1: not YAML (column 11): expected ',' or ']', but got '<stream end>'"),
    ("---\nchecks: [a]\n---\nchecks: [b]", ".lastcall.yml:3: a second YAML document begins here"),
    ("? [a]\n: b", ".lastcall.yml:1: a key must be a word"),
    ("checks: &all [a]\nbranches: *all", ".lastcall.yml:2: `*all` is an alias, which a policy cannot have"),
    (
        "checks: !!python/name:os.system a",
        ".lastcall.yml:1: `tag:yaml.org,2002:python/name:os.system` is a tag, which a policy cannot have",
    ),
    ("!secret checks: [a]", ".lastcall.yml:1: a key must be a word"),
    ("checks: [a]\nbranches: [\x07]", ".lastcall.yml:2: a control character, which YAML does not allow"),
    (b"checks: [a]\nbranches: [\xe9]", ".lastcall.yml:2: not UTF-8"),
    (b"\xff\xfec\x00", ".lastcall.yml:1: not UTF-8"),
    ('checks: ["\\uD800"]', ".lastcall.yml:1: entry 1 of `checks` has a character that cannot be seen"),
    ('checks: [a,\n "\\e[2J"]', ".lastcall.yml:2: entry 2 of `checks` has a character that cannot be seen"),
    (
        'checks: [a]\n"\\e[31m\\n::error": 1',
        ".lastcall.yml:2: unknown key `\ufffd[31m\ufffd::error`; known: branches, checks, freeze, queries, review, rules, waivers",
    ),
]


@pytest.mark.parametrize(("text", "message"), MESSAGES)
def test_the_message_says_where_and_what(text: str | bytes, message: str) -> None:
    assert refused(text) == message


def test_all_errors_are_told_at_once_in_the_order_of_the_file() -> None:
    assert refused("rules: {a: error}\nreview:\n  approvals: 0\n  cary: none\nbranchs: [a]").splitlines() == [
        ".lastcall.yml:1: unknown rule `a`; known: cartesian-join, unindexed-filter, unindexed-join",
        ".lastcall.yml:3: `approvals` must be at least 1, not `0`",
        ".lastcall.yml:4: unknown key `cary`; did you mean `carry`?",
        ".lastcall.yml:5: unknown key `branchs`; did you mean `branches`?",
    ]


def test_of_very_many_errors_the_first_ten_are_told() -> None:
    told = refused("\n".join(f"key{number}: 1" for number in range(25))).splitlines()
    assert len(told) == 11
    assert told[-1] == "… and 15 more"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("queries: {exclude: [**/tests]}", "*.lock"),
        ("queries:\n  exclude:\n  - *.lock", "*.lock"),
        ("queries: {exclude: [*tests]}", "*.lock"),
        ("review: {exempt: [{authors: [renovate[bot]]}]}", "renovate[bot]"),
        ("review:\n\tapprovals: 2", "spaces"),
        ("checks: a: b", "quotes"),
        ("checks: [@team]", "quotes"),
    ],
)
def test_what_to_do_about_it(text: str, advice: str) -> None:
    assert advice in hint(text)


# ---------------------------------------------------------------------------------------------------------- words that YAML 1.1 changes


@pytest.mark.parametrize("word", ["on", "off", "no", "NO", "yes", "y", "2026-11-21", "12:30", "0x1F", "0o17", "1_000", "=", "<<"])
def test_words_that_old_yaml_changes_are_text(word: str) -> None:
    assert load(f"queries: {{small-tables: [{word}]}}").queries.small_tables == (word,)


def test_quoted_numbers_are_text() -> None:
    assert load('freeze: {at: "1.10"}').freeze_at == "1.10"


# ------------------------------------------------------------------------------------------------------------------------ hostile files


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 100_000,
        "{a: " * 50_000,
        "? " * 100_000,
        "branches: [" + "1, " * 80_000 + "]",
        "branches: [" + "a, " * 80_000 + "]",
        "\n".join(f"key{number}: 1" for number in range(15_000)),
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]",
        "a: &a [*a]",
        "checks: " + "9" * 200_000,
        "checks: " + "1:" * 100_000 + "1",
        "%YAML 1." + "9" * 10_000 + "\n---\nchecks: [a]",
        'checks: ["\\UFFFFFFFF"]',
        "x" * 250_000,
        "checks: [.nan, .inf, 1e999]",
        "branches: [" + "[" * 900 + "]" * 900 + "]",
    ],
)
def test_a_hostile_policy_is_refused_with_its_line(text: str) -> None:
    assert re.match(r"\.lastcall\.yml:\d+: ", refused(text))
    assert all(len(line) < 300 for line in refused(text).splitlines())


def test_a_policy_longer_than_256_kib_is_refused() -> None:
    assert refused("#" * (256 * 1024 + 1)) == ".lastcall.yml: longer than 256 KiB, which no policy needs"
    assert load("#" * (256 * 1024)) == Policy(path=".lastcall.yml")


# ------------------------------------------------------------------------------------------------------------- the schema for editors


def valid(text: str) -> bool:
    document = policy._parse(text)[0]
    validator = jsonschema.Draft202012Validator(policy.schema(RULES))
    return bool(validator.is_valid(document))


def test_the_schema_is_a_schema() -> None:
    described = policy.schema(RULES)
    jsonschema.Draft202012Validator.check_schema(described)
    assert described["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.dumps(described) == json.dumps(policy.schema(RULES))


def test_the_schema_agrees_with_the_reader() -> None:
    assert valid(EXAMPLE)
    assert valid("rules: {unindexed-join: {severity: off, max-rows: 3}}")
    assert not valid("review: {aproval: 2}")
    assert not valid("review: {approvals: 0}")
    assert not valid("rules: {unindexd-join: error}")
    assert not valid("rules: {unindexed-join: {max-rows: many}}")
    assert not valid("review: {exempt: [{}]}")
    assert not valid("queries: {dialect: mssql}")
    assert valid("checks: [a, {name: b, app: 5}, {name: c}]")
    assert not valid("checks: [{app: 5}]")
    assert valid(waiver(commit="0a1b2c3"))
    assert not valid(waiver(change="12"))
    assert not valid(waiver(expiry="tomorrow"))
    assert not valid(waiver(people="[ann]"))
    assert not valid(waiver(reason=None))
    assert not valid("review: {submodules: allow}")


def test_every_key_of_the_schema_is_described() -> None:
    described = policy.schema(RULES)
    shapes = [described, *described["$defs"].values()]
    lacking = [
        name
        for shape in shapes
        for name, key in shape["properties"].items()
        if not (key.get("description") or described["$defs"].get(key.get("$ref", "").rpartition("/")[2], {}).get("description"))
    ]
    assert lacking == ["tables"]  # the option of this test's rule, which says nothing about itself


def test_the_schema_holds_for_the_real_rules() -> None:
    real = {name: rule.options for name, rule in rules().items()}
    assert set(real) <= {name for shape in policy.schema(real)["$defs"].values() for name in shape["properties"]}


# ----------------------------------------------------------------------------------------------------------------------- what comes of it


def release(*notes: str) -> Release:
    return Release(Position.TREE, "the files of this test", notes=notes)


def test_the_report_holds_what_was_found() -> None:
    found, silenced = Finding("unindexed-join", Severity.ERROR, "found"), Finding("unindexed-join", Severity.ERROR, "silenced")
    report = policy.weigh(release("read 3 files"), [found], [silenced], Policy(), Severity.WARNING, "0.1.0")
    assert (report.findings, report.ignored, report.fail_on, report.version) == ((found,), (silenced,), Severity.WARNING, "0.1.0")
    assert report.release == release("read 3 files")
    assert report.failed


def test_the_report_says_by_which_policy() -> None:
    asked = load("rules: {unindexed-filter: error}")
    report = policy.weigh(release("read 3 files"), [], [], asked, Severity.ERROR, "0.1.0")
    assert report.policy == asked
    assert report.release.notes == ("read 3 files",)


# -------------------------------------------------------------------------------------------------------------------------------- guards

RUNS = "jobs: {check: {steps: [{uses: example/lastcall@v1}]}}"


@pytest.mark.parametrize(
    "path", [".lastcall.yml", ".lastcall.yaml", "CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"]
)
def test_the_policy_and_code_owners_steer_lastcall_even_before_they_exist(path: str) -> None:
    assert policy.guards(Files({}))(path)
    assert policy.guards()(path)


@pytest.mark.parametrize("name", ["allowed-signers", "allowed_signers"])
@pytest.mark.parametrize("folder", ["", ".", ".github/"])
def test_who_may_sign_steers_lastcall(folder: str, name: str) -> None:
    assert policy.guards()(folder + name)
    assert not policy.guards()(f"src/{folder}{name}")


def test_the_file_of_signers_that_the_policy_names_steers_lastcall() -> None:
    assert policy.guards(allowed_signers="keys/release")("keys/release")
    assert not policy.guards()("keys/release")
    assert not policy.guards()("")


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/release.yml",
        ".github/workflows/release.yaml",
        ".github/actions/gate/action.yml",
        ".pre-commit-config.yaml",
        ".gitlab-ci.yml",
        "action.yml",
    ],
)
def test_what_runs_lastcall_steers_it(path: str) -> None:
    assert policy.guards(Files({path: RUNS}))(path)
    assert policy.guards(Files({path: "run: LastCall check"}))(path)
    assert not policy.guards(Files({path: "run: make test"}))(path)


@pytest.mark.parametrize("path", ["README.md", "src/lastcall.py", "docs/workflows/release.yml", "src/CODEOWNERS", "sub/.lastcall.yml"])
def test_other_files_that_name_lastcall_do_not(path: str) -> None:
    assert not policy.guards(Files({path: RUNS}))(path)


def test_a_workflow_that_runs_lastcall_on_either_side_steers_it() -> None:
    path, without, empty = ".github/workflows/release.yml", Files({".github/workflows/release.yml": "run: make test"}), Files({})
    for sides in ([Files({path: RUNS}), without], [without, Files({path: RUNS})], [Files({path: RUNS}), empty]):
        assert policy.guards(*sides)(path)


def test_a_workflow_that_runs_lastcall_by_way_of_another_file_steers_it() -> None:
    steers = policy.guards(
        Files(
            {
                ".github/actions/Gate/action.yml": RUNS,
                ".github/workflows/gate.yml": "uses: ./.github/actions/Gate",
                ".github/workflows/pull.yml": "uses: ./.github/workflows/gate.yml",
                ".github/workflows/other.yml": "uses: ./.github/actions/other",
            }
        )
    )
    assert steers(".github/workflows/gate.yml")
    assert steers(".github/workflows/pull.yml")
    assert not steers(".github/workflows/other.yml")


def test_a_workflow_too_long_to_be_read_counts() -> None:
    assert policy.guards(Files({".github/workflows/long.yml": "#" * 300_000}))(".github/workflows/long.yml")


# ------------------------------------------------------------------------------------------------------------------------ the house


def test_a_repository_without_a_policy_pays_for_no_library() -> None:
    program = "import sys; from lastcall import policy; policy.load(None, {}); print({'yaml', 'pydantic', 'pathspec'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_documentation_names_every_key_and_its_example_is_read() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for example in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        policy.load(Files({".lastcall.yml": example}), {name: rule.options for name, rule in rules().items()})
    for shape in (policy.PolicyKeys, *policy.SECTIONS.values(), *policy.ENTRIES.values(), policy.ExemptKeys):
        for key in policy._keys(shape):
            assert re.search(rf"[`.]{key}[`.]", text), key


DEFAULTS = """
branches: ["release/*"]
review:
  approvals: 1
  code-owners: true
  carry: replay
  accept-base: []
  accept-picks-from: []
  allow-clean-revert: false
  allow-post-merge: false
  allow-suggestions: false
  submodules: block
  approving-bots: []
  exempt: []
checks: []
waivers: []
queries: {dialect: auto, schema: auto, small-tables: [], rows: {}}
"""


def test_rows_are_given_by_table() -> None:
    assert load("queries: {rows: {default: 10000000, country: 250}}").queries.rows == {"default": 10_000_000, "country": 250}
    assert valid("queries: {rows: {default: 10000000, country: 250}}")
    assert not valid("queries: {rows: {country: 0}}")


def test_the_documentation_says_the_defaults() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert ", ".join(f"`{pattern}`" for pattern in QueryPolicy().exclude) in text
    assert load(DEFAULTS) == Policy(path=".lastcall.yml")
