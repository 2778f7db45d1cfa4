import { Mendable } from '../../infra/local/terminal/mendable.ts';
import { startChild } from './support/child.ts';
import type { GrowthSize } from './support/growth-size.ts';
import { type BenchOptions, report } from './support/report.ts';

const MESSAGES = [10_000, 100_000, 1_000_000];
const CAMPAIGNS = [100, 1_000, 10_000];

function whole(text: string, what: string): number {
  const number = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw new Mendable(`${text} is no number of ${what}: write --sizes 10000x100,100000x1000`);
}

/** Sizes such as `10000x100,100000x1000`: messages and campaigns of each. */
function readSizes(text: string): Pick<GrowthSize, 'messages' | 'campaigns'>[] {
  return text.split(',').map((size) => {
    const [messages = '', campaigns = ''] = size.split('x');
    return { messages: whole(messages, 'messages'), campaigns: whole(campaigns, 'campaigns') };
  });
}

/**
 * A tenant of 10,000 to a million messages with a vector, and 100 to 10,000 campaigns, each in a process of its own: what
 * it takes to fill and to hold, how fast it is searched and answers, and how many of the ten nearest by vectors of full
 * width a search finds. Embedded; on Milvus with `--only milvus`. Each row is told as soon as it is measured.
 */
export async function bench(options: BenchOptions & { sizes?: string | undefined }): Promise<void> {
  const on = options.only ?? 'embedded';
  if (on !== 'embedded' && on !== 'milvus') throw new Mendable('--only takes embedded or milvus here');
  const all = MESSAGES.flatMap((messages) => CAMPAIGNS.map((campaigns) => ({ messages, campaigns })));
  const rows: Record<string, unknown>[] = [];
  for (const size of options.sizes ? readSizes(options.sizes) : all) {
    const args = [JSON.stringify({ ...size, on } satisfies GrowthSize)];
    const child = await startChild<Record<string, unknown>>(
      new URL('./support/growth-server.ts', import.meta.url),
      { args },
    );
    await child.stop();
    rows.push(child.ready);
    console.log(JSON.stringify(child.ready));
  }
  await report('growth', rows, options);
}
