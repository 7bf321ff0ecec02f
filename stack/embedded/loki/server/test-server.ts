import { parseConfig } from '../config/config.ts';
import { type LokiOptions, startLoki } from './server.ts';

/** A server for tests on a port of its own, with a clock that only moves when told. */
export async function startTestServer(
  options: { readonly limits?: string; readonly config?: string; readonly nowMs?: number } & Omit<
    LokiOptions,
    'now'
  > = {},
) {
  const clock = { nowMs: options.nowMs ?? Date.parse('2026-01-01T00:10:00Z') };
  const config = parseConfig(
    `auth_enabled: false\nlimits_config: {${options.limits ?? ''}}\n${options.config ?? ''}`,
  );
  const server = await startLoki(config, { address: '127.0.0.1:0', ...options, now: () => clock.nowMs });
  const get = async (path: string, parameters: Record<string, string> = {}) => {
    const answer = await fetch(`${server.url}${path}?${new URLSearchParams(parameters)}`);
    const text = await answer.text();
    return { status: answer.status, text, json: () => JSON.parse(text) as never };
  };
  return {
    server,
    clock,
    get,
    async push(body: unknown, headers: Record<string, string> = {}) {
      const raw =
        body instanceof Uint8Array
          ? new Uint8Array(body)
          : typeof body === 'string'
            ? body
            : JSON.stringify(body);
      const answer = await fetch(`${server.url}/loki/api/v1/push`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: raw,
      });
      return { status: answer.status, text: await answer.text() };
    },
    /** Pushes lines to one stream, a second apart, the last one at the clock's time. */
    async pushLines(stream: Record<string, string>, lines: readonly string[]) {
      const values = lines.map((line, index) => [
        `${Math.floor(clock.nowMs / 1000) - lines.length + 1 + index}000000000`,
        line,
      ]);
      return this.push({ streams: [{ stream, values }] });
    },
    /** The lines a log query returns, oldest first; or the error's text. */
    async lines(query: string): Promise<string[] | string> {
      const { status, text } = await get('/loki/api/v1/query_range', {
        query,
        direction: 'forward',
        limit: '1000',
        end: `${Math.floor(clock.nowMs / 1000) + 1}`,
      });
      if (status !== 200) return text;
      const { data } = JSON.parse(text) as { data: { result: { values: [string, string][] }[] } };
      return data.result
        .flatMap(({ values }) => values)
        .sort((left, right) => Number(BigInt(left[0]) - BigInt(right[0])))
        .map(([, line]) => line);
    },
    /** The labels of each stream a log query returns. */
    async labels(query: string): Promise<Record<string, string>[]> {
      const { text } = await get('/loki/api/v1/query_range', {
        query,
        end: `${Math.floor(clock.nowMs / 1000) + 1}`,
      });
      const { data } = JSON.parse(text) as { data: { result: { stream: Record<string, string> }[] } };
      return data.result.map(({ stream }) => stream);
    },
    /** An instant query's samples as `{labels} value`; or the error's text. */
    async value(query: string): Promise<string[] | string> {
      const { status, text } = await get('/loki/api/v1/query', { query });
      if (status !== 200) return text;
      const { data } = JSON.parse(text) as {
        data: {
          resultType: string;
          result: [number, string] | { metric: object; value: [number, string] }[];
        };
      };
      if (data.resultType === 'scalar') return [String((data.result as [number, string])[1])];
      return (data.result as { metric: object; value: [number, string] }[]).map(
        ({ metric, value }) => `${JSON.stringify(metric)} ${value[1]}`,
      );
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
