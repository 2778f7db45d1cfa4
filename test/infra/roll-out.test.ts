import { describe, expect, test } from 'vitest';
import { rollOut } from '../../infra/deploy/roll-out.ts';

const OLD = '00000000-0000-4000-8000-000000000001';
const NEW = '00000000-0000-4000-8000-000000000002';

/** Wrangler over a Worker whose traffic is split; it fails at the call that starts with `failing`. */
function cloud({ failing = 'nothing', shares = { [OLD]: 100 } as Record<string, number> } = {}) {
  const state = { shares, calls: [] as string[] };
  const wrangler = async (...args: string[]) => {
    const call = args.join(' ');
    state.calls.push(call);
    if (call.startsWith(failing)) throw new Error('wrangler failed');
    if (args[0] === 'deployments') {
      const versions = Object.entries(state.shares).map(([version_id, percentage]) => ({
        version_id,
        percentage,
      }));
      return JSON.stringify({ versions });
    }
    if (args[1] === 'upload') return `Uploaded\nWorker Version ID: ${NEW}\n`;
    if (call.startsWith('versions deploy')) {
      const given = args.flatMap((arg) => [...arg.matchAll(/^([0-9a-f-]{36})@(\d+)%$/g)]);
      state.shares = Object.fromEntries(given.map(([, id = '', share]) => [id, Number(share)]));
      expect(Object.values(state.shares).reduce((sum, share) => sum + share, 0)).toBe(100);
    }
    return '';
  };
  return { state, wrangler };
}

const quiet = { steps: [5, 50, 100], tag: 'v2', tell: () => {} };

describe('a new version', () => {
  test('is given its traffic step by step, each once the last was well, and triggers only then', async () => {
    const { state, wrangler } = cloud();
    const seen: Record<string, number>[] = [];
    const well = async () => {
      seen.push({ ...state.shares });
      return true;
    };
    expect(await rollOut({ ...quiet, wrangler, well })).toBe(NEW);
    expect(seen).toEqual([{ [OLD]: 95, [NEW]: 5 }, { [OLD]: 50, [NEW]: 50 }, { [NEW]: 100 }]);
    expect(state.calls.at(-1)).toBe('triggers deploy');
  });

  test.each([5, 50, 100])(
    'that is not well at %i %% loses all its traffic, and changes no trigger',
    async (bad) => {
      for (const doubt of [async () => false, async () => Promise.reject(new Error('no answer'))]) {
        const { state, wrangler } = cloud();
        const well = async (_: string, percent: number) => (percent === bad ? doubt() : true);
        await expect(rollOut({ ...quiet, wrangler, well })).rejects.toMatchObject({ code: 'rolled_back' });
        expect(state.shares).toEqual({ [OLD]: 100 });
        expect(state.calls).not.toContain('triggers deploy');
      }
    },
  );

  test('that cannot be uploaded changes nothing, nor where two versions share the traffic already', async () => {
    for (const given of [{ failing: 'versions upload' }, { shares: { [OLD]: 60, [NEW]: 40 } }]) {
      const { state, wrangler } = cloud(given);
      await expect(rollOut({ ...quiet, wrangler, well: async () => true })).rejects.toThrow();
      expect(state.calls.filter((call) => call.startsWith('versions deploy'))).toEqual([]);
    }
  });
});
