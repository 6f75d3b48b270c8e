# One image per service: docker build --build-arg SERVICE=ingest .
# SERVICE: ingest, indexer, publisher, proxy, upload, or local (the stand-ins, the relay and the bootstrap).
# BASE: Debian with Python and its venv module; without Docker, make images builds its own.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# Build tools, at the locked versions and hashes, are in their own environment, /build. It installs the
# service into /venv, which contains no installer.
COPY requirements/build.txt requirements/
RUN python -m venv /build \
    && /build/bin/pip install --require-hashes --requirement requirements/build.txt \
    && python -m venv --without-pip /venv
# binutils contains strip. Its version is not pinned, because it is not part of the final image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils \
    && rm -rf /var/lib/apt/lists/*
ARG SERVICE
# Dependencies before the source, so that a change of code does not download them again. pip compiles
# them: without .pyc the first import of Google's libraries takes 4 s in place of 0.5 s.
COPY requirements/${SERVICE}.txt requirements/
RUN /build/bin/pip --python /venv/bin/python install \
        --require-hashes --no-deps --only-binary :all: --requirement "requirements/${SERVICE}.txt" \
    # Wheels contain debug symbols: a quarter of the size of the image.
    && find /venv -name '*.so*' -type f -exec strip --strip-unneeded {} +
COPY schemas schemas
COPY checks checks
COPY access access
COPY chassis chassis
COPY cloud cloud
COPY services services
COPY local local
RUN member="services/${SERVICE}"; [ "${SERVICE}" != local ] || member=local; \
    /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels \
        ./schemas ./checks ./chassis ./cloud ./access "./${member}" \
    # pip installs the wheels that the service needs, and fails if another dependency is missing.
    && /build/bin/pip --python /venv/bin/python install \
        --no-index --find-links /wheels "gcpypi-${SERVICE}"

FROM ${BASE}
# A numeric user, so that Kubernetes and Cloud Run can check that it is not root. /state is a volume of
# the stand-ins; a new volume gets the owner of this folder.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin service \
    && install --directory --owner 10001 --group 10001 /state
COPY --from=build /venv /venv
LABEL org.opencontainers.image.version=0.2.0
ARG SERVICE
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SERVICE=${SERVICE}
USER 10001
# exec makes Python process 1, so that it receives SIGTERM.
CMD ["sh", "-c", "exec python -m \"$SERVICE.main\""]
