import { createTransport } from 'nodemailer';
import type { Values } from '../config/config.ts';
import { NotifyError, secret } from './http.ts';
import type { CreateNotifier } from './notifier.ts';

const defaultSubject = '{{ template "email.default.subject" . }}';

/** Mail over SMTP, as text and HTML. */
export const createEmailNotifier: CreateNotifier =
  (settings, templates) =>
  async ({ data, signal }) => {
    const { host, port } = splitHostPort(String(settings.smarthost));
    const requireTls = settings.require_tls === true;
    const tls = (settings.tls_config ?? {}) as Values;
    const username = String(settings.auth_username ?? '');
    const headers: Record<string, string> = {
      Subject: defaultSubject,
      ...(settings.headers as Record<string, string> | undefined),
    };
    const rendered = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        templates.text(value, data).replace(/[\r\n]+/g, ' '),
      ]),
    );
    const { Subject: subject = '', From, To, 'Reply-To': replyTo, ...rest } = rendered;
    const from = templates.text(String(settings.from), data);
    const to = templates.text(String(settings.to), data);
    const html = templates.html(String(settings.html ?? ''), data);
    const text = templates.text(String(settings.text ?? ''), data);
    const implicit =
      settings.force_implicit_tls === true || (settings.force_implicit_tls === undefined && port === 465);
    const transport = createTransport({
      host,
      port,
      name: String(settings.hello ?? 'localhost'),
      secure: implicit,
      requireTLS: requireTls && !implicit,
      ignoreTLS: !requireTls,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 20_000,
      tls: {
        rejectUnauthorized: tls.insecure_skip_verify !== true,
        ...(tls.server_name === undefined ? {} : { servername: String(tls.server_name) }),
      },
      ...(username === '' ? {} : { auth: { user: username, pass: secret(settings, 'auth_password') } }),
    });
    const stop = () => transport.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const sent = transport.sendMail({
        envelope: { from: address(from), to: to.split(',').map(address) },
        from: From ?? from,
        to: To ?? to,
        replyTo,
        subject,
        headers: rest,
        ...(text === '' ? {} : { text }),
        ...(html === '' ? {} : { html }),
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      await Promise.race([sent, aborted(signal)]);
    } catch (error) {
      if (error instanceof NotifyError) throw error;
      throw new NotifyError(`send mail: ${(error as Error).message}`, { retry: true, cause: error });
    } finally {
      signal.removeEventListener('abort', stop);
      transport.close();
    }
  };

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () =>
      reject(
        new NotifyError('context deadline exceeded', { retry: true, reason: 'contextDeadlineExceeded' }),
      );
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function splitHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text);
  return { host: match?.[1] ?? match?.[2] ?? 'localhost', port: Number(match?.[3] ?? 25) };
}

/** The bare address of `Name <address>`. */
function address(text: string): string {
  return /<([^>]*)>/.exec(text)?.[1] ?? text.trim();
}
