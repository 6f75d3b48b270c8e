import pytest

from testing.log_filter import UnknownSyntaxError, parse_filter

ENTRY = {
    "trace": "projects/p/traces/1",
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "gcpypi-proxy"}},
    "jsonPayload": {"file": "ci/1/Acme-1.0.tar.gz", "status": 200, "incomplete": True},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('resource.type="cloud_run_revision"', True),
        ("resource.labels.service_name=gcpypi-proxy", True),
        ('jsonPayload.file:"/acme-1.0"', True),
        ("jsonPayload.file:*", True),
        ("jsonPayload.absent:*", False),
        ("NOT jsonPayload.absent:*", True),
        ("jsonPayload.status=(206 OR 200)", True),
        ("jsonPayload.status>=200", True),
        ("jsonPayload.status>=201", False),
        ("jsonPayload.incomplete=true", True),
        ('jsonPayload.file=~"^ci/"', True),
        ('jsonPayload.file=~"^acme"', False),
        ("trace=x OR trace=y resource.type:run", False),
        ("resource.type:run trace=x OR trace:traces", True),
        ("resource.type:run AND (trace=x OR trace:traces)", True),
        ('(trace=x\n resource.type:run)\n OR jsonPayload.file="a \\"b"', False),
    ],
)
def test_filters_of_the_documentation(text: str, expected: bool) -> None:
    assert parse_filter(text)(ENTRY) is expected


@pytest.mark.parametrize(
    "text", ["", "a=", "a=(b", "a=b)", "a>1", 'a="b', "word", "a=b OR", "a!=b", "-a=b"]
)
def test_unknown_syntax_is_an_error(text: str) -> None:
    with pytest.raises(UnknownSyntaxError):
        parse_filter(text)
