import { isIP } from 'node:net';
import { certificateFault } from '../certificate-fault.ts';

type Asked = { url: string; password?: string | undefined; ca?: string | undefined };

/** How ioredis reaches the server, and what messages call it: host and port alone. */
export function redisAddress({ url, password, ca }: Asked) {
  const address = new URL(url);
  // Assigning alone would leave a "%" as it is, to be read as the beginning of a character.
  if (password !== undefined) address.password = encodeURIComponent(password);
  const host = address.hostname.replace(/^\[|\]$/g, '');
  const named = isIP(host) ? {} : { servername: host };
  const tls = { tls: { ...named, ...(ca === undefined ? {} : { ca }) } };
  return { url: address.href, server: address.host, tls: address.protocol === 'rediss:' ? tls : {} };
}

/** Why Redis could not be had, in words that follow its name. */
export function whyNot(error: unknown): string {
  const untrusted = certificateFault(error);
  if (untrusted) return `${untrusted}: see REDIS_CA`;
  const { code, message = '' } = error as { code?: string; message?: string };
  if (/^(WRONGPASS|NOAUTH|NOPERM)|invalid password/i.test(message))
    return 'does not let us in: mend the user or the password';
  return `cannot be reached (${code ?? message})`;
}
