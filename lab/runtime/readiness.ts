import { request } from 'node:http';
import { connect } from 'node:net';

const timeoutMs = 2000;

/** Asks once whether an HTTP endpoint answers with success. */
export function probeHttp(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(url, { agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 400);
      response.once('end', () => call.destroy());
    });
    call.once('timeout', () => call.destroy(new Error('timeout')));
    call.once('error', () => resolve(false));
    call.end();
  });
}

/**
 * Asks once whether PostgreSQL accepts connections, as pg_isready does: a startup message is answered with an
 * authentication request (`R`), or with an error while the server still recovers (protocol 3.0, "Start-up").
 */
export function probePostgres(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (ready: boolean): void => {
      resolve(ready);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => resolve(false));
    socket.once('data', (data) => finish(data[0] === 0x52));
    socket.once('connect', () => socket.write(startupMessage));
  });
}

const startupMessage = (() => {
  const parameters = Buffer.from('user\0notes\0database\0notes\0application_name\0lab\0\0');
  const message = Buffer.alloc(8 + parameters.length);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(0x0003_0000, 4);
  parameters.copy(message, 8);
  return message;
})();
