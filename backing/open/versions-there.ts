import type { ViewName } from '#contract/topics.ts';
import { toStderr } from '../http/report.ts';
import type { PostgresAddress } from '../postgres/address.ts';
import { openPostgres } from '../postgres/open.ts';
import { postgresViewVersions } from '../view-versions/postgres.ts';

const READ_MS = 10_000;

/** The versions of a view that are there, by the rows of a migrated schema. */
export async function versionsThere(
  view: ViewName,
  target: PostgresAddress & { schema: string },
): Promise<number[]> {
  const { schema, ...address } = target;
  const application_name = 'edgewise-migrate';
  const postgres = openPostgres({ ...address, schema, application_name, report: toStderr });
  try {
    const rows = postgresViewVersions(postgres);
    const { serving, beside } = await rows.read(view, AbortSignal.timeout(READ_MS));
    return beside === null ? [serving] : [serving, beside];
  } finally {
    await postgres.close();
  }
}
