# One image a service: docker build --build-arg SERVICE=ingest .
# SERVICE is ingest, indexer, publisher, proxy, or local (the stand-ins, the relay and the bootstrap).
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# The build backend, at the version and with the hashes of the lock.
COPY requirements/dev.txt requirements/
RUN awk '/^[a-z]/ { keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' \
        requirements/dev.txt > requirements/build.txt \
    && pip install --require-hashes --requirement requirements/build.txt \
    && python -m venv --without-pip /venv
ARG SERVICE
# Before the source, so that a change of code does not fetch the dependencies anew. pip compiles
# what it installs: without .pyc the first import of Google's libraries takes 4 s instead of 0.5 s.
COPY requirements/${SERVICE}.txt requirements/
RUN pip --python /venv/bin/python install --require-hashes --requirement "requirements/${SERVICE}.txt"
COPY schemas schemas
COPY cloud cloud
COPY services services
COPY local local
RUN member="services/${SERVICE}"; [ "${SERVICE}" != local ] || member=local; \
    pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./schemas ./cloud "./${member}" \
    && pip --python /venv/bin/python install --no-deps --no-index /wheels/*.whl

FROM python:${PYTHON}-slim
# A number, so that Kubernetes and Cloud Run can tell that it is not root; /state is a volume of
# the stand-ins, which takes its owner from here.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin service \
    && install --directory --owner 10001 --group 10001 /state
COPY --from=build /venv /venv
ARG SERVICE
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SERVICE=${SERVICE}
USER 10001
# Python itself becomes process 1, so that it gets the SIGTERM.
CMD ["sh", "-c", "exec python -m \"$SERVICE.main\""]
