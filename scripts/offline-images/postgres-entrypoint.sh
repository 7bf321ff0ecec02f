#!/bin/bash
# The part of the official image's behaviour that the lab relies on: POSTGRES_USER, POSTGRES_PASSWORD[_FILE],
# POSTGRES_DB, PGDATA, POSTGRES_INITDB_ARGS, scripts of /docker-entrypoint-initdb.d on the first start, and dropping root.
set -Eeuo pipefail

if [ "${1:0:1}" = '-' ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$BASH_SOURCE" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=${POSTGRES_PASSWORD:-}
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then password=$(<"$POSTGRES_PASSWORD_FILE"); fi
  if [ -z "$password" ]; then echo 'POSTGRES_PASSWORD is not set' >&2; exit 1; fi
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  read -r -a arguments <<<"${POSTGRES_INITDB_ARGS:-}"
  initdb "${arguments[@]}" --username="$user" --pwfile=<(printf '%s\n' "$password") \
    --auth-host=scram-sha-256 --auth-local=trust >/dev/null
  printf "\nlisten_addresses = '*'\n" >>"$PGDATA/postgresql.conf"
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata="$PGDATA" --options='-c listen_addresses=' --wait start >/dev/null
  if [ "$database" != postgres ]; then
    psql --no-psqlrc --username="$user" --dbname=postgres --set=name="$database" --quiet <<<'CREATE DATABASE :"name";'
  fi
  shopt -s nullglob
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
      *.sql) psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$user" --dbname="$database" --quiet --file="$script" ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop >/dev/null
fi

exec "$@"
