import { removeTopics } from './removing/kafka.ts';
import { collectionNames, removeCollections } from './removing/milvus.ts';
import { labelNames, removeGraphVersion } from './removing/neo4j.ts';
import { removeSchema, schemaNames } from './removing/postgres.ts';
import type { NamesOf, Remove } from './removing/remove.ts';
import { removeObjects } from './removing/s3.ts';

/** How what a port chose is removed again: one line each. What is embedded goes with its folder. */
export const REMOVING: Readonly<Record<string, Remove>> = {
  'log kafka': removeTopics,
  'relational postgres': removeSchema,
  'vectors milvus': removeCollections,
  'graph neo4j': removeGraphVersion,
  'archive s3': removeObjects,
  'learnt s3': removeObjects,
};

/** The names that there are of what such a run makes, its own among those of others. */
export const NAMED: Readonly<Record<string, NamesOf>> = {
  'relational postgres': schemaNames,
  'vectors milvus': collectionNames,
  'graph neo4j': labelNames,
};
