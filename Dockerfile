# One image for the flow's worker, the Prefect server and the inspector: they share the code and its pinned versions.
# docs/operators.md says how it is used; compose.yaml runs all three.

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY pyproject.toml setup.py MANIFEST.in README.md constraints.txt ./
COPY src src
COPY expectations expectations
COPY flows flows
COPY data/reference data/reference
# The versions that were tried together, in an environment that the next stage takes over whole.
RUN python -m venv /opt/dedup && /opt/dedup/bin/pip install -c constraints.txt ".[warc,remote,s3]"

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="dedup" \
      org.opencontainers.image.description="Scraped reports in, a deduplicated, validated Parquet release out"
COPY --from=build /opt/dedup /opt/dedup
# What `prefect deploy` reads, in the folder where workers begin.
COPY prefect.yaml /app/prefect.yaml
COPY flows /app/flows
RUN useradd --uid 10001 --create-home --home-dir /home/dedup --shell /usr/sbin/nologin dedup \
    && mkdir -p /data/crawl /data/warehouse /data/prefect /data/kernels \
    && chown -R dedup:dedup /data
ENV PATH=/opt/dedup/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PREFECT_HOME=/data/prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    DO_NOT_TRACK=1 \
    GX_ANALYTICS_ENABLED=false \
    NUMBA_CACHE_DIR=/data/kernels \
    DEDUP_WAREHOUSE=/data/warehouse
USER 10001:10001
WORKDIR /app
VOLUME ["/data"]
ENTRYPOINT ["dedup"]
CMD ["--help"]
