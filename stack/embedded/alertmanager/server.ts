import { listen, type RunningServer } from '../http/listen.ts';
import { Alertmanager, type AlertmanagerOptions } from './alertmanager.ts';
import { createAlertmanagerApp } from './api/app.ts';

export interface RunningAlertmanager {
  readonly manager: Alertmanager;
  readonly server: RunningServer;
  readonly url: string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a server on `host:port`. Rejects when the configuration is wrong or the address taken. */
export async function startAlertmanager(
  listenAddress: string,
  options: Omit<AlertmanagerOptions, 'externalUrl'> & { readonly externalUrl?: string },
): Promise<RunningAlertmanager> {
  const externalUrl = (options.externalUrl || `http://${listenAddress.replace(/^:/, 'localhost:')}`).replace(
    /\/+$/,
    '',
  );
  if (!URL.canParse(externalUrl) || !/^https?:/.test(externalUrl))
    throw new Error(`--web.external-url "${externalUrl}" is not an http or https URL`);
  const manager = new Alertmanager({ ...options, externalUrl });
  let server: RunningServer;
  try {
    server = await listen(createAlertmanagerApp(manager), listenAddress);
  } catch (error) {
    manager.close();
    throw error;
  }
  const close = async () => {
    await server.close();
    manager.close();
  };
  return { manager, server, url: server.url, close, [Symbol.asyncDispose]: close };
}
