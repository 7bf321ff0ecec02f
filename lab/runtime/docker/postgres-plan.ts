import type { Component } from '../../../stack/topology.ts';
import { operatorGrants } from '../operator-grants.ts';
import { configFolder, dataFolder, portOf } from './docker-placement.ts';
import type { Launch, PlanOptions } from './launch.ts';

/** PostgreSQL's data below the volume: the official image's own place from version 18 on. */
const dataDirectory = (component: string): string => `${dataFolder(component)}/18/docker`;

/**
 * Runs before the image's own entry point. A standby whose folder is empty, or was a primary's once, is cloned from the
 * node that takes writes now: so a lost primary rejoins behind the promoted one and never beside it.
 */
const standbyScript = `set -eu
if [ ! -s "$PGDATA/PG_VERSION" ] || [ ! -f "$PGDATA/standby.signal" ]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" -mindepth 1 -delete
  chmod 700 "$PGDATA"
  export PGPASSWORD="$REPLICATION_PASSWORD"
  until pg_basebackup --pgdata="$PGDATA" --host="$PRIMARY_HOST" --port="$PRIMARY_PORT" --username=replicator \\
      --write-recovery-conf --wal-method=stream --checkpoint=fast --no-password; do
    find "$PGDATA" -mindepth 1 -delete
    sleep 0.5
  done
fi
exec docker-entrypoint.sh "$@"`;

/**
 * On the first start of the primary: the role that standbys replicate as, what the fault `read-only` wants of it, and its
 * entry in `pg_hba.conf`. The image's own file is kept, because its first start connects over the local socket, which
 * ours does not know.
 */
export const primaryInitScript = `#!/bin/bash
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \\
  --set=password="$REPLICATION_PASSWORD" <<'SQL'
CREATE ROLE replicator REPLICATION LOGIN PASSWORD :'password';
${operatorGrants.map((grant) => `${grant};`).join('\n')}
SQL
printf '\\nhost replication replicator all scram-sha-256\\n' >>"$PGDATA/pg_hba.conf"
`;

/** A node of the pair, as primary or as standby by who takes writes now, in the official image. */
export function postgresPlan(component: Component, options: PlanOptions): Launch {
  const { at, postgresPrimary } = options;
  const isPrimary = component.id === postgresPrimary;
  const port = portOf(component.id, 'postgres');
  const server = [
    'postgres',
    '-c',
    `config_file=${configFolder}/postgres/postgresql.conf`,
    '-c',
    'listen_addresses=*',
    '-c',
    `port=${port}`,
    '-c',
    `cluster_name=${component.id}`,
  ];
  const common = {
    PGDATA: dataDirectory(component.id),
    REPLICATION_PASSWORD: at.secret('replicationPassword'),
  };
  if (isPrimary) {
    return {
      user: 'postgres',
      command: server,
      environment: {
        ...common,
        POSTGRES_USER: 'notes',
        POSTGRES_DB: 'notes',
        POSTGRES_PASSWORD: at.secret('databasePassword'),
        // As small as the embedded runtime's: stack/postgres/postgresql.conf counts on it.
        POSTGRES_INITDB_ARGS: '--wal-segsize=1 --encoding=UTF8 --no-locale',
      },
    };
  }
  return {
    user: 'postgres',
    entrypoint: ['bash', '-c', standbyScript, 'standby'],
    command: server,
    environment: {
      ...common,
      PRIMARY_HOST: postgresPrimary,
      PRIMARY_PORT: String(portOf(postgresPrimary, 'postgres')),
    },
  };
}
