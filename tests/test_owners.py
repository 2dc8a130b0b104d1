"""Who owns what, by example: CODEOWNERS in, owners of paths out.

Most examples are those of GitHub's page: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

import random
import re
from collections.abc import Mapping

import pytest

from lastcall.model import Kind, Location
from lastcall.owners import LIMIT, LINES, PATHS, Owners
from test_policy import Files


def base(text: str | bytes, path: str = ".github/CODEOWNERS") -> Owners:
    """The owners that the base's file names; the head has the same one."""
    tree = Files({path: text})
    return Owners.read(tree, tree)


def of(text: str, path: str) -> str:
    return " ".join(base(text).of(path))


def told(owners: Owners) -> list[tuple[int, str]]:
    return [(each.location.line if each.location else 0, each.reason) for each in owners.unread]


EXAMPLE = r"""
# This is a comment.
# Each line is a file pattern followed by one or more owners.

*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment, which names @nobody.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* plain@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @logger
/apps/ @octocat
/apps/github
"""

OWNED = {
    "README.md": "@global-owner1 @global-owner2",
    "src/deep/down.py": "@global-owner1 @global-owner2",
    "src/app.js": "@js-owner",
    "app.JS": "@global-owner1 @global-owner2",
    "cmd/main.go": "docs@example.com",
    "notes.txt": "@octo-org/octocats",
    "build/logs/today": "@logger",
    "src/build/logs.d/today": "@global-owner1 @global-owner2",
    "docs/getting-started.md": "@doctocat",
    "docs/build-app/troubleshooting.md": "@doctocat",
    "src/apps/any.py": "@octocat",
    "src/apps": "@global-owner1 @global-owner2",
    "scripts/run.sh": "@doctocat @octocat",
    "src/scripts/run.sh": "@global-owner1 @global-owner2",
    "deeply/nested/logs/x/y": "@logger",
    "apps/shop/a.py": "@octocat",
    "apps/github/a.py": "",
    "apps/github": "",
    "apps/githubx": "@octocat",
}


@pytest.mark.parametrize(("path", "owners"), OWNED.items())
def test_the_example_of_github(path: str, owners: str) -> None:
    assert of(EXAMPLE, path) == owners
    assert base(EXAMPLE).unread == ()


PATTERNS: list[tuple[str, str, str]] = [
    # pattern, what it matches, what it does not
    ("*", "a a/b a/b/c .a", ""),
    ("/*", "a .a", "a/b a/b/c"),
    ("docs/*", "docs/a", "docs docs/a/b x/docs/a"),
    ("docs/", "docs/a docs/a/b x/docs/a", "docs x/docs docsy/a"),
    ("/docs/", "docs/a docs/a/b", "docs x/docs/a"),
    ("docs", "docs docs/a x/docs x/docs/a", "docsy xdocs docs.md"),
    ("/docs", "docs docs/a", "x/docs docsy"),
    ("a/b", "a/b a/b/c", "x/a/b a/bc"),
    ("a/b/", "a/b/c a/b/c/d", "a/b x/a/b/c"),
    ("*.lock", "a.lock x/a.lock a.lock/b .lock", "a.locks lock"),
    ("/*.lock", "a.lock a.lock/b", "x/a.lock"),
    ("a/*.py", "a/b.py", "a/b/c.py x/a/b.py a/b.pyc"),
    ("a/*/c", "a/b/c a/b/c/d", "a/c a/b/b/c"),
    ("*/", "a/b a/b/c", "a"),
    ("/*/", "a/b a/b/c", "a"),
    ("**", "a a/b", ""),
    ("/**", "a a/b", ""),
    ("**/", "a/b a/b/c", "a"),
    ("**/logs", "logs a/logs a/b/logs a/logs/x", "logsx a/xlogs"),
    ("a/**", "a/b a/b/c", "a x/a/b"),
    ("a/**/", "a/b a/b/c", "a"),
    ("a/**/z", "a/z a/b/z a/b/c/z a/b/z/y", "a x/a/z a/bz"),
    ("a/**/*", "a/b a/b/c", "a x/a/b"),
    ("**/a/**/b", "a/b x/a/b a/x/b x/a/y/z/b/c", "b/a a ab"),
    ("**/a/**/a/**/b", "a/a/b a/x/a/b a/b/a/b", "a/b a/x/b"),
    ("**/a/b/**/c*", "a/b/c a/a/b/cd x/a/x/a/b/y/c", "a/c a/x/b/c"),
    ("a/**/**/b", "a/b a/x/b", "a"),
    ("a**b", "ab axb x/axxb", "a/b"),
    ("*a*b", "ab xaxxb aab abab", "ba aba"),
    ("f?o", "foo f.o", "fo fooo f/o"),
    ("f\\*o", "f*o", "foo"),
    ("f\\?o", "f?o", "foo"),
    ("my\\ docs/", "my\u0020docs/a", "my docs"),
    ("app/\\[id\\]/", "app/[id]/page.tsx", "app/i/page.tsx"),
    ("c#/", "c#/a", "c"),
    ("a.b+c(d)|e{f}$^", "a.b+c(d)|e{f}$^", "axb+c(d)|e{f}$^"),
    ("Ärger/", "Ärger/a", "ärger/a"),
]


