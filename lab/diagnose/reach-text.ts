import type { Finding } from './finding.ts';
import type { Reach } from './reach.ts';
import { duration } from './units.ts';

/** One attempt to reach a port in words; `next` is for when it failed. */
export function describeReach(subject: string, reach: Reach, next: string): Finding {
  const facts: Finding['facts'] = { ...reach };
  switch (reach.outcome) {
    case 'answered': {
      const time = duration(reach.milliseconds / 1000);
      // PostgreSQL's answer has no status.
      if (reach.status < 400) {
        return {
          subject,
          verdict: 'ok',
          text: `in ${time}${reach.status === 0 ? '' : ` with ${reach.status}`}`,
          facts,
        };
      }
      return {
        subject,
        verdict: 'wrong',
        text: `in ${time}, with ${reach.status}: it is there and not ready`,
        next,
        facts,
      };
    }
    case 'refused':
      return { subject, verdict: 'wrong', text: 'refused: nothing listens there', next, facts };
    case 'no-connection':
      return {
        subject,
        verdict: 'wrong',
        text: `timeout: no connection within ${reach.withinMs} ms`,
        next,
        facts,
      };
    case 'no-answer':
      return {
        subject,
        verdict: 'wrong',
        text: `timeout: takes the connection in ${duration(reach.connectMilliseconds / 1000)} and does not answer within ${reach.withinMs} ms`,
        next,
        facts,
      };
    case 'failed':
      return { subject, verdict: 'wrong', text: `failed: ${reach.reason}`, next, facts };
  }
}
