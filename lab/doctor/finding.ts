/** One thing that `doctor` looked at. */
export interface Finding {
  readonly subject: string;
  /** `note`: works, and is worth knowing. */
  readonly verdict: 'ok' | 'note' | 'wrong';
  readonly detail: string;
  readonly remedy?: string;
}
