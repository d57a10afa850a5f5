# The page, the packages, and a small image that runs either a web node, a worker, beat or the guide.
# Build: docker build -t rivulet .    The bases are arguments, so that others of the same kind can be put in.
ARG NODE_IMAGE=node:20-bookworm
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${NODE_IMAGE} AS page
WORKDIR /page
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM ${PYTHON_IMAGE} AS packages
WORKDIR /app
COPY requirements/base.lock requirements/
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/base.lock

FROM ${PYTHON_IMAGE}
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RIVULET_ENV=production \
    RIVULET_HOME=/data \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /app
RUN mkdir -m 700 /data && chown 10001:10001 /data
COPY --from=packages /app/.venv .venv
COPY manage.py README.md ./
COPY docs docs
COPY realtime realtime
COPY rivulet_client rivulet_client
COPY backend backend
COPY --from=page /page/dist frontend/dist
# The admin's files; the secret is for this step alone.
RUN RIVULET_ENV=test RIVULET_HOME=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q backend realtime \
    && rm -rf /tmp/build
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["python", "-m", "backend.config.serve"]
