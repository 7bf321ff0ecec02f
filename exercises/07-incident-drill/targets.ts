import type { Pace } from '../../stack/pace.ts';

/** What a team that is on call aims at, in production. Minutes. */
const minutes = { acknowledge: 2, diagnose: 5, mitigate: 10 } as const;
export type Target = keyof typeof minutes;

/** At the pace `lab` systems do in a second what takes a minute elsewhere. A person who reads and types needs ten. */
const secondsOfAMinute = { lab: 10, real: 60 } as const;

/** How long a person may take, at this pace. */
export const allowedSeconds = (target: Target, pace: Pick<Pace, 'name'>): number =>
  minutes[target] * secondsOfAMinute[pace.name];
