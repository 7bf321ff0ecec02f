import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

const safeMethods: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Why a request must not be answered, or undefined. Everything here listens on this machine without a password, so that
 * a page of the internet in the user's browser could reach it in two ways: by a name that it lets point to this machine
 * (DNS rebinding), and by posting a form. The first needs a name with a dot in it, the second says where it comes from.
 */
export function foreignRequest(method: string | undefined, headers: IncomingHttpHeaders): string | undefined {
  const { host, origin } = headers;
  if (host !== undefined && !isOwnName(hostnameOf(`http://${host}`))) {
    return `Host "${host}" is not a name of this machine. Use localhost or an IP address.`;
  }
  if (safeMethods.includes(method)) return undefined;
  if (origin !== undefined && !isOwnName(hostnameOf(origin))) {
    return `Origin "${origin}" may not change anything here. Send the request from this machine's own pages, or without a browser.`;
  }
  if (headers['sec-fetch-site'] === 'cross-site') {
    return "A page of another site may not change anything here. Send the request from this machine's own pages, or without a browser.";
  }
  return undefined;
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** An IP address, or a name that no public server can hand out: `localhost`, a container's, or one below `localhost`. */
function isOwnName(hostname: string | undefined): boolean {
  if (hostname === undefined || hostname === '') return false;
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return isIP(bare) !== 0 || !bare.includes('.') || bare.endsWith('.localhost');
}
