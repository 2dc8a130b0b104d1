"""The command line, and the one boundary at which errors become words and an exit code.

0: pass, 1: findings at or above ``--fail-on``, 2: usage or set-up, 3: a bug in lastcall.  Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lastcall import __version__
from lastcall.output import PASS, Output, save, say, silence

if TYPE_CHECKING:
    from lastcall.commands.check import Wishes
    from lastcall.comparison import Choice
    from lastcall.model import Report

USAGE, BUG, INTERRUPTED = 2, 3, 130
GARBAGE = 200_000
"""Objects made until those that hang in circles are looked for; by itself Python does after 700, for programs that live longer."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Boundary(click.Group):
    """The only place that catches everything: what the user must act on, an interruption, and what must not happen."""

    def invoke(self, ctx: click.Context) -> Any:
        ctx.exit(self._guarded(ctx))

    def _guarded(self, ctx: click.Context) -> int:
        for stream in (sys.stdout, sys.stderr):
            # A name that is no UTF-8, or a terminal that is not, must not end in a traceback.
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        try:
            code = super().invoke(ctx)
        except click.exceptions.Exit as leave:
            return leave.exit_code
        except click.UsageError:
            raise
        except click.ClickException as error:
            error.show()
            return USAGE
        except (KeyboardInterrupt, click.Abort):
            click.echo("lastcall: interrupted", err=True)
            return INTERRUPTED
        except BrokenPipeError:  # of a help text; a report's reader may go without harm, see say
            silence()
            return USAGE
        except Exception as error:  # noqa: BLE001  this is the boundary
            return _tell(error)
        return code if isinstance(code, int) else PASS


def main() -> None:
    """The entry point of ``lastcall`` and of ``python -m lastcall``."""
    gc.set_threshold(GARBAGE)
    try:
        cli(prog_name="lastcall")
    finally:
        gc.freeze()  # the process ends, and all of its memory with it: nothing has to be looked through for garbage


def _tell(error: Exception) -> int:
    from lastcall.formats._untrusted import no_commands, visible  # noqa: PLC0415
    from lastcall.model import LastcallError  # noqa: PLC0415

    if isinstance(error, LastcallError):
        hint = f"\n  {error.hint}" if error.hint else ""
        click.echo(no_commands(visible(f"lastcall: {error.message}{hint}")), err=True)
        return USAGE
    import traceback  # noqa: PLC0415

    click.echo(no_commands(visible("".join(traceback.format_exception(error)))), err=True)
    click.echo(
        f"lastcall {__version__}: this is a bug in lastcall ({type(error).__name__}); please report it with the lines above",
        err=True,
    )
    return BUG


# ---------------------------------------------------------------------------------------------------------------- options


