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
import { type ContainerPlan, isLabService, planContainer } from './plan.ts';
import { planServiceImage, type ServiceImage } from './service-image.ts';

/** The services share one image, built here on the one named by `LAB_IMAGE_NODE`. */
const serviceImageName = 'SERVICES';

/** Everything about one lab on an engine that an operation needs: what it is made of, its state, its secrets. */
export class DockerSession {
  readonly engine: Engine;
  readonly options: RuntimeOptions;
  readonly components: readonly Component[];
  readonly credentials: Credentials;
  #state: LabState;

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

  /**
   * Decides the images: what a variable overrides, else what the lab was started with, else the pinned one; and the
   * services' from what is built now. Only `up` does: a later command, from a shell without those variables, goes on
   * with what `up` used.
   */
  chooseImages(): ServiceImage {
    const images = Object.fromEntries(
      this.components.map((one) => [
        one.imageName,
        imageOf({ ...one, image: this.#state.images[one.imageName] ?? one.image }, this.options.environment),
      ]),
    );
    const service = planServiceImage(this.options.root, images.NODE ?? 'node:24-alpine');
    this.update((state) => ({ ...state, images: { ...images, [serviceImageName]: service.tag } }));
    return service;
  }

  /** The image that a component's container is made from, as `chooseImages` decided. */
  imageFor(component: Component): string {
    const name = isLabService(component) ? serviceImageName : component.imageName;
    return this.#state.images[name] ?? component.image;
  }

  plan(component: Component): ContainerPlan {
    return planContainer(component, {
      lab: this.name,
      at: this.placement,
      portOffset: this.#state.portOffset,
      publishOn: this.engine.publishOn,
      image: this.imageFor(component),
      overrides: this.#state.components[component.id]?.environment ?? {},
      postgresPrimary: this.#state.postgresPrimary,
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
