# The gateway in a container: docker build -t openclaw . (docs/install/docker.md)
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev meson ninja-build pkg-config python3 git \
      libjansson-dev libuv1-dev libcurl4-gnutls-dev libidn2-dev libutf8proc-dev libedit-dev nettle-dev libsqlite3-dev \
      libgumbo-dev libmd4c-dev libwslay-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN meson setup /build --buildtype=release -Dtests=false -Dc_link_args=-s && ninja -C /build openclaw

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libjansson4 libuv1 libcurl3-gnutls libidn2-0 libutf8proc2 \
      libedit2 libnettle8 libhogweed6 libsqlite3-0 libgumbo1 libmd4c0 libwslay1 ca-certificates curl jq bubblewrap \
    && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man \
    && useradd --create-home --uid 1000 --shell /bin/bash node \
    && install -d -o node -g node -m 700 /home/node/.openclaw
COPY --from=build /build/openclaw /usr/local/bin/openclaw
USER node
WORKDIR /home/node
ENV HOME=/home/node LANG=C.UTF-8
VOLUME /home/node/.openclaw
EXPOSE 18789
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD curl -fsS http://127.0.0.1:18789/healthz || exit 1
CMD ["openclaw", "gateway", "--bind", "lan", "--port", "18789", "--allow-unconfigured"]
