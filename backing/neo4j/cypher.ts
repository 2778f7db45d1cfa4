import { readFileSync } from 'node:fs';
import { Neo4jRefused } from './errors.ts';

/** Throws Neo4jRefused for what could not end a label: labels are no parameters of a statement. */
function checkVersion(version: string): void {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(version)) {
    throw new Neo4jRefused(
      `"${version}" is no version of the graph: take a-z, 0-9 and "_", at most 63, such as v1`,
    );
  }
}

/** A Cypher file, in which all labels and names end in `_v1`, for another version of the view. */
export function readCypher(file: URL | string, version: string): string {
  checkVersion(version);
  return readFileSync(file, 'utf8').replaceAll(/_v1\b/g, `_${version}`);
}
