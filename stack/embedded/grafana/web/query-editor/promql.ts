import type { Extension } from '@codemirror/state';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { proxyAddress } from '../data.ts';

/** PromQL as Prometheus' own page edits it: metric names, labels, values and functions are offered, errors underlined. */
export const promql = (uid: string): Extension =>
  new PromQLExtension()
    .setComplete({
      remote: { url: proxyAddress(uid, ''), httpMethod: 'GET', httpErrorHandler: () => undefined },
    })
    .asExtension();
