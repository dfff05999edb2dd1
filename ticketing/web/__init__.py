"""HTTP beside Streamlit: the guard in front of everything, and the routes."""
