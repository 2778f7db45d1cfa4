import * as v from 'valibot';

/** Runs wrangler for the environment that is deployed to, and gives what it says. Rejects where it fails. */
export type Wrangler = (...args: string[]) => Promise<string>;

/** A version did not do: traffic is with the one before again. */
export class RolledBack extends Error {
  readonly code = 'rolled_back';
  readonly retryable = false;
}

const Deployment = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ versions: v.array(v.object({ version_id: v.string(), percentage: v.number() })) }),
);

const UPLOADED = /Worker Version ID:\s*([0-9a-f-]{36})/;

/** The version that has all the traffic. Throws where two share it, since then nobody can tell which is good. */
async function current(wrangler: Wrangler): Promise<string> {
  const { versions } = v.parse(Deployment, await wrangler('deployments', 'status', '--json'));
  const [one, ...others] = versions.filter(({ percentage }) => percentage > 0);
  if (one && others.length === 0) return one.version_id;
  throw new Error(
    'Two versions share the traffic: end that first, by npx wrangler versions deploy VERSION@100%, or wrangler rollback',
  );
}

/**
 * Gives a new version of the Worker its share of the traffic step by step, as long as `well` says that it is; at the first
 * doubt all traffic goes back to the version before. Routes, crons and queues are set once it has all of it: an older
 * version does not know newer ones. Rejects with RolledBack, or with what wrangler said where nothing was changed.
 */
export async function rollOut({
  wrangler,
  steps,
  tag,
  well,
  tell,
}: {
  wrangler: Wrangler;
  /** Shares of the traffic in per cent, rising to 100. */
  steps: readonly number[];
  tag: string;
  /** Looks at the new version for as long as a step lasts; false, or a rejection, is a doubt. */
  well: (version: string, percent: number) => Promise<boolean>;
  tell: (line: string) => void;
}): Promise<string> {
  const before = await current(wrangler);
  const version = UPLOADED.exec(await wrangler('versions', 'upload', '--tag', tag))?.[1];
  if (!version) throw new Error('wrangler did not say which version it uploaded');
  const split = async (percent: number) => {
    const old = percent < 100 ? [`${before}@${100 - percent}%`] : [];
    await wrangler(
      'versions',
      'deploy',
      `${version}@${percent}%`,
      ...old,
      '--yes',
      '--message',
      `${tag}: ${percent}%`,
    );
    tell(`${version} has ${percent} % of the traffic`);
  };
  try {
    for (const percent of steps) {
      await split(percent);
      if (!(await well(version, percent))) throw new Error(`At ${percent} % the new version is not well`);
    }
  } catch (cause) {
    await wrangler('versions', 'deploy', `${before}@100%`, '--yes', '--message', `${tag}: back`);
    throw new RolledBack(`All traffic is with ${before} again: ${(cause as Error).message}`, { cause });
  }
  await wrangler('triggers', 'deploy');
  return version;
}
