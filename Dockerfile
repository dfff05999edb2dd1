# The desk, as a user of its own, with everything it keeps in /data. See docs/deploy.md.
FROM python:3.12-slim

# In a virtual environment the desk takes the packages that are there; elsewhere it would install its own at each start.
ENV PATH=/venv/bin:$PATH
RUN useradd --system --uid 10001 --create-home --home-dir /app ticketing && install -d -o 10001 /data \
    && python -m venv /venv
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt
COPY --chown=10001 . .

USER 10001
ENV TICKETING_DATA_DIR=/data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=20s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/healthz')"]
CMD ["python", "-m", "ticketing", "serve", "--host", "0.0.0.0"]
