"""The door of the app: registers the blueprints of the workflow and holds nothing else."""

import azure.durable_functions as df
import azure.functions as func

from shared.workflow import activities, http, orchestrators, triggers

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for blueprint in (orchestrators.blueprint, activities.blueprint, triggers.blueprint, http.blueprint):
    app.register_functions(blueprint)
