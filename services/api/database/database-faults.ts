import { defineFault, type ServiceFault } from '../../admin/service-fault.ts';
import type { Database } from './database.ts';

const leakTickMs = 100;

/** Faults between the API and its database. */
export function createDatabaseFaults(database: Database): ServiceFault[] {
  return [
    defineFault('slow-queries', ({ delayMs }) => {
      database.delayMs = delayMs;
      return () => {
        database.delayMs = 0;
      };
    }),
    defineFault('connection-leak', ({ perSecond }) => {
      const leaked: (() => void)[] = [];
      let wanted = 0;
      let pending = 0;
      let ended = false;
      const timer = setInterval(() => {
        wanted += (perSecond * leakTickMs) / 1_000;
        for (; wanted >= 1; wanted--) {
          // One at a time once the pool is exhausted: a leak does not queue without bound either.
          if (pending > 0) continue;
          pending++;
          database
            .leak()
            .then(
              (release) => {
                if (ended) release();
                else leaked.push(release);
              },
              () => undefined,
            )
            .finally(() => pending--);
        }
      }, leakTickMs).unref();
      return () => {
        ended = true;
        clearInterval(timer);
        for (const release of leaked.splice(0)) release();
      };
    }),
  ];
}
