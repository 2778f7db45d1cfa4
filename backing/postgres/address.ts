import { PostgresRefused } from './errors.ts';

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