@pytest.mark.parametrize(("pattern", "matched", "left"), PATTERNS)
def test_what_a_pattern_matches(pattern: str, matched: str, left: str) -> None:
    owners = base(f"{pattern} @a")
    # A path with a space is one of its own.
    split = [matched] if " " in pattern else matched.split()
    assert [path for path in split if not owners.of(path)] == []
    assert [path for path in ([left] if " " in pattern else left.split()) if owners.of(path)] == []
    assert owners.unread == ()


def test_the_last_line_that_matches_decides() -> None:
    text = "a/ @a\n" + "".join(f"/x{number}/ @x{number}\n" for number in range(1000)) + "a/b/ @b\na/b/c @c\n/a/b/free\n"
    assert of(text, "a/z") == "@a"
    assert of(text, "a/b/z") == "@b"
    assert of(text, "a/b/c/z") == "@c"
    assert of(text, "a/b/free/z") == ""
    assert [of(text, f"x{number}/y") for number in (0, 199, 200, 201, 999)] == ["@x0", "@x199", "@x200", "@x201", "@x999"]


def test_without_a_file_nobody_owns_anything() -> None:
    for owners in (Owners.read(None, None), Owners.read(Files({}), Files({})), Owners()):
        assert (owners.path, owners.of("a"), owners.asked(["a"]), owners.unread) == (None, (), (), ())


@pytest.mark.parametrize("path", PATHS)
def test_it_may_lie_in_four_places(path: str) -> None:
    owners = base("* @a", path)
    assert (owners.path, owners.of("x")) == (path, ("@a",))


def test_the_first_of_its_places_is_the_only_one() -> None:
    files = {path: f"* @owner{number}\n" for number, path in enumerate(PATHS)}
    for number, path in enumerate(PATHS):
        owners = Owners.read(Files(files), None)
        assert (owners.path, owners.of("x")) == (path, (f"@owner{number}",))
        del files[path]


@pytest.mark.parametrize("elsewhere", ["src/CODEOWNERS", ".github/codeowners", "CODEOWNERS.txt", "x/.github/CODEOWNERS"])
def test_other_files_name_no_owners(elsewhere: str) -> None:
    assert base("* @a", elsewhere).path is None


def test_owners_are_logins_teams_and_addresses() -> None:
    owners = base("a @ann @acme/db ben@example.com @ann_acme @group/sub/team @a.b\nb @ann\nc\nd @acme/web\n")
    assert owners.of("a") == ("@ann", "@acme/db", "ben@example.com", "@ann_acme", "@group/sub/team", "@a.b")
    assert owners.asked(["a", "b", "c"]) == ("@acme/db", "@group/sub/team", "ben@example.com")
    assert owners.asked(["d", "b"]) == ("@acme/web",)
    assert owners.asked(["b", "c", "nobody's"]) == ()
    assert owners.unread == ()


def test_an_owner_is_named_once() -> None:
    assert of("a @ann @ben @ann", "a") == "@ann @ben"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_ends_of_lines_and_white_space(end: str) -> None:
    text = end.join(["\ufeff* \t @a", "  b\t@b  ", "", "   # c @c", "d @d # @e", "f #", "g@x"])
    owners = base(text)
    assert [" ".join(owners.of(path)) for path in ("x", "b", "c", "d", "f", "g@x")] == ["@a", "@b", "@a", "@d", "", ""]


def test_a_line_ends_at_a_line_feed_and_nowhere_else() -> None:
    """What Python's splitlines takes for the end of a line would let a comment name owners."""
    for character in "\x0b\x0c\x1c\x85\u2028":
        assert of(f"* @a\n# harmless{character}* @evil\n", "x") == "@a"


# ---------------------------------------------------------------------------------------------------------------- what cannot be read

