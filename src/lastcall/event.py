"""What GitHub Actions or GitLab CI says a run is for: the event of its environment, read as commits that arrive or would land.

https://docs.github.com/actions/reference/events-that-trigger-workflows; ``GITHUB_SHA`` of a pull request is a merge made for the test, so
the event's own file is read for its head.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from lastcall.comparison import Merge, Push
from lastcall.model import LastcallError

_BRANCH = "refs/heads/"
_QUEUED = re.compile(r"/pr-(\d+)-[0-9a-f]{40}$")
_PULLS = frozenset({"pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"})


def read(environ: Mapping[str, str]) -> Push | Merge | None:
    """What the run is for; None outside of GitHub Actions and GitLab CI, and for events that name no branch.

    Raises LastcallError where the event's file cannot be read or lacks what an event of its kind has.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    if not name:
        return _gitlab(environ) if environ.get("GITLAB_CI") == "true" else None
    if name in _PULLS or name == "merge_group":
        payload = _payload(environ)
        try:
            return _group(payload) if name == "merge_group" else _pull(payload)
        except (KeyError, TypeError, ValueError) as error:
            raise _broken(environ, f"it has no {error}") from None
    if name == "push":
        return _push(_payload(environ))
    ref, sha = environ.get("GITHUB_REF", ""), environ.get("GITHUB_SHA", "")
    return Push(ref.removeprefix(_BRANCH), sha) if ref.startswith(_BRANCH) and sha else None


def _gitlab(environ: Mapping[str, str]) -> Push | Merge | None:
    """A pipeline of a merge request, or of a branch: https://docs.gitlab.com/ci/variables/predefined_variables/."""
    head, number = environ.get("CI_COMMIT_SHA", ""), environ.get("CI_MERGE_REQUEST_IID", "")
    into, base = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""), environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    if number.isdecimal() and into and base and head:
        # A pipeline of merged results runs on a merge that GitLab made to try it out; the head of the merge request is told beside it.
        return Merge(into=into, base=base, head=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or head, pull=int(number))
    branch, old = environ.get("CI_COMMIT_BRANCH", ""), environ.get("CI_COMMIT_BEFORE_SHA", "")
    return Push(branch, head, None if absent(old) else old) if branch and head else None


def absent(sha: str) -> bool:
    """Whether this is the id that git writes for "no commit": the other end of a branch that is made or deleted."""
    return not sha.strip("0")


def _pull(payload: Mapping[str, object]) -> Merge:
    pull = _part(payload, "pull_request")
    base, head = _part(pull, "base"), _part(pull, "head")
    return Merge(into=_text(base, "ref"), base=_text(base, "sha"), head=_text(head, "sha"), pull=int(str(pull["number"])))


def _group(payload: Mapping[str, object]) -> Merge:
    group = _part(payload, "merge_group")
    queued = _QUEUED.search(str(group.get("head_ref")))  # nothing else in the event names the pull request that waits
    return Merge(
        into=_text(group, "base_ref").removeprefix(_BRANCH),
        base=_text(group, "base_sha"),
        head=_text(group, "head_sha"),
        pull=int(queued[1]) if queued else None,
        group=True,
    )


def _push(payload: Mapping[str, object]) -> Push | None:
    ref, old, new = (str(payload.get(key) or "") for key in ("ref", "before", "after"))
    if not ref.startswith(_BRANCH) or absent(new):
        return None
    return Push(ref.removeprefix(_BRANCH), new, None if absent(old) else old)


def _payload(environ: Mapping[str, str]) -> Mapping[str, object]:
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        payload = json.loads(Path(path).read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError) as error:
        raise _broken(environ, str(error)) from None
    if not isinstance(payload, dict):
        raise _broken(environ, "it is not a JSON object" if path else "GITHUB_EVENT_PATH is not set")
    return payload


def _broken(environ: Mapping[str, str], why: str) -> LastcallError:
    message = f"the {environ.get('GITHUB_EVENT_NAME')} event of this workflow run cannot be read: {why}"
    return LastcallError(message, "name what to compare instead: --base REF and --head REF, or --release BRANCH")


def _part(parent: Mapping[str, object], key: str) -> Mapping[str, object]:
    part = parent[key]
    if not isinstance(part, dict):
        raise KeyError(key)
    return part


def _text(parent: Mapping[str, object], key: str) -> str:
    text = parent[key]
    if not isinstance(text, str) or not text:
        raise KeyError(key)
    return text
