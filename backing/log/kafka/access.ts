import type { SASLOptions } from 'kafkajs';
import type { KafkaLogOptions } from './settings.ts';

type Asked = {
  tls: boolean;
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  sasl?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  user?: string | undefined;
  password?: string | undefined;
};

/** How the brokers let us in, as kafkajs takes it. Certificates are always verified. */
export function kafkaAccess(asked: Asked): Pick<KafkaLogOptions, 'sasl' | 'tls'> {
  const { tls, ca, cert, key, sasl: mechanism, user: username = '', password = '' } = asked;
  const sasl = mechanism ? ({ mechanism, username, password } as SASLOptions) : undefined;
  return {
    ...(sasl ? { sasl } : {}),
    ...(tls ? { tls: { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) } } : {}),
  };
}
