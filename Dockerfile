# Tappa in a container:
#
#   docker build -t tappa .
#   docker run -e DISCORD_TOKEN -v tappa-data:/data --gpus all tappa
#
# torch from PyPI brings CUDA along on Linux, so the one image runs on a GPU (--gpus all, NVIDIA's container toolkit on
# the host) and, without that option, on the CPU.
#
# The configuration is /data/config.toml, in the volume, where /admin set can replace it; the first start copies the one
# that comes with the program there. Your own, at any time, for a container that is called tappa:
#
#   docker cp config.toml tappa:/data/config.toml     and then /admin reload, or docker restart tappa
#
# It belongs to root afterwards, so everybody has to be allowed to read it. Do not mount a file there: one that is
# mounted by itself cannot be replaced.
#
# There is no HEALTHCHECK: the bot listens on no port, and a bot that cannot go on ends with an exit code, which is what
# a restart policy looks at.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    HF_HOME=/data/hub

WORKDIR /app

# The dependencies change seldom and are large: a layer of their own, from the exact versions in the constraints file.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print('\n'.join(tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']))" \
        > requirements.txt \
    && pip install -c constraints.txt -r requirements.txt \
    && rm requirements.txt

COPY bot.py config.toml LICENSE ./
COPY cogs cogs
COPY engine engine
COPY studio studio
COPY models models

RUN useradd --system --create-home tappa && mkdir /data && chown tappa:tappa /data
USER tappa
VOLUME /data

CMD ["sh", "-c", "test -e /data/config.toml || cp config.toml /data/; exec python bot.py --config /data/config.toml --data /data"]
