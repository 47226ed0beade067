# Two images from one distribution. Not for clinical use.
#   docker build --target serve -t aga-serve .   (default) ONNX Runtime, no torch
#   docker build --target train -t aga-train .   PyTorch: pretrain, evaluate, export

FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/aga/bin:$PATH
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin aga

FROM base AS source
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/aga
WORKDIR /src
COPY pyproject.toml README.md ./
COPY models ./models
COPY training ./training
COPY service ./service

FROM source AS train-install
# hadolint ignore=DL3013  # versions are bounded in pyproject.toml
RUN pip install --no-cache-dir ".[train]"

FROM source AS serve-install
# hadolint ignore=DL3013  # as above
RUN pip install --no-cache-dir ".[serve]" \
    && if python -c "import torch" 2>/dev/null; then echo "torch got in" >&2; exit 1; fi

# docker run -v "$PWD/data:/aga/data:ro" -v "$PWD/runs:/aga/runs" aga-train \
#     training.pretrain --config phantom        (runs/ must be writable for user 10001)
FROM base AS train
COPY --from=train-install /opt/aga /opt/aga
WORKDIR /aga
RUN chown aga:aga /aga
USER 10001:10001
ENTRYPOINT ["python", "-m"]
CMD ["training.pretrain", "--help"]

# There is no login. The process listens on all of the container's addresses, because a published
# port needs that; publish it on the host's loopback only: -p 127.0.0.1:8000:8000.
# Runs with --read-only --tmpfs /tmp; larger uploads pass through /tmp.
FROM base AS serve
ENV AGA_HOST=0.0.0.0 \
    AGA_PORT=8000 \
    AGA_ALLOW_REMOTE=1 \
    AGA_CHECKPOINT=/checkpoint \
    AGA_INDEX=/index
COPY --from=serve-install /opt/aga /opt/aga
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['AGA_PORT']}/healthz\", timeout=2)"]
ENTRYPOINT ["python", "-m", "service"]
