import type { Pace, PaceName } from '../../stack/pace.ts';
import type { LabPaths } from '../state/paths.ts';

/** The components of the topology, as `stack/topology.ts` declares them. */
export type ComponentId = string;

export type RuntimeKind = 'docker' | 'embedded';

/** What a fault may need of the runtime; an exercise that needs one the runtime lacks says so at once. */
export type Capability = 'stop' | 'kill' | 'pause' | 'restart-with-env' | 'promote' | 'partition';

export type ComponentState = 'running' | 'starting' | 'paused' | 'stopped' | 'crashed' | 'missing';

export interface ComponentStatus {
  readonly id: ComponentId;
  readonly state: ComponentState;
  /** Whether its readiness probe answers now. */
  readonly ready: boolean;
  /** Process ID (embedded) or container ID (docker). */
  readonly handle?: string;
  readonly startedAt?: string;
  readonly residentBytes?: number;
  readonly detail?: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, for ports that speak HTTP. */
  readonly url: string;
}

/** Where the caller stands: on the host, or inside the lab's network. */
export type Vantage = 'host' | 'network';

export interface ProgressEvent {
  readonly component: ComponentId;
  readonly phase:
    | 'waiting'
    | 'pulling'
    | 'creating'
    | 'starting'
    | 'ready'
    | 'failed'
    | 'stopping'
    | 'stopped';
  /** Milliseconds since this component's work began. */
  readonly elapsedMs: number;
  readonly message?: string;
}

export interface UpOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

export interface DownOptions {
  readonly signal?: AbortSignal;
  readonly keepData?: boolean;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** Where components run. One per lab name; boots it or attaches to what is already there. */
export interface Runtime {
  readonly kind: RuntimeKind;
  readonly capabilities: ReadonlySet<Capability>;
  /** Starts whatever is missing, in dependency order, and waits until all is ready. A second `up` is a no-op. */
  up(options?: UpOptions): Promise<RunningLab>;
  /** The running lab, or undefined when nothing of it runs. */
  attach(): Promise<RunningLab | undefined>;
  /** Removes everything it made and nothing else; safe after a crash. */
  down(options?: DownOptions): Promise<void>;
  /** One entry per component of the topology, also when nothing runs. */
  status(): Promise<ComponentStatus[]>;
}

/** A lab whose components run. Every operation is idempotent and resolves once the state is reached. */
export interface RunningLab {
  readonly name: string;
  readonly kind: RuntimeKind;
  readonly pace: Pace;
  readonly capabilities: ReadonlySet<Capability>;
  /** `.lab/<name>`, absolute. */
  readonly directory: string;
  /** The random token that admin and fault endpoints want as `Authorization: Bearer`. */
  readonly token: string;
  status(): Promise<ComponentStatus[]>;
  start(component: ComponentId): Promise<void>;
  /** Graceful: SIGTERM, and SIGKILL after the grace period. */
  stop(component: ComponentId, options?: { graceMs?: number }): Promise<void>;
  /** SIGKILL. */
  kill(component: ComponentId): Promise<void>;
  pause(component: ComponentId): Promise<void>;
  unpause(component: ComponentId): Promise<void>;
  /** Restarts it with these variables over its declared ones; `{}` goes back to the declared ones. */
  restart(component: ComponentId, env?: Readonly<Record<string, string>>): Promise<void>;
  /** The variables that `restart` laid over the declared ones. */
  overrides(component: ComponentId): Promise<Readonly<Record<string, string>>>;
  /** The database that takes writes, as the lab was told last. */
  primary(): Promise<ComponentId>;
  /** Turns a standby into a primary. */
  promote(component: ComponentId): Promise<void>;
  /** A configuration file as its component finds it, or undefined when there is none; `path` is relative to `stack/`. */
  readConfig(path: string): string | undefined;
  /** The same file as the stack declares it for this lab. */
  declaredConfig(path: string): string | undefined;
  /** Replaces what the component finds there; undefined removes it. It takes effect when the component reads it again. */
  writeConfig(component: ComponentId, path: string, content: string | undefined): Promise<void>;
  logs(
    component: ComponentId,
    options?: { follow?: boolean; tailLines?: number; signal?: AbortSignal },
  ): AsyncIterable<string>;
  /** The address of a component's port (`http`, `admin`, `smtp`, `otlp`, `postgres`) as the caller reaches it. */
  address(component: ComponentId, port?: string, from?: Vantage): Address;
  /** Network partition (docker only). */
  disconnect?(component: ComponentId): Promise<void>;
  connect?(component: ComponentId): Promise<void>;
  /** Whether the component is joined to the lab's network now, as the engine says. */
  isConnected?(component: ComponentId): Promise<boolean>;
}

/** What both runtimes are made from. */
export interface RuntimeOptions {
  readonly name: string;
  readonly paths: LabPaths;
  /** The project's folder. */
  readonly root: string;
  /** `undefined`: what the lab was started with, `lab` for a new one. */
  readonly pace: PaceName | undefined;
  readonly native: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A line that a person should read (why this runtime, which ports). */
  readonly note: (text: string) => void;
}
