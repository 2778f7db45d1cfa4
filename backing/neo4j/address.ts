import { Neo4jRefused } from './errors.ts';

/** `+s` is TLS by the certificates that the machine trusts, `+ssc` TLS whatever the certificate. */
const SCHEMES = /^(bolt|neo4j)(\+s|\+ssc)?:$/;

/**
 * What messages call the server at an address: host and port. Throws Neo4jRefused, which tells nothing of the
 * address, where it is none, or holds a password.
 */
export function serverName(address: string): string {
  const url = URL.parse(address);
  if (!url?.host || !SCHEMES.test(url.protocol) || url.username || url.password) {
    throw new Neo4jRefused(
      'The address of Neo4j is not of the form bolt://host:port, or neo4j+s://host with TLS; user and password stand apart',
    );
  }
  return url.host;
}
