import { expect, onTestFinished, test, vi } from 'vitest';
import { openFolder } from '#backing/folder.ts';
import type { Scope } from '#contract/caller.ts';
import type { Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { startStack } from '../../infra/local/stack/stack.ts';
import { temporaryFolder } from '../support/folder.ts';

/** What is promised of a campaign's way from its PUT to answers, and out of them. */
const SOON = { timeout: 5_000, interval: 50 };
const LONG = { timeout: 30_000, interval: 100 };

async function running() {
  const data = await temporaryFolder();
  const folder = openFolder(data);
  const keys = await readKeys(data);
  const stack = await startStack({ folder, keys, clock: Date.now, ports: { gateway: 0, origin: 0 } });
  onTestFinished(async () => {
    await stack.close();
    folder.close();
  });
  const [origin, gateway] = (await importKeys([keys.origin, keys.gateway])) as [Key, Key];
  async function send(to: 'origin' | 'gateway', method: string, path: string, scope: Scope, json?: object) {
    const url = new URL(path, to === 'origin' ? stack.origin_url : stack.gateway_url);
    const body = json ? new TextEncoder().encode(JSON.stringify(json)) : null;
    const caller = { tenant_id: 'acme', subject: null, scopes: [scope] };
    const signed = { method, url, caller, deadline_ms: 10_000, body };
    const headers = await sign(signed, to === 'origin' ? origin : gateway, Date.now());
    if (body) headers.set('Content-Type', 'application/json');
    return fetch(url, { method, headers, body });
  }
  return {
    put: async (campaign_id: string, campaign: object) =>
      (await send('gateway', 'PUT', `/v1/campaigns/${campaign_id}`, 'campaigns:write', campaign)).status,
    say: async (user_id: string, text: string) => {
      const occurred_at = new Date().toISOString();
      const events = [{ type: 'message', message_id: 'm-1', user_id, text, occurred_at }];
      return (await send('gateway', 'POST', '/v1/events', 'events:write', { events })).status;
    },
    async ask(user_id: string) {
      const response = await send(
        'origin',
        'GET',
        `/v1/users/${user_id}/recommendations`,
        'recommendations:read',
      );
      return ((await response.json()) as Recommendations).items ?? [];
    },
  };
}

const guitars = { title: 'Guitars', text: 'Amplifiers and strings for your guitar' };
const gardens = { title: 'Gardens', text: 'Seeds, soil and flowers' };

test('a new campaign is recommended to a person it fits within 5 s of its PUT, and one that was ended is gone within 5 s', async () => {
  const { put, say, ask } = await running();
  expect(await put('gardens', gardens)).toBe(202);
  expect(await say('ada', 'how do I mount a guitar amplifier?')).toBe(202);
  const ids = async () => (await ask('ada')).map(({ campaign_id }) => campaign_id);
  await vi.waitFor(async () => expect(await ids()).toEqual(['gardens']), LONG);

  expect(await put('guitars', guitars)).toBe(202);
  await vi.waitFor(async () => {
    const [first] = await ask('ada');
    expect(first?.campaign_id).toBe('guitars');
    expect(first?.reasons.map(({ source }) => source)).toContain('nearest_campaigns');
  }, SOON);

  expect(await put('guitars', { ...guitars, ends_at: new Date().toISOString() })).toBe(202);
  await vi.waitFor(async () => expect(await ids()).toEqual(['gardens']), SOON);
});

test('a changed text is embedded anew: within 5 s the campaign fits by what it says now, and no longer by what it said', async () => {
  const { put, say, ask } = await running();
  expect(await put('one', guitars)).toBe(202);
  expect(await put('other', gardens)).toBe(202);
  expect(await say('ada', 'how do I mount a guitar amplifier?')).toBe(202);
  const fitting = async () =>
    (await ask('ada')).flatMap(({ campaign_id, reasons }) =>
      reasons.some(({ source }) => source === 'nearest_campaigns') ? [campaign_id] : [],
    );
  await vi.waitFor(async () => expect((await fitting())[0]).toBe('one'), LONG);

  expect(await put('one', gardens)).toBe(202);
  expect(await put('other', guitars)).toBe(202);
  await vi.waitFor(async () => expect((await fitting())[0]).toBe('other'), SOON);
});

test('a campaign that ends by itself is in no answer from that moment on, though nothing was written', async () => {
  const { put, ask } = await running();
  const ends_at = new Date(Date.now() + 3_000).toISOString();
  expect(await put('gardens', gardens)).toBe(202);
  expect(await put('guitars', { ...guitars, ends_at })).toBe(202);
  const ids = async () => (await ask('bob')).map(({ campaign_id }) => campaign_id).sort();
  await vi.waitFor(async () => expect(await ids()).toEqual(['gardens', 'guitars']), SOON);
  await vi.waitFor(async () => expect(await ids()).toEqual(['gardens']), { timeout: 8_000, interval: 50 });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(ends_at));
});
