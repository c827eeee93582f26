FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /app && /app/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY bot bot
COPY handlers handlers
COPY blocks blocks
COPY store store
RUN /app/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --create-home --home-dir /data --uid 10001 approvals
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1
# policy.toml is looked for here, and a SQLite store would lie here.
WORKDIR /data
USER approvals
EXPOSE 3000
CMD ["mp-approvals", "run", "--host", "0.0.0.0"]
