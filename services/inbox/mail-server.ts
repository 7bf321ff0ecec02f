import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { Logger } from '../telemetry/logger.ts';
import { type MailMessage, parseMail } from './mail-message.ts';
import { dashboardAt, type Incoming, instancesOf, parseTitle } from './notification.ts';

const maxMessageBytes = 262_144;
const maxClients = 20;

export interface MailServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Takes e-mail from Alertmanager: loopback only, so no accounts and no TLS. */
export async function startMailServer({
  host,
  port,
  logger,
  deliver,
}: {
  host: string;
  port: number;
  logger: Logger;
  deliver: (incoming: Incoming) => void;
}): Promise<MailServer> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: maxMessageBytes,
    maxClients,
    socketTimeout: 30_000,
    closeTimeout: 500,
    banner: 'inbox',
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxMessageBytes) chunks.push(chunk);
      });
      stream.once('error', done);
      stream.once('end', () => {
        if (stream.sizeExceeded || size > maxMessageBytes) {
          done(
            Object.assign(new Error(`the message exceeds ${maxMessageBytes} bytes`), { responseCode: 552 }),
          );
          return;
        }
        const recipient = session.envelope.rcptTo[0]?.address ?? '';
        // Latin-1 keeps every byte; each part is decoded by its own charset.
        deliver(fromMail(recipient, parseMail(Buffer.concat(chunks).toString('latin1'))));
        done();
      });
    },
  });
  server.on('error', (error) => logger.warn('mail connection failed', { error }));
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another process has it' : error.message;
      reject(new Error(`cannot listen on ${host}:${port}: ${reason}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The mailbox before the @ is the receiver; the alert's fields stand in `X-` headers. */
export function fromMail(recipient: string, { headers, text }: MailMessage): Incoming {
  const title = headers.get('subject') ?? '';
  const fromTitle = parseTitle(title);
  const stated = headers.get('x-status')?.toLowerCase();
  return {
    channel: 'email',
    receiver: recipient.split('@', 1)[0] || 'email',
    status: stated === 'firing' || stated === 'resolved' ? stated : (fromTitle.status ?? 'firing'),
    alertname: headers.get('x-alertname') || fromTitle.alertname || 'unknown',
    service: headers.get('x-service') ?? '',
    severity: headers.get('x-severity') ?? '',
    instances: instancesOf(headers.get('x-instances')),
    title,
    text,
    ...dashboardAt(headers.get('x-dashboard-url')),
  };
}
