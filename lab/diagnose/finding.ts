/** `unknown`: could not be measured, which is neither well nor wrong. */
export type Verdict = 'wrong' | 'unknown' | 'notable' | 'ok';

/** One thing that was looked at: a line for people, and its figures for machines. */
export interface Finding {
  readonly subject: string;
  readonly verdict: Verdict;
  readonly text: string;
  /** What to look at next: a command or an address. */
  readonly next?: string;
  /** As measured, with the unit in the name; null where there is no value. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface Section {
  /** Says also where its figures were measured from. */
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** What `diagnose` found about the whole lab, a component or the network. */
export interface Diagnosis {
  readonly about: string;
  readonly at: string;
  readonly sections: readonly Section[];
}

const rank: Readonly<Record<Verdict, number>> = { wrong: 0, unknown: 1, notable: 2, ok: 3 };

/** The worst first; what is equally bad stays in its order. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => rank[a.verdict] - rank[b.verdict]);
}

/** How many findings there are of each verdict. */
export function tally({ sections }: Diagnosis): Record<Verdict, number> {
  const counts = { wrong: 0, unknown: 0, notable: 0, ok: 0 };
  for (const { verdict } of sections.flatMap(({ findings }) => findings)) counts[verdict] += 1;
  return counts;
}

/** The command that says more about a component. */
export const diagnoseCommand = (component: string): string => `npm run lab -- diagnose ${component}`;

export const logsCommand = (component: string): string => `npm run lab -- logs ${component}`;
