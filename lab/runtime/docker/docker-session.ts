import type Docker from 'dockerode';
import { paces } from '../../../stack/pace.ts';
import { type Component, imageOf, type Placement, type PortName } from '../../../stack/topology.ts';
import type { LabRecord } from '../lab-record.ts';
import { LabSession } from '../lab-session.ts';
import type { Address, RuntimeOptions } from '../runtime.ts';
import { dockerPlacement, portOf } from './docker-placement.ts';
import type { Engine } from './engine.ts';
import { containerName } from './labels.ts';
import { type ContainerPlan, isLabService, planContainer } from './plan.ts';
import { planServiceImage, type ServiceImage } from './service-image.ts';

/** The services share one image, built here on the one named by `LAB_IMAGE_NODE`. */
const serviceImageName = 'SERVICES';

/** A lab on an engine, with everything that an operation needs of it. */
export class DockerSession extends LabSession {
  readonly engine: Engine;

  constructor(engine: Engine, options: RuntimeOptions, components: readonly Component[], record: LabRecord) {
    super(options, components, record);
    this.engine = engine;
  }

  get docker(): Docker {
    return this.engine.docker;
  }

  get name(): string {
    return this.state.name;
  }

  container(id: string): Docker.Container {
    return this.docker.getContainer(containerName(this.name, this.component(id).id));
  }

  override get placement(): Placement {
    return dockerPlacement({
      pace: paces[this.state.pace],
      portOffset: this.state.portOffset,
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
        imageOf({ ...one, image: this.state.images[one.imageName] ?? one.image }, this.options.environment),
      ]),
    );
    const service = planServiceImage(this.options.root, images.NODE ?? 'node:24-alpine');
    this.update((state) => ({ ...state, images: { ...images, [serviceImageName]: service.tag } }));
    return service;
  }

  /** The image that a component's container is made from, as `chooseImages` decided. */
  imageFor(component: Component): string {
    const name = isLabService(component) ? serviceImageName : component.imageName;
    return this.state.images[name] ?? component.image;
  }

  plan(component: Component): ContainerPlan {
    return planContainer(component, {
      lab: this.name,
      at: this.placement,
      portOffset: this.state.portOffset,
      publishOn: this.engine.publishOn,
      image: this.imageFor(component),
      overrides: this.state.components[component.id]?.environment ?? {},
      postgresPrimary: this.state.postgresPrimary,
    });
  }

  /** A component's port as this machine reaches it. */
  hostAddress(id: string, port: PortName = 'http'): Address {
    const host = this.engine.publishedHost;
    const number = portOf(this.component(id).id, port) + this.state.portOffset;
    return { host, port: number, url: `http://${host}:${number}` };
  }

  /** A component's port as the lab's own containers reach it. */
  networkAddress(id: string, port: PortName = 'http'): Address {
    const number = portOf(this.component(id).id, port);
    return { host: id, port: number, url: `http://${id}:${number}` };
  }
}
