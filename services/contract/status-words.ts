/** As status pages name them, in their order. */
export const incidentStates = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export type IncidentState = (typeof incidentStates)[number];

/** What users do with the service, by the name that they know it by: nothing of the inside stands here. */
export const publicComponents = {
  reading: 'Reading notes',
  saving: 'Saving notes',
  search: 'Search',
  'signing-in': 'Signing in',
  orders: 'Orders',
} as const;
export type PublicComponent = keyof typeof publicComponents;
export const publicComponentIds = Object.keys(publicComponents) as readonly PublicComponent[];

/** The best first. */
export const componentStates = ['operational', 'degraded', 'partial outage', 'major outage'] as const;
export type ComponentState = (typeof componentStates)[number];
export type ComponentStates = Readonly<Record<PublicComponent, ComponentState>>;

export const allOperational = Object.fromEntries(
  publicComponentIds.map((id) => [id, 'operational']),
) as ComponentStates;

/** An update that was written on the status page itself. */
export interface StatusEdit {
  readonly id: string;
  /** ISO time. */
  readonly at: string;
  /** The incident that was open. */
  readonly incident: string;
  readonly state: IncidentState;
  /** For users. */
  readonly message: string;
  /** The components whose state it changed. */
  readonly components: Readonly<Partial<Record<PublicComponent, ComponentState>>>;
}
