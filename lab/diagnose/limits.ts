/** From what on a figure is wrong: the limits of the alerts in `stack/prometheus/rules/alerts.yml`, by their names. */
export const limits = {
  /** Seconds. */
  HighLatency: 0.3,
  /** Share of the requests. */
  HighErrorRate: 0.05,
  /** Seconds, the 99th percentile. */
  EventLoopLag: 0.2,
  /** Share of one processor. */
  HighCpuUsage: 0.7,
  /** Resident bytes. */
  HighMemoryUsage: 300e6,
  /** Share of the pool. */
  DatabasePoolSaturation: 0.8,
  /** Seconds. */
  ReplicationLagHigh: 5,
} as const;
