import type { Placement } from '../../../stack/topology.ts';

/** What the launch of a component depends on. */
export interface PlanOptions {
  readonly lab: string;
  readonly at: Placement;
  readonly portOffset: number;
  readonly publishOn: string;
  readonly image: string;
  /** What `restart` laid over the declared variables. */
  readonly overrides: Readonly<Record<string, string>>;
  /** The PostgreSQL node that takes writes. */
  readonly postgresPrimary: string;
}

/** What a component is run with, before it becomes a container or a compose service. */
export interface Launch {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
}
