import type { ClientConfig } from 'pg';
import { POSTGRES_TLS } from '../settings.ts';
import { PostgresRefused } from './errors.ts';

export type PostgresAddress = {
  /** `postgres://user:password@host:port/database`; TLS by its `sslmode`. No message or report tells it. */
  url: string;
  /** Stands before that of the address. */
  password?: string | undefined;
  /** The authority of the server's certificate, in PEM, where the machine does not know it. */
  ca?: string | undefined;
};

/**
 * How `pg` reaches the server. Where there is TLS, by `sslmode` or an authority, the certificate is verified, and that
 * it is the host's, whatever the mode is called: only `no-verify` trusts anybody. Throws PostgresRefused for another mode.
 */
export function connectionOf({
  url,
  password,
  ca,
}: PostgresAddress): Pick<ClientConfig, 'connectionString' | 'ssl'> {
  const address = new URL(url);
  const mode = address.searchParams.get('sslmode') ?? (ca === undefined ? 'disable' : 'verify-full');
  if (!(POSTGRES_TLS as readonly string[]).includes(mode))
    throw new PostgresRefused(`sslmode=${mode} is none of ${POSTGRES_TLS.join(', ')}`);
  // What `pg` reads of it there would stand before what it is given here.
  address.searchParams.delete('sslmode');
  // Assigning alone would leave a "%" as it is, to be read as the beginning of a character.
  if (password !== undefined) address.password = encodeURIComponent(password);
  const verified = { rejectUnauthorized: mode !== 'no-verify', ...(ca === undefined ? {} : { ca }) };
  return { connectionString: address.href, ssl: mode === 'disable' ? false : verified };
}

/**
 * What messages call the server at an address: host, port and database, without user and password. Throws
 * PostgresRefused, which tells nothing of the address, where it is none.
 */
export function serverName(address: string): string {
  const url = URL.parse(address);
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new PostgresRefused(
      'The address of PostgreSQL is not of the form postgres://user:password@host:port/database',
    );
  }
  return `${url.host}${url.pathname}`;
}

/** Throws PostgresRefused for a name that could not stand for a schema unquoted. */
export function checkSchema(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new PostgresRefused(
      `"${schema}" is no name for a schema: take a-z, 0-9 and "_", at most 63 of them`,
    );
  }
}
