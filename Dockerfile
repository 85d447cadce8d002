# Ritorno with the server of its embedded store. Build from the repository root:
#   docker build --build-arg COMMIT=$(git rev-parse --short=12 HEAD) -t ritorno .
# Run, with a configuration beside you (data_dir left out, or /data):
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:8080:8080 \
#     -v ritorno-data:/data -v ./ritorno.yaml:/etc/ritorno/ritorno.yaml:ro ritorno
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG COMMIT=unknown
RUN CGO_ENABLED=0 go build -ldflags "-s -w -X main.commit=${COMMIT}" -o /ritorno ./cmd/ritorno

FROM debian:12-slim
# redis-tools holds the server program (BSD-3-Clause in this release), wget asks
# for the health, ca-certificates are for the providers' APIs.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates redis-tools wget \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 10001 -g 10001 -m 0700 /data \
    && install -d /etc/ritorno
COPY --from=build /ritorno /usr/local/bin/ritorno
ENV RITORNO_CONFIG=/etc/ritorno/ritorno.yaml
# Numeric, so that Kubernetes can see that it is not root.
USER 10001:10001
# The default data_dir, ./data, is the volume.
WORKDIR /
VOLUME /data
EXPOSE 8080
# Loading a large store takes a while: failures count only after the first minute.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["ritorno"]
CMD ["serve"]
