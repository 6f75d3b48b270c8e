# One image a service: docker build --build-arg SERVICE=ingest .
# SERVICE is ingest, indexer, publisher, proxy, or local (the stand-ins, the relay and the bootstrap).
# BASE is a Debian with python and its venv module; make images brings its own where no engine runs.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# What builds, at the versions and with the hashes of the lock, stays in a place of its own: what
# runs is installed from outside, and has no installer in it.
COPY requirements/build.txt requirements/
RUN python -m venv /build \
    && /build/bin/pip install --require-hashes --requirement requirements/build.txt \
    && python -m venv --without-pip /venv
# To strip with; the newest is right, as it stays behind in this stage.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils \
    && rm -rf /var/lib/apt/lists/*
ARG SERVICE
# Before the source, so that a change of code does not fetch the dependencies anew. pip compiles
# what it installs: without .pyc the first import of Google's libraries takes 4 s instead of 0.5 s.
COPY requirements/${SERVICE}.txt requirements/
RUN /build/bin/pip --python /venv/bin/python install \
        --require-hashes --no-deps --only-binary :all: --requirement "requirements/${SERVICE}.txt" \
    # Wheels come with symbols for debuggers: a quarter of what would be shipped.
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
    # pip takes of these wheels what the service depends on, and sees that nothing else is missing.
    && /build/bin/pip --python /venv/bin/python install \
        --no-index --find-links /wheels "gcpypi-${SERVICE}"

FROM ${BASE}
# A number, so that Kubernetes and Cloud Run can tell that it is not root; /state is a volume of
# the stand-ins, which takes its owner from here.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin service \
    && install --directory --owner 10001 --group 10001 /state
COPY --from=build /venv /venv
LABEL org.opencontainers.image.version=0.2.0
ARG SERVICE
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SERVICE=${SERVICE}
USER 10001
# Python itself becomes process 1, so that it gets the SIGTERM.
CMD ["sh", "-c", "exec python -m \"$SERVICE.main\""]
