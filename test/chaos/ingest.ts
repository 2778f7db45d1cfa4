import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { importKeys, type Key } from '#contract/signature.ts';
import { type Random, seededRandom } from '../../infra/local/simulated/random.ts';
import { compareViews, type Finding } from './support/compare.ts';
import { embeddedWorld } from './support/embedded-world.ts';
import { startLoad } from './support/load.ts';
import { reference } from './support/reference.ts';
import { byFault, printTotals, type Round, roundLine } from './support/report.ts';
import { servicesWorld } from './support/services-world.ts';
import type { Fault, World } from './support/world.ts';

export type ChaosOptions = {
  rounds: number;
  seed: number;
  on: 'services' | 'embedded';
  json?: string | undefined;
  signal: AbortSignal;
};

/** What a run came to. */
export type Outcome = {
  seed: number;
  rounds: Round[];
  acknowledged: number;
  failed_sends: number;
  findings: Finding[];
  /** True where nothing acknowledged is missing, and nothing counted twice, in any view. */
  holds: boolean;
};

/** How many events are acknowledged between one fault and the next, at random. */
const BETWEEN = { least: 20, most: 200 };
const RECOVERY_MS = 90_000;

/** Every fault once, in an order that chance gives, then every one again. */
function* chosen(faults: readonly Fault[], random: Random): Generator<Fault, never> {
  for (;;) yield* random.some(faults, faults.length);
}

/**
 * Disturbs gateway and views under load, round by round: a fault at a random moment; then all that is acknowledged
 * after it is mended has to come through every view. At the end each view is compared with what was acknowledged.
 */
export async function runIngest(
  { rounds, seed, on, signal }: ChaosOptions,
  tell: (line: string) => void,
): Promise<Outcome> {
  const random = seededRandom(seed);
  const expected = reference();
  const world = on === 'embedded' ? await embeddedWorld() : await servicesWorld();
  const ending = new AbortController();
  try {
    tell(`seed ${seed}, on ${world.name}`);
    const load = startLoad({
      url: world.gateway_url,
      key: ((await importKeys([world.key])) as [Key])[0],
      seed,
      onAcknowledged: (events) => events.forEach(expected.acknowledge),
      signal: AbortSignal.any([signal, ending.signal]),
    });
    const faults = chosen(world.faults, random);
    const fails = failing(world, signal);
    const done: Round[] = [];
    for (let at = 1; at <= rounds; at++) {
      const round = await Promise.race([oneRound(faults.next().value, { world, load, random }), fails]);
      done.push(round);
      tell(roundLine(at, round, load));
    }
    await Promise.race([load.end(), fails]);
    await Promise.race([world.settle(), fails]);
    const findings = await compareViews(await world.read(), expected.views());
    const holds = findings.every(({ missing, twice, different }) => missing + twice + different === 0);
    const [acknowledged, failed_sends] = [load.acknowledged(), load.failed()];
    return { seed, rounds: done, acknowledged, failed_sends, findings, holds };
  } finally {
    ending.abort();
    await world.close();
  }
}

/** Rejects once the run is stopped, or a process has ended that should not have. */
function failing({ broken }: World, signal: AbortSignal): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const either = Promise.race([broken, stopped]);
  either.catch(() => {});
  return either;
}

type Disturbed = { world: World; load: ReturnType<typeof startLoad>; random: Random };

async function oneRound(fault: Fault, { world, load, random }: Disturbed): Promise<Round> {
  await load.progress(random.whole(BETWEEN.least, BETWEEN.most));
  const begun = performance.now();
  await fault.make(random);
  const mended = performance.now();
  const recovering = load.progress(1).then(async () => {
    const accepting = performance.now();
    await world.settle();
    return { accepting_ms: accepting - mended, settled_ms: performance.now() - mended };
  });
  const late = sleep(RECOVERY_MS, undefined, { ref: false }).then(() => {
    throw new Error(`After "${fault.name}" was mended it did not recover within ${RECOVERY_MS / 1000} s`);
  });
  const recovered = await Promise.race([recovering, late]);
  return { fault: fault.name, fault_ms: mended - begun, ...recovered };
}

/** `npm run chaos -- ingest`: prints what was made and what it came to; false where something was lost or counted twice. */
export async function chaos(options: ChaosOptions): Promise<boolean> {
  const outcome = await runIngest(options, console.log);
  console.table(byFault(outcome.rounds));
  printTotals(outcome, options);
  if (options.json) await writeFile(options.json, `${JSON.stringify(outcome, null, 2)}\n`);
  return outcome.holds;
}
