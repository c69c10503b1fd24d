# syntax=docker/dockerfile:1
# The program with its local models, so that a container starts without a network.

# What the program embeds: the pages of the API documents, by their hashes.
FROM node:22-bookworm-slim AS assets
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY scripts scripts
COPY crates/api/assets crates/api/assets
RUN scripts/fetch-assets

FROM rust:1.95-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends cmake g++ make python3-pip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=assets /src/crates/api/assets/vendor crates/api/assets/vendor
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin ai-tickets \
    && install -D target/release/ai-tickets /out/ai-tickets
# Fetched by hash once and kept in the cache; what goes into the image is verified.
RUN --mount=type=cache,target=/models \
    MODELS_DIR=/models DATA_DIR=/tmp/data /out/ai-tickets models fetch \
    && cp -r /models /out/models \
    && MODELS_DIR=/out/models DATA_DIR=/tmp/data /out/ai-tickets models verify

FROM debian:bookworm-slim
# ffmpeg decodes recordings; tini ends what a reader that was killed leaves behind.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg libstdc++6 tini \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 10001 -g 10001 -m 700 /data
COPY --from=build /out/models /usr/share/ai-tickets/models
COPY --from=build /out/ai-tickets /usr/bin/ai-tickets
COPY LICENSE /usr/share/doc/ai-tickets/LICENSE
ENV HOST=0.0.0.0 DATA_DIR=/data MODELS_DIR=/usr/share/ai-tickets/models LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000 8001 5555
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["ai-tickets", "health"]
ENTRYPOINT ["tini", "--", "ai-tickets"]
CMD ["serve"]
