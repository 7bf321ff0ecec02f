import { createServer } from 'node:net';
import type { Component } from '../../stack/topology.ts';
import { PortOffsetBlocked, PortOffsetInvalid, PortTaken } from '../errors.ts';

/** A port that some component wants, at offset 0. */
export interface WantedPort {
  readonly component: string;
  readonly port: number;
}

const step = 1000;
/** Above, Linux hands out ports for outgoing connections (`ip_local_port_range`): one may be taken at any moment. */
const highestPort = 32_767;

/** Ports that browsers and `fetch` refuse to open (https://fetch.spec.whatwg.org/#port-blocking), above 1023. */
const blockedPorts = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10_080,
]);

/** Every port of the components, at offset 0. */
export function wantedPorts(components: readonly Component[]): WantedPort[] {
  return components.flatMap((component) =>
    Object.values(component.ports).map((port) => ({ component: component.id, port })),
  );
}

/** Reads `LAB_PORT_OFFSET`; undefined when it is not set. `LAB_PORT_OFFSET_INVALID`, `LAB_PORT_OFFSET_BLOCKED`. */
export function pinnedOffset(
  environment: Readonly<Record<string, string | undefined>>,
  wanted: readonly WantedPort[],
): number | undefined {
  const value = environment.LAB_PORT_OFFSET;
  if (value === undefined || value === '') return undefined;
  const highest = Math.max(0, highestPort - Math.max(0, ...wanted.map(({ port }) => port)));
  const offset = Number(value);
  if (!/^\d+$/.test(value) || offset > highest) throw new PortOffsetInvalid(value, highest);
  const blocked = wanted.find(({ port }) => blockedPorts.has(port + offset));
  if (blocked !== undefined) throw new PortOffsetBlocked(value, blocked.component, blocked.port + offset);
  return offset;
}

/**
 * The offset that all ports move by: the pinned one, or the first at which every port is free and may be opened by a
 * browser. The whole set moves together, so that a person who knows one address knows them all.
 */
export async function choosePortOffset(
  wanted: readonly WantedPort[],
  options: { readonly pinned: number | undefined; readonly reserved?: ReadonlySet<number> },
): Promise<{ offset: number; taken: WantedPort | undefined }> {
  let taken: WantedPort | undefined;
  if (options.pinned !== undefined) {
    taken = await firstTaken(wanted, options.pinned);
    if (taken !== undefined) {
      throw new PortTaken(
        taken.component,
        taken.port + options.pinned,
        'Free it, set another LAB_PORT_OFFSET, or unset it to let the lab choose.',
      );
    }
    return { offset: options.pinned, taken: undefined };
  }
  for (let offset = 0; wanted.every(({ port }) => port + offset <= highestPort); offset += step) {
    if (offset > 0 && wanted.some(({ port }) => blockedPorts.has(port + offset))) continue;
    const found = options.reserved?.has(offset) === true ? wanted[0] : await firstTaken(wanted, offset);
    if (found === undefined) return { offset, taken };
    taken ??= found;
  }
  throw new PortTaken(
    taken?.component ?? 'the lab',
    taken?.port ?? 0,
    'No free set of ports was found. End what listens there.',
  );
}

async function firstTaken(wanted: readonly WantedPort[], offset: number): Promise<WantedPort | undefined> {
  const free = await Promise.all(wanted.map(({ port }) => isPortFree(port + offset)));
  return wanted[free.indexOf(false)];
}

/** Whether 127.0.0.1 can be bound at that port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
