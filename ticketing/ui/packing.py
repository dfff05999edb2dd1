"""How data travels to our components in the browser."""

import json


def packed(data: object) -> bytes:
    """
    Return *data* as JSON in bytes, which Streamlit forwards as they are.

    Of a dict it would look at each value for something like a data frame, and import pandas to know one: seconds at the
    first list after a start, and 70 MB for good.
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