SKIPPED = [
    ("!x @b", "`!x` is no pattern: `!` cannot take anything back"),
    ("*.[ch] @b", "`*.[ch]` is no pattern: both [ and ] must have a backslash before them"),
    ("x] @b", "`x]` is no pattern: both [ and ] must have a backslash before them"),
    ("[z-a @b", "`[z-a` is no pattern: both [ and ] must have a backslash before them"),
    ("***/*.rb @b", "`***/*.rb` is no pattern: more than two * stand together"),
    ("\\#x @b", "`\\#x` is no pattern: one that begins with # cannot be written"),
    ("/ @b", "`/` is no pattern: a name is missing between its slashes"),
    ("a//b @b", "`a//b` is no pattern: a name is missing between its slashes"),
    ("x docs@", "`docs@` is no owner: write @login, @organization/team or an e-mail address"),
    ("x ben", "`ben` is no owner: write @login, @organization/team or an e-mail address"),
    ("x @b @", "`@` is no owner: write @login, @organization/team or an e-mail address"),
    ("x @b/", "`@b/` is no owner: write @login, @organization/team or an e-mail address"),
    ("x @@maintainers", "`@@maintainers` is no owner: write @login, @organization/team or an e-mail address"),
    ("x\\", "`x\\` has a backslash with nothing behind it"),
]


@pytest.mark.parametrize(("line", "reason"), SKIPPED)
def test_a_line_that_cannot_be_read_is_skipped_and_told(line: str, reason: str) -> None:
    owners = base(f"* @a\n\n{line}\n")
    assert {path: owners.of(path) for path in ("x", "x.c", "y.rb", "a/b")} == dict.fromkeys(("x", "x.c", "y.rb", "a/b"), ("@a",))
    assert told(owners) == [(3, f"{reason}; the line is skipped, as on GitHub")]
    assert owners.unread[0].location == Location(".github/CODEOWNERS", 3)
    assert owners.unread[0].subject, "an empty subject would mean that nothing at all is known"


def test_what_is_told_of_a_line_has_no_escapes() -> None:
    reason = base("x \x1b[31m\u202e::error::\n".encode() + b"y \xff\n").unread
    assert [each.reason.isprintable() for each in reason] == [True, True]


def test_of_very_many_lines_the_first_ten_are_told() -> None:
    owners = base("* @a\n" + "x y\n" * 500)
    assert len(owners.unread) == 11
    assert told(owners)[-1] == (12, "490 more lines from here on cannot be read, and are skipped, as on GitHub")


CLOSED: list[tuple[Mapping[str, str | bytes], Mapping[str, Kind], str]] = [
    ({"CODEOWNERS": "../elsewhere"}, {"CODEOWNERS": Kind.SYMLINK}, "who owns what is not known: it is a symlink"),
    ({"CODEOWNERS": ""}, {"CODEOWNERS": Kind.SUBMODULE}, "who owns what is not known: it is a submodule"),
    ({"CODEOWNERS": b"#" * (LIMIT + 1)}, {}, "who owns what is not known: it is longer than 3 MiB, which GitHub does not read either"),
    ({"CODEOWNERS": "x\n" * (LINES + 1)}, {}, "who owns what is not known: it has more than 20,000 lines"),
    ({"CODEOWNERS": "* @a\n[Docs] @d\ndocs/\n"}, {}, "who owns what is not known: it has sections, which are GitLab's and not read"),
    ({"CODEOWNERS": "^[Docs][2] @d\n"}, {}, "who owns what is not known: it has sections, which are GitLab's and not read"),
]


@pytest.mark.parametrize(("files", "kinds", "reason"), CLOSED)
def test_a_file_that_cannot_be_read_leaves_owners_unknown(files: Mapping[str, str | bytes], kinds: Mapping[str, Kind], reason: str) -> None:
    """No owners at all would let every change pass: there is one, whom nobody is and whom no forge is asked about."""
    tree = Files(files, kinds)
    owners = Owners.read(tree, Files({"CODEOWNERS": "* @mallory"}))
    assert owners.of("x") == ("whoever CODEOWNERS names",)
    assert owners.asked(["x"]) == ()
    assert [each.reason for each in owners.unread] == [reason]
    assert owners.unread[0].subject == "owner:whoever CODEOWNERS names"


def test_a_file_as_long_as_may_be_is_read() -> None:
    assert of("* @a\n" + "x @x\n" * (LINES - 1), "y") == "@a"
    assert base(b"* @a\n" + b"#" * (LIMIT - 5)).of("y") == ("@a",)


# -------------------------------------------------------------------------------------------------------------------- base and head


def both(before: str, after: str) -> Owners:
    return Owners.read(Files({"CODEOWNERS": before}), Files({"CODEOWNERS": after}))


def test_the_base_says_who_owns() -> None:
    owners = both("* @a\n/free\n", "* @mallory\n")
    assert owners.of("x") == ("@a",)


def test_owners_that_the_head_takes_away_still_own() -> None:
    assert both("* @a\n", "").of("x") == ("@a",)
    assert both("* @a\n", "* @a\n/x\n").of("x") == ("@a",)
    assert Owners.read(Files({"CODEOWNERS": "* @a"}), Files({})).of("x") == ("@a",)