class Plugin(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of click
    """The name of a plug-in; the folder is looked at only when a name is given, or asked for."""

    name = "name"

    def __init__(self, package: str) -> None:
        self.package = package

    def names(self) -> list[str]:
        from lastcall.plugins import names  # noqa: PLC0415

        return names(self.package)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = str(value)
        if name not in self.names():
            self.fail(f"{name!r} is not one of {', '.join(self.names())}.", param, ctx)
        return name

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002
        return f"[{'|'.join(self.names())}]"


class ReportFile(Plugin):
    """``FORMAT:FILE``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        name, colon, file = str(value).partition(":")
        if not colon or not file:
            self.fail(f"{value!r} is not FORMAT:FILE, as in sarif:lastcall.sarif.", param, ctx)
        return super().convert(name, param, ctx), Path(file)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002
        return "FORMAT:FILE"


FORMAT, REPORT, FORGE = Plugin("lastcall.formats"), ReportFile("lastcall.formats"), Plugin("lastcall.forges")


def _with(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


COLOR = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Honours NO_COLOR.")
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Tell on standard error what the forge was asked, and what that cost.")
PROGRESS = click.option("--progress/--no-progress", default=True, help="Show a bar for long work, on a terminal only.")
FAIL_ON = click.option(
    "--fail-on", type=click.Choice(["note", "warning", "error"]), default="error", show_default=True, help="Lowest severity that fails."
)
REPORTING = _with(
    [
        click.option("--format", "format_", type=FORMAT, default="text", show_default=True, help="Format on standard output."),
        click.option("--report", "reports", type=REPORT, multiple=True, help="Write a report to a file too; repeatable."),
        FAIL_ON,
        COLOR,
        PROGRESS,
    ]
)
COMPARED = _with(
    [
        click.option("--release", "branch", metavar="BRANCH", help="Judge a release branch since its freeze."),
        click.option(
            "--freeze",
            metavar="REF|TIME",
            help="The freeze, instead of the tag freeze/BRANCH: a commit, a tag, or a time as in 2026-03-01T18:00:00Z, which the forge is "
            "asked about.",
        ),
        click.option("--base", metavar="REF", help="Judge what HEAD (or --head) brings since it left REF."),
        click.option("--head", metavar="REF", help="The head to judge, instead of HEAD or the branch's tip."),
    ]
)
EVIDENCE = _with(
    [
        click.option(
            "--evidence", metavar="FILE", type=click.Path(path_type=Path), help="Replay the evidence that 'lastcall collect' wrote."
        ),
        click.option("--forge", type=FORGE, help="Who is asked for reviews.  [default: detected]"),
    ]
)
ONLY = click.option("--only", type=click.Choice(["review", "queries"]), help="Judge one half only.")
JUDGE = click.option(
    "--judge", is_flag=True, help="Let a real planner confirm or clear each missing index; it comes with lastcall[planner]."
)
LISTING = _with(
    [
        click.option(
            "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format on standard output."
        ),
        PROGRESS,
    ]
)
PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


def _asked(branch: str | None, freeze: str | None, base: str | None, head: str | None, *, staged: bool = False) -> Choice:
    from lastcall.comparison import Choice  # noqa: PLC0415

    named = {"--release": branch, "--freeze": freeze, "--base": base, "--head": head}
    if staged and any(named.values()):
        raise click.UsageError(
            f"--staged judges the index: it does not go with {next(option for option, value in named.items() if value)}."
        )
    if base and (branch or freeze):
        raise click.UsageError(f"--base names the other end: it does not go with {'--release' if branch else '--freeze'}.")
    return Choice(release=branch, freeze=freeze, base=base, head=head, staged=staged)


@contextlib.contextmanager
def _wishes(
    *,
    progress: bool,
    evidence: Path | None = None,
    forge: str | None = None,
    only: str | None = None,
    fail_on: str = "error",
    verbose: bool = False,
    judge: bool = False,
) -> Iterator[Wishes]:
    from lastcall.commands.check import Wishes  # noqa: PLC0415
    from lastcall.model import Severity  # noqa: PLC0415
    from lastcall.progress import watched  # noqa: PLC0415
    from lastcall.release import Source  # noqa: PLC0415

    if evidence and forge not in (None, "recorded"):
        raise click.UsageError(f"--evidence replays a file: it does not go with --forge {forge}.")
    with watched(wanted=progress) as told:
        source = Source(forge or "", evidence, dict(os.environ), _aside if verbose else _unsaid)
        yield Wishes(source, only or "", Severity[fail_on.upper()], told, judge)


def _aside(text: str) -> None:
    """What only a curious user wants to know, apart from the report; it may come from a forge or a repository."""
    from lastcall.formats._untrusted import no_commands, visible  # noqa: PLC0415

    click.echo(no_commands(visible(f"lastcall: {text}")), err=True)


def _unsaid(_: str) -> None:
    """Where nobody is curious."""


# ---------------------------------------------------------------------------------------------------------------- commands


@click.group(cls=Boundary, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="lastcall %(version)s")
@click.option("-C", "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False), help="Run as if started in DIR.")
@click.pass_context
def cli(ctx: click.Context, folder: str | None) -> None:
    """The last call before a release.

    Which changes came in after the code freeze, and was each of them really approved? Which of the queries that this release brings, or
    whose indexes it takes away, will make the database read a whole table for a join?

    Exit codes: 0 pass, 1 findings, 2 usage or set-up, 3 a bug in lastcall.
    """
    if folder:
        ctx.with_resource(contextlib.chdir(folder))


@cli.command()
@COMPARED
@click.option("--staged", is_flag=True, help="Judge the index against HEAD: queries only.")
@ONLY
@JUDGE
@EVIDENCE
@VERBOSE
@REPORTING
def check(
    *,
    branch: str | None,
    freeze: str | None,
    base: str | None,
    head: str | None,
    staged: bool,
    only: str | None,
    judge: bool,
    evidence: Path | None,
    forge: str | None,
    verbose: bool,
    format_: str,
    reports: tuple[tuple[str, Path], ...],
    fail_on: str,
    color: str,
    progress: bool,
) -> int:
    """Judge a release: its late changes and the queries it brings.

    With nothing named, it is what the GitHub workflow run is for; else the current branch: since its freeze where it is a release branch,
    and against the default branch where it is not.
    """
    asked = _asked(branch, freeze, base, head, staged=staged)
    if staged and only == "review":
        raise click.UsageError("--staged judges queries only: nobody has reviewed the index.")
    if judge and only == "review":
        raise click.UsageError("--judge looks at queries: it does not go with --only review.")
    with _wishes(progress=progress, evidence=evidence, forge=forge, only=only, fail_on=fail_on, verbose=verbose, judge=judge) as wishes:
        from lastcall.commands.check import run  # noqa: PLC0415

        report = run(Path(), asked, wishes)
    return Output(format_, reports, color).deliver(report)


@cli.command()
@PATHS
@JUDGE
@REPORTING
def audit(
    *,
    paths: tuple[Path, ...],
    judge: bool,
    format_: str,
    reports: tuple[tuple[str, Path], ...],
    fail_on: str,
    color: str,
    progress: bool,
) -> int:
    """Judge every query of a repository or folder.

    Not only what a release changes. A folder needs no git; several PATHs are read as one tree.
    """
    with _wishes(progress=progress, fail_on=fail_on, judge=judge) as wishes:
        from lastcall.commands.audit import run  # noqa: PLC0415

        report = run(paths, wishes)
    return Output(format_, reports, color).deliver(report)


@cli.command()
@PATHS
@LISTING
def queries(paths: tuple[Path, ...], format_: str, progress: bool) -> None:
    """List every query, as it was read.

    With its place, the SQL it was lowered to, its tables and joins; and what could not be read, and why.
    """
    _list(paths, "queries", format_, progress=progress)


@cli.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@LISTING
def schema(path: Path | None, format_: str, progress: bool) -> None:
    """Show the tables and indexes, as they were read.

    Each with the file and line that it comes from.
    """
    _list((path,) if path else (), "schema", format_, progress=progress)


@cli.command()
@PATHS
@click.option(
    "--statistics",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A server's own numbers: the output of 'pg_dump --statistics-only', or a CSV of tables and rows.",
)
@LISTING
@COLOR
def plan(*, paths: tuple[Path, ...], statistics: Path | None, format_: str, progress: bool, color: str) -> None:
    """Show how a real planner runs each query.

    With the indexes that it lacks, and how its cost grows with the tables. It comes with lastcall[planner].
    """
    from lastcall.commands import plan as planning  # noqa: PLC0415
    from lastcall.progress import watched  # noqa: PLC0415

    with watched(wanted=progress) as told:
        planned = planning.run(paths, statistics, told)
    say(planning.as_json(planned) if format_ == "json" else planning.as_text(planned, Output("text", (), color).style))


def _list(paths: tuple[Path, ...], what: str, format_: str, *, progress: bool) -> None:
    from lastcall.commands import listing  # noqa: PLC0415
    from lastcall.commands.audit import reading  # noqa: PLC0415
    from lastcall.progress import watched  # noqa: PLC0415

    printers = {
        ("queries", "text"): listing.queries_text,
        ("queries", "json"): listing.queries_json,
        ("schema", "text"): listing.schema_text,
        ("schema", "json"): listing.schema_json,
    }
    with watched(wanted=progress) as told, reading(paths, told) as read:
        text = printers[what, format_](read.side)
    say(text)


@cli.command()
@click.argument("branch", required=False)
@click.option("--at", metavar="REF", help="The commit to freeze at, instead of the branch's tip.")
@click.option("--sign", is_flag=True, help="Sign the tag, as your git is set up to.")
@click.option("--list", "listed", is_flag=True, help="Show the freezes there are.")
def freeze(branch: str | None, at: str | None, sign: bool, listed: bool) -> None:
    """Declare the code freeze of a release branch.

    It is an annotated tag, freeze/BRANCH: every commit after it is late.
    """
    from lastcall.commands.freeze import declare, listing  # noqa: PLC0415

    if listed:
        if branch or at or sign:
            raise click.UsageError("--list shows every freeze: it stands alone.")
        say(listing(Path()))
        return
    if not branch:
        raise click.UsageError("Name the BRANCH to freeze, or --list the freezes there are.")
    say(declare(Path(), branch, at, sign=sign))


@cli.command()
@click.argument("branch")
def thaw(branch: str) -> None:
    """End the code freeze of a release branch."""
    from lastcall.commands.freeze import end  # noqa: PLC0415

    say(end(Path(), branch))


@cli.command()
@click.option("-o", "--output", "file", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The evidence file to write.")
@COMPARED
@click.option("--forge", type=FORGE, help="Who is asked for reviews.  [default: detected]")
@VERBOSE
@PROGRESS
def collect(
    *,
    file: Path,
    branch: str | None,
    freeze: str | None,
    base: str | None,
    head: str | None,
    forge: str | None,
    verbose: bool,
    progress: bool,
) -> None:
    """Fetch all review evidence into one file.

    'lastcall check --evidence FILE' replays it offline.
    """
    asked = _asked(branch, freeze, base, head)
    with _wishes(progress=progress, forge=forge, verbose=verbose) as wishes:
        from lastcall.commands.check import collect as ask  # noqa: PLC0415
        from lastcall.forges.recorded import write  # noqa: PLC0415

        evidence = ask(Path(), asked, wishes)
    save(file, write(evidence))
    from lastcall.formats._wording import count  # noqa: PLC0415

    found = f"{count(len(evidence.commits), 'commit')} and {count(len(evidence.pulls), 'pull request')}"
    told = f"{found} from {evidence.forge}; {len(evidence.unread)} not read"
    say(f"{file}: {told}\n")


@cli.command()
@click.argument("name", metavar="RULE|COMMIT")
@COMPARED
@EVIDENCE
@VERBOSE
@COLOR
@PROGRESS
def explain(
    *,
    name: str,
    branch: str | None,
    freeze: str | None,
    base: str | None,
    head: str | None,
    evidence: Path | None,
    forge: str | None,
    verbose: bool,
    color: str,
    progress: bool,
) -> None:
    """Explain a rule, or the evidence about a commit.

    For a commit, the options say what it is part of, as they do for check.
    """
    asked = _asked(branch, freeze, base, head)
    with _wishes(progress=progress, evidence=evidence, forge=forge, verbose=verbose) as wishes:
        from lastcall.commands import explain as explaining  # noqa: PLC0415

        text = explaining.explain(Path(), name, asked, wishes, Output("text", (), color).style)
    say(text)


@cli.command()
@COLOR
def demo(color: str) -> None:
    """Rebuild the outage in a temporary repository, and check it.

    Ends with 0 whatever the check says; its own exit code is told.
    """
    from lastcall import demo as demonstration  # noqa: PLC0415

    output = Output("text", (), color)
    built = demonstration.build()
    say(demonstration.introduction(built))
    code = output.deliver(demonstration.judge(built))
    say(demonstration.farewell(built, code))


@cli.command()
@click.argument("name", type=click.Choice(["pre-commit", "pre-push", "pre-receive"]))
@ONLY
@EVIDENCE
@REPORTING
def hook(
    *,
    name: str,
    only: str | None,
    evidence: Path | None,
    forge: str | None,
    format_: str,
    reports: tuple[tuple[str, Path], ...],
    fail_on: str,
    color: str,
    progress: bool,
) -> int:
    """Run as a git hook: pre-commit, pre-push or pre-receive."""
    from lastcall.commands import hook as hooks  # noqa: PLC0415

    if name == "pre-commit" and not reports and hooks.nothing_staged(Path(), os.environ):
        say("lastcall: nothing that is staged can hold SQL\n")
        return PASS
    with _wishes(progress=progress, evidence=evidence, forge=forge, only=only, fail_on=fail_on) as wishes:
        told = list(_reports(name, wishes))
    output, code = Output(format_, reports, color), PASS
    for each in told or ["git names nothing that moves: nothing to judge"]:
        if isinstance(each, str):
            say(f"lastcall: {each}\n")
        else:
            code = max(code, output.deliver(each))
    return code


def _reports(name: str, wishes: Wishes) -> Iterator[Report | str]:
    from lastcall.commands import hook as hooks  # noqa: PLC0415

    if name == "pre-commit":
        return hooks.pre_commit(Path(), wishes)
    if os.environ.get("PRE_COMMIT") and name == "pre-push":
        return hooks.pre_push_of_framework(Path(), os.environ, wishes)
    if sys.stdin.isatty():
        raise click.UsageError(f"git gives {name} its standard input; by hand, 'lastcall check' does the same.")
    if name == "pre-receive":
        return hooks.pre_receive(Path(), sys.stdin, wishes)
    return hooks.pre_push(Path(), sys.stdin, wishes)
