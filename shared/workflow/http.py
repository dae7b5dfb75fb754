"""Registers the HTTP interface of the factory. What it answers is in `answers`, loaded with the first request."""

import azure.durable_functions as df
import azure.functions as func

blueprint = df.Blueprint()

ROUTES = {
    "start_run": ("POST", "runs"),
    "list_runs": ("GET", "runs"),
    "get_run": ("GET", "runs/{id}"),
    "cancel_run": ("POST", "runs/{id}/cancel"),
    "get_report": ("GET", "runs/{id}/report"),
    "get_plan": ("GET", "runs/{id}/plan"),
    "get_fleet": ("GET", "fleet"),
    "validate_labs": ("POST", "labs/validate"),
}


def _register(name: str, method: str, path: str) -> None:
    def answer(req: func.HttpRequest, client: str) -> func.HttpResponse:
        from shared.workflow import answers

        return answers.answer(name, req, client)  # type: ignore[arg-type]  # the indexer wants the name of a binding

    bound = blueprint.durable_client_input(client_name="client")(answer)
    routed = blueprint.route(route=path, methods=[method], auth_level=func.AuthLevel.FUNCTION)(bound)
    blueprint.function_name(name)(routed)


for _name, (_method, _path) in ROUTES.items():
    _register(_name, _method, _path)


@blueprint.function_name("show_dashboard")
@blueprint.route(route="dashboard", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def show_dashboard(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/dashboard: the one page for everybody, without a key; it holds no data."""
    from shared.workflow import answers

    return answers.show_dashboard()
