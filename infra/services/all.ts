import { Mendable } from '../local/terminal/mendable.ts';
import { embeddings } from './embeddings.ts';
import { kafka, kafka3 } from './kafka.ts';
import { milvus } from './milvus.ts';
import { neo4j } from './neo4j.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { s3 } from './s3.ts';
import type { Service } from './service.ts';
import { upstash } from './upstash.ts';

/** Every service there is. */
export const SERVICES: readonly Service[] = [
  postgres,
  redis,
  kafka,
  neo4j,
  milvus,
  s3,
  upstash,
  kafka3,
  embeddings,
];

/** The services of these names, each once; the usual ones where there is no name. Throws Mendable at an unknown one. */
export function named(names: readonly string[]): readonly Service[] {
  const unknown = names.find((name) => !SERVICES.some((service) => service.name === name));
  if (unknown !== undefined) {
    const known = SERVICES.map(({ name }) => name).join(', ');
    throw new Mendable(`There is no service "${unknown}": choose of ${known}`);
  }
  return SERVICES.filter(({ name, usual }) => (names.length === 0 ? usual : names.includes(name)));
}
