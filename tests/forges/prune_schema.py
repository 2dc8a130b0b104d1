"""Makes github.graphql of GitHub's whole schema: ``python tests/forges/prune_schema.py SCHEMA.graphql > tests/forges/github.graphql``."""

import sys
from dataclasses import replace
from pathlib import Path

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ScalarTypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)

KEPT = """
Query Repository Node GitObject Actor Commit Tree Tag Ref PageInfo RateLimit Bot EnterpriseUserAccount Mannequin Organization Team
TeamConnection TeamMemberConnection User App
GitActor GitActorConnection GitSignature GpgSignature SshSignature SmimeSignature UnknownSignature CommitConnection CommitHistoryConnection
PullRequest PullRequestConnection PullRequestCommit PullRequestCommitConnection PullRequestReview PullRequestReviewConnection
PullRequestTimelineItemsConnection PullRequestTimelineItemsEdge PullRequestTimelineItems HeadRefForcePushedEvent BaseRefForcePushedEvent
BaseRefChangedEvent AutomaticBaseChangeSucceededEvent
ReviewDismissedEvent MergedEvent AddedToMergeQueueEvent RemovedFromMergeQueueEvent
StatusCheckRollup StatusCheckRollupContext StatusCheckRollupContextConnection StatusContext Status CheckRun CheckRunConnection CheckSuite
CheckSuiteConnection
""".split()  # noqa: SIM905
"""Types whose fields stay, as far as these lead to types that stay.  Scalars, enums and inputs stay where something uses them."""

LEFT_OUT = ("viewer", "HTML", "Html", "ResourcePath", "resourcePath", "abuse", "isHubber", "sponsor", "Sponsor", "project", "enterprise")
DEPRECATED = "deprecated"


def main() -> None:
    document = parse(Path(sys.argv[1]).read_text(encoding="utf-8"), no_location=True)
    sys.stdout.write(prune(document))


def prune(document: DocumentNode) -> str:
    types = {each.name.value: each for each in document.definitions if getattr(each, "name", None)}
    leaves = {
        name
        for name, each in types.items()
        if isinstance(each, ScalarTypeDefinitionNode | EnumTypeDefinitionNode | InputObjectTypeDefinitionNode)
    }
    kept = [narrowed(types[name], leaves) for name in KEPT]
    fields = [field for node in kept for field in getattr(node, "fields", None) or ()]
    used = {named(each.type) for field in fields for each in (field, *(field.arguments or ()))}
    return "\n\n".join(print_ast(bare(node)) for node in [*kept, *(types[name] for name in sorted(closure(used & leaves, types)))]) + "\n"


def narrowed(node, leaves: set[str]):
    """Only what leads to types that stay."""
    if isinstance(node, UnionTypeDefinitionNode):
        return replace(node, types=tuple(each for each in node.types if each.name.value in KEPT))
    fields = {each.name.value: each for each in node.fields if stays(each, leaves)}  # one field of GitHub's schema is defined twice
    return replace(
        node,
        interfaces=tuple(each for each in node.interfaces or () if each.name.value in KEPT),
        fields=tuple(
            replace(each, arguments=tuple(argument for argument in each.arguments or () if named(argument.type) in leaves | BUILT_IN))
            for each in fields.values()
        ),
    )


BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def stays(field: FieldDefinitionNode, leaves: set[str]) -> bool:
    name, kind = field.name.value, named(field.type)
    deprecated = any(each.name.value == DEPRECATED for each in field.directives or ())
    return kind in leaves | BUILT_IN | set(KEPT) and not deprecated and not any(part in name for part in LEFT_OUT)


def named(kind: TypeNode) -> str:
    while isinstance(kind, ListTypeNode | NonNullTypeNode):
        kind = kind.type
    assert isinstance(kind, NamedTypeNode)
    return kind.name.value


def closure(names: set[str], types: dict) -> set[str]:
    """With the types of the fields of inputs."""
    more = {named(each.type) for name in names for each in getattr(types[name], "fields", None) or ()} - BUILT_IN
    return names if more <= names else closure(names | more, types)


def bare(node):
    """Without descriptions and directives."""
    parts = {
        name: tuple(bare(each) for each in getattr(node, name)) for name in ("fields", "values", "arguments") if getattr(node, name, None)
    }
    return replace(node, description=None, directives=(), **parts)


if __name__ == "__main__":
    main()
