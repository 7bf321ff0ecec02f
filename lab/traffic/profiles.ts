/** One kind of request of a mix. */
export interface MixEntry {
  readonly name: string;
  /** Its share: requests of this kind out of the sum of all weights. */
  readonly weight: number;
}

export interface TrafficProfile {
  readonly name: string;
  readonly summary: string;
  /** Requests a second, constant: slow answers do not slow the arrivals down. */
  readonly requestsPerSecond: number;
  /** Moments within a second at which a part of the requests is sent. */
  readonly phases: number;
  readonly mix: readonly MixEntry[];
}

/** What a user of the notes does. `users.ts` turns each name into a request. */
const everydayUse: readonly MixEntry[] = [
  { name: 'read-note', weight: 18 },
  { name: 'list-notes', weight: 18 },
  { name: 'search-notes', weight: 9 },
  { name: 'create-note', weight: 9 },
  { name: 'update-note', weight: 3 },
  { name: 'place-order', weight: 3 },
  // A trickle: hashing a password costs the server more than all the others, and without any NoUserRegistrations fires.
  { name: 'register', weight: 1 },
];

/**
 * Load profiles. `steady` is sized for a laptop of two cores that runs the whole lab besides: enough requests for a
 * meaningful p95 of each replica in every window, and the processors more idle than busy.
 */
export const trafficProfiles = {
  steady: {
    name: 'steady',
    summary: 'everyday use at a constant rate',
    requestsPerSecond: 40,
    phases: 10,
    mix: everydayUse,
  },
  light: {
    name: 'light',
    summary: 'a trickle of everyday use',
    requestsPerSecond: 10,
    phases: 10,
    mix: everydayUse,
  },
  burst: {
    name: 'burst',
    summary: '50 requests at the same moment, once a second',
    requestsPerSecond: 50,
    phases: 1,
    mix: everydayUse,
  },
  peak: {
    name: 'peak',
    summary: '100 connections, as fast as two cores sustain it beside the whole lab',
    requestsPerSecond: 100,
    phases: 10,
    mix: everydayUse,
  },
} as const satisfies Record<string, TrafficProfile>;

export type TrafficProfileName = keyof typeof trafficProfiles;
