import { removeTopics } from './removing/kafka.ts';
import { removeCollections } from './removing/milvus.ts';
import { removeGraphVersion } from './removing/neo4j.ts';
import { removeSchema } from './removing/postgres.ts';
import type { Remove } from './removing/remove.ts';
import { removeObjects } from './removing/s3.ts';

/** How what a port chose is removed again: one line each. What is embedded goes with its folder. */
export const REMOVING: Readonly<Record<string, Remove>> = {
  'log kafka': removeTopics,
  'relational postgres': removeSchema,
  'vectors milvus': removeCollections,
  'graph neo4j': removeGraphVersion,
  'archive s3': removeObjects,
};
