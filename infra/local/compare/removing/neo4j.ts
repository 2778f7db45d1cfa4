import { type Neo4jSettings, neo4jAddressOf } from '#backing/open/graph.ts';
import { removeGraph } from '../../../run-graph-migrations.ts';
import type { Remove } from './remove.ts';

export const removeGraphVersion: Remove = async (settings) => {
  const read = settings as Neo4jSettings;
  await removeGraph({ ...neo4jAddressOf(read), version: read.NEO4J_VERSION });
};