def test_owners_that_the_head_adds_own_what_had_none() -> None:
    owners = both("/a @a\n/free\n", "/a @a\n* @b\n")
    assert [owners.of(path) for path in ("a", "free", "other")] == [("@a",), ("@b",), ("@b",)]
    assert Owners.read(Files({}), Files({"CODEOWNERS": "* @b"})).of("x") == ("@b",)
    assert Owners.read(None, Files({"CODEOWNERS": "* @b @acme/x"})).asked(["x"]) == ("@acme/x",)


def test_a_file_that_the_head_puts_before_the_bases_does_not_hide_it() -> None:
    owners = Owners.read(Files({"CODEOWNERS": "/a @a"}), Files({"CODEOWNERS": "/a @a", ".github/CODEOWNERS": "* @mallory"}))
    assert (owners.path, owners.of("a"), owners.of("b")) == ("CODEOWNERS", ("@a",), ("@mallory",))


def test_a_file_of_the_head_that_cannot_be_read_adds_nothing_and_is_told() -> None:
    owners = Owners.read(Files({"CODEOWNERS": "/a @a"}), Files({"CODEOWNERS": "x\n" * (LINES + 1)}))
    assert (owners.of("a"), owners.of("b")) == (("@a",), ())
    assert len(owners.unread) == 1


def test_a_line_that_both_cannot_read_is_told_once() -> None:
    assert len(both("* @a\nx y\n", "* @a\nx y\n/z @z\n").unread) == 1
    assert len(both("* @a\n", "* @a\nx y\n").unread) == 1


# -------------------------------------------------------------------------------------------------------------------- hostile files


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("**/" + "a/**/" * 30 + "b", "a/" * 200 + "c"),
        ("*a" * 40 + "*b", "a" * 500),
        ("*?" * 40 + "*b", "a" * 500),
        ("**/" + "*a*/**/" * 20 + "b", "aa/" * 200 + "c"),
        ("a*" * 20_000 + "b", "a" * 4000),
        ("**/" + "a*/" * 20_000 + "b", "a/" * 2000 + "c"),
        ("(a+)+" * 50 + "$", "a" * 500),
    ],
)
def test_no_pattern_takes_for_ever(line: str, path: str) -> None:
    """Each of these would take longer than anybody lives if it were a plain translation."""
    owners = base(f"{line} @a\n" * (20 if len(line) < 1000 else 1))
    assert [owners.of(f"{path}{number}") for number in range(20)] == [()] * 20


def test_many_lines_and_many_paths_take_seconds() -> None:
    owners = base("".join(f"**/folder{number}/*.py @team{number}\nname{number}.js @a\n" for number in range(1000)))
    for number in range(0, 5000, 5):
        assert owners.of(f"src/folder{number}/deep/x.ts") == ()
    assert owners.of("src/folder7/x.py") == ("@team7",)


def plain(pattern: str, path: str) -> bool:
    """What a pattern matches, said once more as plainly as can be: names one by one, every choice tried."""

    def name(glob: str, text: str) -> bool:
        return re.fullmatch("[^/]*".join(re.escape(piece).replace(r"\?", "[^/]") for piece in re.split(r"\*+", glob)), text) is not None

    def match(globs: list[str], names: list[str]) -> bool:
        if not globs:
            return (not names or pattern[-2:] != "/*") and (bool(names) or not pattern.endswith("/"))
        if globs[0] == "**":
            if len(globs) == 1:
                return bool(names)
            return match(globs[1:], names) or (bool(names) and match(globs, names[1:]))
        return bool(names) and name(globs[0], names[0]) and match(globs[1:], names[1:])

    anywhere = [] if "/" in pattern[:-1] else ["**"]
    return match([*anywhere, *pattern.strip("/").split("/")], path.split("/"))


def test_random_patterns_match_what_they_plainly_say() -> None:
    chosen = random.Random(7)
    for _ in range(3000):
        parts = [chosen.choice(["a", "b", "ab", "*", "a*", "*b", "a*b", "*a*b*", "**", "a?"]) for _ in range(chosen.randint(1, 4))]
        pattern = f"{chosen.choice(['', '/'])}{'/'.join(parts)}{chosen.choice(['', '/'])}"
        if pattern.strip("*/") == "":
            continue  # the cases above say what nothing but wildcards means
        path = "/".join(chosen.choice(["a", "b", "ab", "aab", "abab", "xb"]) for _ in range(chosen.randint(1, 5)))
        assert bool(base(f"{pattern} @a").of(path)) == plain(pattern, path), (pattern, path)
