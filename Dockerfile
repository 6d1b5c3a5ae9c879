# docker build --tag neuroner-tl .
# docker run --rm --volume "$PWD:/data" neuroner-tl predict --model model --input texts --output found
# Files are read and written below /data, by a user that is not root; where the folder belongs to
# another one, add --user "$(id -u):$(id -g)".
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/neuroner_tl && /opt/neuroner_tl/bin/pip install --no-cache-dir ".[serve]"

FROM python:3.11-slim
COPY --from=build /opt/neuroner_tl /opt/neuroner_tl
RUN useradd --uid 1000 --create-home neuroner
# Any user may run it, also one without a home folder.
ENV PATH="/opt/neuroner_tl/bin:$PATH" MPLCONFIGDIR=/var/tmp
USER neuroner
WORKDIR /data
ENTRYPOINT ["neuroner-tl"]
CMD ["--help"]
