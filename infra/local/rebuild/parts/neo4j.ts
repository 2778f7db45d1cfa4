import { type Neo4jSettings, neo4jAddressOf } from '#backing/open/graph.ts';
import { versionSuffix } from '#contract/topics.ts';
import { migrateGraph, removeGraph } from '../../../run-graph-migrations.ts';

const targetOf = (read: Neo4jSettings, version: number) => ({
  ...neo4jAddressOf(read),
  version: `${read.NEO4J_VERSION}${versionSuffix(version)}`,
});

export async function prepareGraph(read: Neo4jSettings, version: number): Promise<void> {
  await migrateGraph(targetOf(read, version));
}

export async function dropGraph(read: Neo4jSettings, version: number): Promise<void> {
  await removeGraph(targetOf(read, version));
}
