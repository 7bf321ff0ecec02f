import { createHash } from 'node:crypto';
import { isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import { createLogger as createWinstonLogger, transports, type Logger as WinstonLogger } from 'winston';
import { logLevels } from '../contract/fault-parameters.ts';
import type { Environment, LogLevel } from './environment.ts';
import { type LokiCounts, LokiTransport } from './loki-transport.ts';
import { redact, redactText } from './redaction.ts';
import { currentRequest } from './request-context.ts';

const MESSAGE = Symbol.for('message');
const closeTimeoutMs = 1_500;

export type LogFields = Record<string, unknown>;

/** One JSON object a line, to stdout and, where LOKI_URL is set, to Loki. Nothing secret passes it. */
export interface Logger {
  level: LogLevel;
  fatal(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** Whether debug lines of the current request are written: asked before fields are composed that cost something. */
  isDebug(): boolean;
  /** How many lines of each level were written since the start. */
  readonly written: Readonly<Record<LogLevel, number>>;
  /** What became of the lines on their way to Loki. */
  readonly loki: Readonly<LokiCounts>;
  /** Sends what is buffered for Loki; gives up after 1.5 s. */
  close(): Promise<void>;
}

export type LogIdentity = Pick<
  Environment,
  'SERVICE_NAME' | 'INSTANCE' | 'ENVIRONMENT' | 'SERVICE_VERSION' | 'LOG_LEVEL' | 'LOKI_URL'
> &
  Partial<Pick<Environment, 'LOG_DEBUG_SAMPLE_RATIO'>>;

/** What a level means to who is on call; the words of syslog, as most log tools filter by them. */
const severities: Readonly<Record<LogLevel, string>> = {
  fatal: 'critical',
  error: 'error',
  warn: 'warning',
  info: 'info',
  debug: 'debug',
};
const ranks = Object.fromEntries(logLevels.map((level, rank) => [level, rank]));

/** The line's object in the order that people read it: what every line has comes first. */
function composeLine(level: LogLevel, message: string, fields: LogFields, identity: LogIdentity): LogFields {
  const span = trace.getActiveSpan()?.spanContext();
  const request = currentRequest();
  const clean = redact(fields) as LogFields;
  return {
    timestamp: new Date().toISOString(),
    level,
    severity: severities[level],
    message: redactText(message),
    service: identity.SERVICE_NAME,
    instance: identity.INSTANCE,
    environment: identity.ENVIRONMENT,
    version: identity.SERVICE_VERSION,
    ...(span !== undefined &&
      isSpanContextValid(span) && {
        trace_id: span.traceId,
        span_id: span.spanId,
        // Without it nobody knows whether the trace can be found.
        trace_sampled: (span.traceFlags & TraceFlags.SAMPLED) !== 0,
      }),
    request_id: request?.requestId,
    user_id: request?.userId,
    // Who counts sampled lines has to know how many they stand for.
    ...(level === 'debug' && debugRatio(identity) < 1 && { sample_ratio: debugRatio(identity) }),
    ...clean,
  };
}

const debugRatio = ({ LOG_DEBUG_SAMPLE_RATIO: ratio = 1 }: LogIdentity): number => ratio;

/** Whether a request is in the sample: all of its debug lines are kept, in every service alike, or none. */
function inSample(requestId: string | undefined, ratio: number): boolean {
  if (ratio >= 1) return true;
  if (requestId === undefined) return Math.random() < ratio;
  const hash = createHash('sha256').update(requestId).digest();
  return hash.readUInt32BE() / 2 ** 32 < ratio;
}

export function createLogger(
  identity: LogIdentity,
  options: { stream?: NodeJS.WritableStream } = {},
): Logger {
  const loki =
    identity.LOKI_URL === undefined
      ? undefined
      : new LokiTransport(
          identity.LOKI_URL,
          {
            app: 'notes',
            service: identity.SERVICE_NAME,
            instance: identity.INSTANCE,
            environment: identity.ENVIRONMENT,
          },
          (line) => process.stderr.write(`${line}\n`),
        );
  const written: Record<LogLevel, number> = { fatal: 0, error: 0, warn: 0, info: 0, debug: 0 };
  const winston: WinstonLogger = createWinstonLogger({
    level: identity.LOG_LEVEL,
    levels: ranks,
    format: {
      transform: (info) => {
        const { level, message, fields } = info as unknown as {
          level: LogLevel;
          message: string;
          fields: LogFields;
        };
        written[level] += 1;
        const line = composeLine(level, message, fields, identity);
        return Object.assign(info, { timestamp: line.timestamp, [MESSAGE]: JSON.stringify(line) });
      },
    },
    transports: [
      new transports.Stream({ stream: options.stream ?? process.stdout }),
      ...(loki === undefined ? [] : [loki]),
    ],
  });
  const write = (level: LogLevel, message: string, fields: LogFields = {}) => {
    winston.log({ level, message, fields });
  };
  const isDebug = (): boolean =>
    winston.level === 'debug' && inSample(currentRequest()?.requestId, debugRatio(identity));
  return {
    get level() {
      return winston.level as LogLevel;
    },
    set level(level) {
      winston.level = level;
    },
    written,
    loki: loki?.counts ?? { sent: 0, retried: 0, dropped: 0 },
    fatal: (message, fields) => write('fatal', message, fields),
    error: (message, fields) => write('error', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    info: (message, fields) => write('info', message, fields),
    debug: (message, fields) => {
      if (isDebug()) write('debug', message, fields);
    },
    isDebug,
    async close() {
      if (loki === undefined) return;
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        loki.close(),
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, closeTimeoutMs);
        }),
      ]);
      clearTimeout(timer);
    },
  };
}
