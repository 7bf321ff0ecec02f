import { topology } from '../stack/topology.ts';
import type { RunningLab } from './runtime/runtime.ts';
import type { Credentials } from './state/credentials.ts';

/** Where a person goes, and with which credentials. */
export interface LabUrl {
  readonly component: string;
  readonly title: string;
  readonly url: string;
}

/** Every page and address of a running lab, in the topology's order. */
export function labUrls(lab: RunningLab): LabUrl[] {
  return topology.flatMap(({ id, title, ports }) => {
    if (ports.http !== undefined) return [{ component: id, title, url: lab.address(id, 'http').url }];
    const { host, port } = lab.address(id, 'postgres');
    return [{ component: id, title, url: `postgres://notes@${host}:${port}/notes` }];
  });
}

/** The credentials that a person may need, by what they are for. */
export function labCredentials(credentials: Credentials): Record<string, string> {
  return {
    'Grafana (admin)': credentials.grafanaPassword,
    'PostgreSQL (notes)': credentials.databasePassword,
    'Admin and fault endpoints (Bearer)': credentials.token,
  };
}
