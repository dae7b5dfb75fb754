import pytest

from local.host.app import Function
from local.host.errors import AppError
from local.host.http.routes import RouteTable


def _table(*routes: str, methods: list[str] | None = None, prefix: str = "api") -> RouteTable:
    functions = [
        Function(route, {"type": "httpTrigger", "route": route, "methods": methods}, (), (), info=None)
        for route in routes
    ]
    return RouteTable(functions, prefix)


def _match(table: RouteTable, path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
    found = table.match(method, path)
    return None if found is None else (found.function.name, found.parameters)


@pytest.mark.parametrize(
    ("route", "path", "parameters"),
    [
        ("runs", "/api/runs", {}),
        ("runs", "/API/Runs/", {}),
        ("runs/{id}", "/api/runs/a%20b", {"id": "a b"}),
        ("runs/{id:int}", "/api/runs/17", {"id": "17"}),
        ("runs/{id?}", "/api/runs", {}),
        ("runs/{id?}", "/api/runs/7", {"id": "7"}),
        ("files/{*path}", "/api/files/a/b.txt", {"path": "a/b.txt"}),
        ("files/{*path}", "/api/files", {}),
    ],
)
def test_path_gives_its_parameters(route: str, path: str, parameters: dict[str, str]) -> None:
    assert _match(_table(route), path) == (route, parameters)


@pytest.mark.parametrize(
    ("route", "path"),
    [("runs", "/runs"), ("runs/{id}", "/api/runs"), ("runs/{id}", "/api/runs/a/b"), ("runs/{id:int}", "/api/runs/x")],
)
def test_other_path_is_not_matched(route: str, path: str) -> None:
    assert _match(_table(route), path) is None


def test_method_is_part_of_the_route() -> None:
    table = _table("runs", methods=["POST"])
    assert _match(table, "/api/runs") is None
    assert _match(table, "/api/runs", "POST") == ("runs", {})


def test_literals_win_over_parameters_and_those_over_a_rest() -> None:
    table = _table("{*rest}", "runs/{id}", "runs/{id:int}", "runs/latest")
    assert _match(table, "/api/runs/latest") == ("runs/latest", {})
    assert _match(table, "/api/runs/3") == ("runs/{id:int}", {"id": "3"})
    assert _match(table, "/api/runs/x") == ("runs/{id}", {"id": "x"})
    assert _match(table, "/api/labs/x") == ("{*rest}", {"rest": "labs/x"})


def test_prefix_may_be_empty() -> None:
    assert _match(_table("runs", prefix=""), "/runs") == ("runs", {})


def test_template_that_is_not_understood_is_refused_by_name() -> None:
    with pytest.raises(AppError, match=r"Function runs/\{id:regex\}.*'\{id:regex\}'"):
        _table("runs/{id:regex}")
