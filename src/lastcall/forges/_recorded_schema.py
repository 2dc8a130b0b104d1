"""The JSON Schema of an evidence file: the types of the model, with what they mean in words, for whoever reads or writes such a file."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ABOUT = (
    "What 'lastcall collect' writes and 'lastcall check --evidence' replays: all that a forge told of the late commits of a release. "
    "Fields may be added in later versions of lastcall, never changed; a file without the newer ones is still read."
)
_ID = {"pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"}
_TIME = {"format": "date-time"}
_FORMS: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "BaseChange": {"at": _TIME},
    "CommitChecks": {"commit": _ID},
    "CommitEvidence": {"sha": _ID},
    "ForcePush": {"before": _ID, "after": _ID, "at": _TIME},
    "Moment": {"time": _TIME, "commit": _ID},
    "Pull": {"state": {"enum": ["open", "closed", "merged"]}, "head": _ID, "merge_commit": _ID, "merged_at": _TIME, "head_tree": _ID},
    "PullCommit": {"sha": _ID},
    "Review": {"commit": _ID, "submitted_at": _TIME, "edited_at": _TIME},
    "TagEvidence": {"object": _ID, "commit": _ID},
}
"""What texts look like, which the types do not say: full commit ids in lower case, and times with their zone."""

_ACCOUNT = "null: the forge maps the address to no account"
_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "Recorded": {"version": "The version of this format.", "evidence": "All that was collected."},
    "Account": {
        "id": "The forge's number of the account, which it keeps when it is renamed; null where the forge knows no account.",
        "login": "The name of the account, or of a person without one as a commit writes it.",
        "kind": "What kind of account it is.",
    },
    "BaseChange": {
        "before": "The base branch before.",
        "after": "The base branch from then on.",
        "at": "When that was, by the forge's clock.",
    },
    "CheckRun": {
        "name": "The name of the check run, or the context of the commit status.",
        "state": "How it ended.",
        "app": "The app that told of it, by its slug; empty for a commit status and where the forge does not say.",
        "app_id": "The app's number on the forge.",
        "url": "Where its details are.",
    },
    "CommitChecks": {"commit": "The commit that they ran on.", "runs": "The newest run of each check by each app."},
    "CommitEvidence": {
        "sha": "The commit.",
        "pulls": "The numbers of the pull requests that hold it or that it came from.",
        "author": f"Who wrote it ({_ACCOUNT}).",
        "committer": f"Who committed it ({_ACCOUNT}).",
        "co_authors": "Whom its message names as co-authors.",
        "verified": "Whether the forge vouches for its signature, its own or that of the author or committer.",
        "signed_by_forge": "Whether the forge itself signed it.",
        "reviews": "Approvals of the commit itself, without a pull request.",
    },
    "Evidence": {
        "forge": "The forge that was asked.",
        "repository": "The repository, as the forge calls it (owner/name).",
        "asked": "The name that it was asked under; the forge answers under its old names, too.",
        "commits": "The late commits, and those that they were picked from.",
        "pulls": "The pull requests of these commits, and the one under judgement.",
        "unread": "What the forge did not answer: evidence that is missing never approves.",
        "checks": "The checks of the release head; null where they were not asked for or not answered.",
        "teams": "Who the owners are that CODEOWNERS does not name by login.",
        "moments": "Where the server had a branch at a time: how a freeze that is a time was resolved.",
        "tags": "Where the server has the tags that were asked for.",
    },
    "ForcePush": {
        "actor": "Who pushed; null where the forge has lost the account.",
        "before": "The head before; null where the forge has lost the commit.",
        "after": "The head from then on; null where the forge has lost the commit.",
        "at": "When that was, by the forge's clock.",
    },
    "Location": {
        "path": "The path of a file.",
        "line": "The line, from 1.",
        "column": "The column, from 1.",
        "end_line": "The last line.",
        "end_column": "The column after the last character.",
    },
    "Moment": {
        "branch": "The branch.",
        "time": "The time, as it was asked.",
        "commit": "The commit that the branch was at.",
        "log": "What it was read from, in words.",
    },
    "Pull": {
        "number": "The number of the pull request.",
        "url": "Its page.",
        "title": "Its title.",
        "state": "Whether it is open, closed without a merge, or merged.",
        "author": "Who opened it.",
        "base": "The branch that it is for.",
        "head": "The last commit of its branch.",
        "base_repository": "The repository that it is for (owner/name).",
        "merge_commit": "The commit that it landed as; for a rebase the last of several.",
        "merged_at": "When it was merged, by the forge's clock.",
        "head_tree": "The tree of its head.",
        "merge_signed_by_forge": "Whether the forge itself made and signed the merge commit.",
        "reviews": "Its reviews with an opinion, oldest first.",
        "commits": "Its commits.",
        "force_pushes": "How its branch was pushed anew, oldest first.",
        "base_changes": "How it was pointed at another base, oldest first.",
        "merged_by": "Who merged it; null where nobody did or the forge does not say.",
    },
    "PullCommit": {
        "sha": "The commit.",
        "author": f"Who wrote it ({_ACCOUNT}).",
        "committer": f"Who committed it ({_ACCOUNT}).",
        "author_name": "The author's name as the commit writes it.",
        "co_authors": "Whom its message names as co-authors.",
        "verified": "Whether the forge vouches for its signature, its own or that of the author or committer.",
        "signed_by_forge": "Whether the forge itself signed it.",
    },
    "Review": {
        "reviewer": "Who gave it.",
        "state": "What it says.",
        "commit": "The head that it was given on; null where the forge has lost it.",
        "submitted_at": "When it was given, by the forge's clock.",
        "can_write": "Whether the reviewer could write to the repository when that was asked; null where the forge does not say.",
        "edited_at": "When its text was last edited; its opinion cannot be edited.",
        "teams": "The teams on whose behalf it was given, as CODEOWNERS writes them.",
    },
    "TagEvidence": {
        "name": "The tag.",
        "object": "The id of the tag object; of the commit itself for a lightweight tag.",
        "commit": "The commit behind it.",
    },
    "Team": {"name": "The team (@acme/db) or e-mail address, as CODEOWNERS writes it.", "members": "The accounts that it stands for."},
    "Unread": {
        "what": "What could not be read, in one word.",
        "reason": "Why, and what to do about it.",
        "location": "Where, if that is in a file.",
        "subject": "What it is about: commit:<sha>, pull:<number>, checks:<sha>, owner:<name>, tag:<name>; empty for everything.",
    },
}


def described(raw: Mapping[str, object]) -> dict[str, object]:
    """``raw``, the schema that the types give, with the draft, titles and descriptions that a reader needs."""
    schemas = raw["$defs"]
    assert isinstance(schemas, dict)
    definitions = {name: _with_words(name, schema) for name, schema in sorted(schemas.items())}
    top = _with_words("Recorded", raw) | {"title": "Evidence file of lastcall", "description": _ABOUT}
    return {"$schema": _DRAFT} | {key: value for key, value in top.items() if key != "$defs"} | {"$defs": definitions}


def _with_words(name: str, schema: Mapping[str, object]) -> dict[str, object]:
    told = dict(schema)
    if isinstance(text := told.get("description"), str):
        told["description"] = " ".join(inspect.cleandoc(text).replace("``", "`").split())
    properties = told.get("properties")
    if isinstance(properties, dict):
        told["properties"] = {key: _property(name, key, value) for key, value in properties.items()}
    return told


def _property(name: str, key: str, raw: Mapping[str, object]) -> dict[str, object]:
    """One field: what it means, and what it looks like."""
    told = {word: value for word, value in raw.items() if word != "title"}
    form = _FORMS.get(name, {}).get(key, {})
    choices = told.get("anyOf")
    if form and isinstance(choices, list):
        told["anyOf"] = [{**choice, **form} if choice.get("type") == "string" else choice for choice in choices]
    else:
        told |= form
    return {"description": _MEANINGS[name][key]} | told
