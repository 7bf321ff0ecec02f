export const severities = ['SEV1', 'SEV2', 'SEV3', 'SEV4'] as const;
export type Severity = (typeof severities)[number];

interface SeverityTerms {
  readonly meaning: string;
  /** Within which somebody works on it, in production. Minutes. */
  readonly respondMinutes: number;
  /** After which the next person is called, in production. Minutes; undefined: nobody is. */
  readonly escalateMinutes?: number;
}

export const severityTerms: Readonly<Record<Severity, SeverityTerms>> = {
  SEV1: { meaning: 'complete outage, or data is lost', respondMinutes: 15, escalateMinutes: 0 },
  SEV2: { meaning: 'a major function is impaired', respondMinutes: 60, escalateMinutes: 30 },
  SEV3: { meaning: 'a minor function is impaired', respondMinutes: 240 },
  SEV4: { meaning: 'hardly anybody notices', respondMinutes: 1440 },
};

/** What a severity is, by the share of requests that fail for users. The person decides. */
export function proposeSeverity(errorRatio: number): Severity {
  if (errorRatio >= 0.5) return 'SEV1';
  if (errorRatio >= 0.05) return 'SEV2';
  return errorRatio >= 0.001 ? 'SEV3' : 'SEV4';
}

/** Whether the first is at least as severe as the second. */
export const isAtLeast = (one: Severity, other: Severity): boolean =>
  severities.indexOf(one) <= severities.indexOf(other);
