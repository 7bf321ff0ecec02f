import { join } from 'node:path';
import { paces } from '../../../stack/pace.ts';
import type { Component, Placement, PortName } from '../../../stack/topology.ts';
import type { Credentials } from '../../state/credentials.ts';
import type { LabPaths } from '../../state/paths.ts';

/** On this runtime everything is on 127.0.0.1, so that all components see the same world. */
export function embeddedPlacement(options: {
  readonly components: readonly Component[];
  /** The project's folder. */
  readonly root: string;
  readonly paths: LabPaths;
  readonly pace: 'lab' | 'real';
  readonly portOffset: number;
  readonly credentials: Credentials;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Placement {
  const at = (id: string, port: PortName = 'http'): string =>
    `127.0.0.1:${portOf(options.components, id, port) + options.portOffset}`;
  return {
    pace: paces[options.pace],
    address: at,
    listen: at,
    url: (id) => `http://${at(id)}`,
    file: (path) => join(options.paths.config, path),
    runbooks: () => join(options.root, 'stack', 'runbooks'),
    data: (id) => join(options.paths.data, id),
    secret: (name) => options.credentials[name],
    environment: (name) => options.environment[name] || undefined,
  };
}

/** A component's port at offset 0; what does not exist is an error that says what does. */
export function portOf(components: readonly Component[], id: string, port: PortName = 'http'): number {
  const component = components.find((one) => one.id === id);
  if (component === undefined) {
    throw new Error(`"${id}" is not a component: ${components.map((one) => one.id).join(', ')}`);
  }
  const number = component.ports[port];
  if (number === undefined) {
    throw new Error(`${id} has no port "${port}", only ${Object.keys(component.ports).join(', ')}`);
  }
  return number;
}
