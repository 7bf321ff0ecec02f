import { describe, expect, it } from 'vitest';
import { tellsOf } from './routes.ts';

const alert = (alertname: string, state: 'active' | 'suppressed' = 'active', severity = 'warning') =>
  ({ labels: { alertname, service: 'gateway', severity }, status: { state } }) as never;
const group = (...alerts: never[]) => ({ alerts });
const message = (alertname: string, severity = 'warning', service = 'gateway') => ({
  alertname,
  service,
  severity,
});

describe('a message tells of a group', () => {
  it('that has one name, by that name', () => {
    expect(tellsOf(message('A'), group(alert('A')))).toBe(true);
    expect(tellsOf(message('B'), group(alert('A')))).toBe(false);
    expect(tellsOf(message('A', 'warning', 'postgres'), group(alert('A')))).toBe(false);
  });

  it('of several, without a name', () => {
    expect(tellsOf(message('unknown'), group(alert('A'), alert('B')))).toBe(true);
    expect(tellsOf(message('A'), group(alert('A'), alert('B')))).toBe(false);
  });

  it('although one that has just ended took the name off it', () => {
    expect(tellsOf(message('unknown'), group(alert('A')))).toBe(true);
  });

  it('by what is not held back', () => {
    expect(tellsOf(message('A'), group(alert('A'), alert('B', 'suppressed')))).toBe(true);
  });

  it('not by one of another severity: it went another way', () => {
    expect(tellsOf(message('unknown', 'critical'), group(alert('A')))).toBe(false);
  });
});
