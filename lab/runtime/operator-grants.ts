/**
 * What the role `replicator` may do besides replicating, on both runtimes: the fault `read-only` sets this parameter of a
 * server. In the database `postgres`, which every node has.
 */
export const operatorGrants: readonly string[] = [
  'GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only TO replicator',
  'GRANT EXECUTE ON FUNCTION pg_reload_conf() TO replicator',
];
