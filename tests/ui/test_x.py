from tests.ui.conftest import desk, cookies, visit, PASSWORD, ROUTER
from streamlit.testing.v1 import AppTest
import pytest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
@pytest.mark.parametrize("f",[ROUTER,"/work/main/streamlit_app.py"])
def test_x(visit,cookies,desk,f):
    cookies["_streamlit_xsrf"] = generate_xsrf_token_string()
    import ticketing.ui.session as s
    app = AppTest.from_file(str(f), default_timeout=20).run()
    import streamlit as st
    o=st.rerun
    import traceback
    def rr(*a,**k):
        print("RERUN"); traceback.print_stack(limit=4); o(*a,**k)
    st.rerun=rr
    r=desk.accounts.sign_in_browser
    def red(*a,**k):
        print("SIGNIN"); return r(*a,**k)
    desk.accounts.sign_in_browser=red
    app.text_input(key="username").input("carla")
    app.text_input(key="password").input(PASSWORD)
    app.button(key="submit").click().run()
    st.rerun=o
    print([e.value for e in app.error],[e.value for e in app.exception], app.title[0].value)
