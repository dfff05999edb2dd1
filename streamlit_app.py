"""
The help desk, for `streamlit run streamlit_app.py`, `uvicorn streamlit_app:app` and `python streamlit_app.py`.

Streamlit looks for the literal call of `st.App` in this file's text. A host that doesn't, and runs the file as a plain
script, gets the pages without the HTTP routes.
"""

import runpy
from pathlib import Path

import streamlit as st

ROUTER = Path(__file__).resolve().parent / "ticketing" / "ui" / "router.py"

if __name__ == "__main__" and st.runtime.exists():
    runpy.run_path(str(ROUTER), init_globals={"WITHOUT_ROUTES": True}, run_name="__main__")
else:
    from starlette.middleware import Middleware

    from ticketing.settings import variables
    from ticketing.web.api.mount import Calls
    from ticketing.web.guard import Guard
    from ticketing.web.lifespan import lifespan
    from ticketing.web.own_components import keep_to_own_components
    from ticketing.web.routes import ROUTES

    def show_failure(error: Exception) -> bool:
        """Answer an error that no page answered."""
        from ticketing.ui import feedback  # noqa: PLC0415 - what draws is not needed until somebody looks

        return feedback.show_failure(error)

    keep_to_own_components()
    app = st.App(
        ROUTER,
        routes=ROUTES,
        middleware=[Middleware(Guard), Middleware(Calls)],
        lifespan=lifespan,
        on_script_error=show_failure,
        secrets=variables(),  # or else the keys of a file of secrets would overwrite those of the environment
    )

    if __name__ == "__main__":
        app.run()
