import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import type { Component } from '../../../stack/topology.ts';
import { dataFolder } from './docker-placement.ts';
import { containerName, labLabels, networkName, planLabel, volumeName } from './labels.ts';
import type { Launch, PlanOptions } from './launch.ts';
import { postgresPlan } from './postgres-plan.ts';

/** Processes and threads of a container: Grafana alone has a process for each kind of data source. */
export const pidsLimit = 512;

/** What will be created for one component. Nothing is created here. */
export interface ContainerPlan {
  readonly component: string;
  /** Changes when the container must be created again. */
  readonly hash: string;
  readonly container: Docker.ContainerCreateOptions;
  /** The named volume, for a component that keeps something. */
  readonly volume: string | undefined;
}

/** Computes the container of `component`; pure. */
export function planContainer(component: Component, options: PlanOptions): ContainerPlan {
  const launch = planLaunch(component, options);
  const isService = isLabService(component);
  const folder = dataFolder(component.id);
  const volume = folder === undefined ? undefined : volumeName(options.lab, component.id);
  const ports = Object.values(component.ports);
  const container: Docker.ContainerCreateOptions = {
    name: containerName(options.lab, component.id),
    Image: options.image,
    Hostname: component.id,
    ...(launch.entrypoint === undefined ? {} : { Entrypoint: [...launch.entrypoint] }),
    ...(launch.command === undefined ? {} : { Cmd: [...launch.command] }),
    ...(launch.user === undefined ? {} : { User: launch.user }),
    Env: Object.entries({ ...launch.environment, ...options.overrides }).map(
      ([name, value]) => `${name}=${value}`,
    ),
    ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
    HostConfig: {
      NetworkMode: networkName(options.lab),
      PortBindings: Object.fromEntries(
        ports.map((port) => [
          `${port}/tcp`,
          [{ HostIp: options.publishOn, HostPort: String(port + options.portOffset) }],
        ]),
      ),
      Mounts:
        folder === undefined || volume === undefined
          ? []
          : [
              {
                Type: 'volume',
                Source: volume,
                Target: folder,
                VolumeOptions: volumeOptions(options.lab, component.id),
              },
            ],
      Memory: component.memoryMebibytes * 2 ** 20,
      PidsLimit: pidsLimit,
      // The lab decides what runs: an engine that restarted a killed component would repair the exercise.
      RestartPolicy: { Name: 'no' },
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      // The engine lays no files into a container that is read-only: the inbox, which has one of its own, is not.
      ...(isService ? { ReadonlyRootfs: component.config.length === 0, Tmpfs: { '/tmp': 'size=16m' } } : {}),
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    },
    NetworkingConfig: { EndpointsConfig: { [networkName(options.lab)]: { Aliases: [component.id] } } },
  };
  const hash = createHash('sha256').update(JSON.stringify(container)).digest('hex').slice(0, 16);
  return {
    component: component.id,
    hash,
    volume,
    container: { ...container, Labels: { ...labLabels(options.lab, component.id), [planLabel]: hash } },
  };
}

/** Whether the component is one of ours, run from the service image. */
export function isLabService(component: Component): boolean {
  return component.imageName === 'NODE';
}

function volumeOptions(lab: string, component: string): Docker.MountSettings['VolumeOptions'] {
  return { NoCopy: false, Labels: labLabels(lab, component), DriverConfig: { Name: 'local', Options: {} } };
}

/** Command and variables of a component inside its image. */
export function planLaunch(component: Component, options: PlanOptions): Launch {
  const environment = component.environment(options.at);
  const { program } = component;
  if (program.kind === 'postgres') return postgresPlan(component, options);
  if (isLabService(component)) {
    return {
      environment,
      command: ['node', `--max-old-space-size=${program.heapMebibytes}`, `/app/${program.bundle}`],
    };
  }
  // An official image has its server as entry point; ours takes the same arguments.
  const { arguments: toArguments } = component.native ?? program;
  const command = toArguments(options.at);
  return command.length === 0 ? { environment } : { environment, command };
}
