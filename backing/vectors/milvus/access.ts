import type { MilvusAddress } from './connection.ts';

type Asked = {
  /** `host:port`, or `https://host:port` for TLS. */
  address: string;
  user?: string | undefined;
  password?: string | undefined;
  token?: string | undefined;
  database?: string | undefined;
  ca?: string | undefined;
};

const TLS = 'https://';

/** How Milvus is reached and lets us in, as the connection takes it. Certificates are always verified. */
export function milvusAccess({ address, user, password, token, database, ca }: Asked): MilvusAddress {
  const known = token ?? (user === undefined ? undefined : `${user}:${password}`);
  const tls = ca === undefined ? true : { root_cert: Buffer.from(ca) };
  return {
    address: address.startsWith(TLS) ? address.slice(TLS.length) : address,
    ...(address.startsWith(TLS) ? { tls } : {}),
    ...(known === undefined ? {} : { token: known }),
    ...(database === undefined ? {} : { database }),
  };
}
