import { type Neo4jSettings, neo4jAddressOf } from '#backing/open/graph.ts';
import { graphNames, removeGraph } from '../../../run-graph-migrations.ts';
import type { NamesOf, Remove } from './remove.ts';

export const removeGraphVersion: Remove = async (settings) => {
  const read = settings as Neo4jSettings;
  await removeGraph({ ...neo4jAddressOf(read), version: read.NEO4J_VERSION });
};

export const labelNames: NamesOf = (settings) => graphNames(neo4jAddressOf(settings as Neo4jSettings));
