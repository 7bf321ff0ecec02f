import type { Pace } from '../../../stack/pace.ts';
import { findComponent, type Placement, type PortName, type SecretName } from '../../../stack/topology.ts';
import { ComponentUnknown } from '../../errors.ts';

/** Where rendered config files stand in every container. */
export const configFolder = '/etc/lab';

/** Where the image of the services keeps the runbooks (service-image.ts). */
export const runbooksFolder = '/app/runbooks';

/** Where the images keep what outlives a container; the folder exists in them with the right owner. */
const dataFolders: Readonly<Record<string, string>> = {
  prometheus: '/prometheus',
  alertmanager: '/alertmanager',
  loki: '/loki',
  grafana: '/var/lib/grafana',
  'postgres-primary': '/var/lib/postgresql',
  'postgres-replica': '/var/lib/postgresql',
};

/** The folder that a volume is mounted at, or undefined for a component that keeps nothing. */
export function dataFolder(component: string): string | undefined {
  return dataFolders[component];
}

export interface DockerPlacementOptions {
  readonly pace: Pace;
  readonly portOffset: number;
  readonly publishedHost: string;
  readonly secrets: Readonly<Record<SecretName, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The port inside the container: the default one, whatever offset the host's ports have. */
export function portOf(component: string, port: PortName = 'http'): number {
  const number = findComponent(component)?.ports[port];
  if (number === undefined) throw new ComponentUnknown(`${component}.${port}`, 'a component with that port');
  return number;
}

/** The world as a container of the lab's network sees it: components by their names, files below `/etc/lab`. */
export function dockerPlacement(options: DockerPlacementOptions): Placement {
  return {
    pace: options.pace,
    address: (component, port) => `${component}:${portOf(component, port)}`,
    listen: (component, port) => `0.0.0.0:${portOf(component, port)}`,
    url: (component) => `http://${options.publishedHost}:${portOf(component) + options.portOffset}`,
    file: (path) => `${configFolder}/${path}`,
    runbooks: () => runbooksFolder,
    data: (component) => dataFolder(component) ?? '/tmp',
    secret: (name) => options.secrets[name],
    environment: (name) => options.environment[name],
  };
}
