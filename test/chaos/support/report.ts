import type { Finding } from './compare.ts';
import type { Load } from './load.ts';

/** A round that recovered: how long the fault was made, and how long after its mending all was well again. */
export type Round = {
  fault: string;
  fault_ms: number;
  /** Until the first event was acknowledged that was sent since. */
  accepting_ms: number;
  /** Until every view had handled that. */
  settled_ms: number;
};

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** A round as it is told when it has ended. */
export function roundLine(at: number, round: Round, load: Load): string {
  const { fault, fault_ms, accepting_ms, settled_ms } = round;
  return (
    `${String(at).padStart(4)}  ${fault.padEnd(34)} made for ${seconds(fault_ms)}, accepting after ${seconds(accepting_ms)}, ` +
    `all views after ${seconds(settled_ms)}; ${load.acknowledged()} acknowledged, ${load.failed()} sends failed`
  );
}

/** How long it took to recover, fault by fault. */
export function byFault(rounds: readonly Round[]): Record<string, string | number>[] {
  return [...Map.groupBy(rounds, ({ fault }) => fault)].map(([fault, of]) => ({
    fault,
    rounds: of.length,
    'accepting after, median': seconds(median(of.map((one) => one.accepting_ms))),
    'all views after, median': seconds(median(of.map((one) => one.settled_ms))),
    longest: seconds(Math.max(...of.map((one) => one.settled_ms))),
  }));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

export function printTotals(
  outcome: { seed: number; rounds: readonly Round[]; acknowledged: number; failed_sends: number } & {
    findings: readonly Finding[];
    holds: boolean;
  },
  { on }: { on: string },
): void {
  const { seed, rounds, acknowledged, failed_sends, findings, holds } = outcome;
  console.table(findings);
  const sum = (of: 'missing' | 'twice' | 'different') => findings.reduce((all, one) => all + one[of], 0);
  console.log(
    `${rounds.length} rounds, ${acknowledged} events acknowledged, ${failed_sends} sends failed and were repeated: ` +
      `${sum('missing')} missing, ${sum('twice')} counted twice, ${sum('different')} different`,
  );
  if (!holds)
    console.log(`Again: npm run chaos -- ingest --on ${on} --rounds ${rounds.length} --seed ${seed}`);
}
