import type Docker from 'dockerode';
import { paces } from '../../../stack/pace.ts';
import { type Component, imageOf, type Placement, type PortName } from '../../../stack/topology.ts';
import { ComponentUnknown } from '../../errors.ts';
import type { Credentials } from '../../state/credentials.ts';
import { type LabState, readLabState, writeLabState } from '../../state/lab-state.ts';
import type { Address } from '../runtime.ts';
import type { RuntimeOptions } from '../select-runtime.ts';
import type { Engine } from './engine.ts';
import { containerName } from './labels.ts';
import { dockerPlacement, portOf } from './placement.ts';
import { type ContainerPlan, planContainer } from './plan.ts';
import { planServiceImage, type ServiceImage } from './service-image.ts';

/** Everything about one lab on an engine that an operation needs: what it is made of, its state, its secrets. */
export class DockerSession {
  readonly engine: Engine;
  readonly options: RuntimeOptions;
  readonly components: readonly Component[];
  readonly credentials: Credentials;
  #state: LabState;
  #serviceImage: ServiceImage | undefined;

  constructor(
    engine: Engine,
    options: RuntimeOptions,
    components: readonly Component[],
    state: LabState,
    credentials: Credentials,
  ) {
    this.engine = engine;
    this.options = options;
    this.components = components;
    this.#state = state;
    this.credentials = credentials;
  }

  get docker(): Docker {
    return this.engine.docker;
  }

  get name(): string {
    return this.#state.name;
  }

  get state(): LabState {
    return this.#state;
  }

  /** Changes the state on disk first, then here. */
  update(change: (state: LabState) => LabState): void {
    const next = change(this.#state);
    writeLabState(this.options.paths.stateFile, next);
    this.#state = next;
  }

  /** Takes over what another command wrote since. */
  reload(): void {
    this.#state = readLabState(this.options.paths.stateFile) ?? this.#state;
  }

  /** Notes what a component was told to do last. */
  setComponent(id: string, change: Partial<LabState['components'][string]>): void {
    this.update((state) => ({
      ...state,
      components: {
        ...state.components,
        [id]: { desired: 'running', environment: {}, ...state.components[id], ...change },
      },
    }));
  }

  component(id: string): Component {
    const found = this.components.find((one) => one.id === id);
    if (found === undefined) throw new ComponentUnknown(id, this.components.map((one) => one.id).join(', '));
    return found;
  }

  container(id: string): Docker.Container {
    return this.docker.getContainer(containerName(this.name, this.component(id).id));
  }

  get placement(): Placement {
    return dockerPlacement({
      pace: paces[this.#state.pace],
      portOffset: this.#state.portOffset,
      publishedHost: this.engine.publishedHost,
      secrets: this.credentials,
      environment: this.options.environment,
    });
  }

  /** The image of our own services; its content is read once per command. */
  get serviceImage(): ServiceImage {
    const service = this.components.find((one) => one.imageName === 'NODE');
    const nodeImage = service === undefined ? 'node:24-alpine' : imageOf(service, this.options.environment);
    this.#serviceImage ??= planServiceImage(this.options.root, nodeImage);
    return this.#serviceImage;
  }

  plan(component: Component): ContainerPlan {
    return planContainer(component, {
      lab: this.name,
      at: this.placement,
      portOffset: this.#state.portOffset,
      publishOn: this.engine.publishOn,
      serviceImage: this.serviceImage.tag,
      overrides: this.#state.components[component.id]?.environment ?? {},
      postgresPrimary: this.#state.postgresPrimary,
      environment: this.options.environment,
    });
  }

  /** A component's port as this machine reaches it. */
  hostAddress(id: string, port: PortName = 'http'): Address {
    const host = this.engine.publishedHost;
    const number = portOf(this.component(id).id, port) + this.#state.portOffset;
    return { host, port: number, url: `http://${host}:${number}` };
  }

  /** A component's port as the lab's own containers reach it. */
  networkAddress(id: string, port: PortName = 'http'): Address {
    const number = portOf(this.component(id).id, port);
    return { host: id, port: number, url: `http://${id}:${number}` };
  }
}
