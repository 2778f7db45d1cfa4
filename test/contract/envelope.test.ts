import { expect, test } from 'vitest';
import {
  BadDeletion,
  BadEnvelope,
  campaignRecord,
  deletionRecord,
  eventRecord,
  isDeletion,
  NewerEnvelope,
  readCampaign,
  readEvent,
  readPersonal,
} from '#contract/envelope.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

const deletion_id = '0d9c64a9-6a1f-4f5e-9d15-0d6e6f7c8a11';
/** What stands on logs and in archives already: it may never be read otherwise. */
const GOLDEN = {
  click:
    '{"v":1,"tenant_id":"acme","accepted_at":"2026-11-01T10:00:00.000Z","event":{"message_id":"m-1","user_id":"ann","occurred_at":"2026-11-01T09:59:59.000Z","locale":null,"campaign_id":"c-7","recommendation_id":null,"placement":null,"position":null,"type":"click"}}',
  message:
    '{"v":1,"tenant_id":"acme","accepted_at":"2026-11-01T10:00:00.000Z","event":{"message_id":"m-2","user_id":"ann","occurred_at":"2026-11-01T09:59:59.000Z","locale":"pt-BR","type":"message","text":"größe 👩🏽‍🚀","campaign_id":null,"reply_to":"m-1","reply_to_user_id":null,"channel":null}}',
  conversion:
    '{"v":1,"tenant_id":"acme","accepted_at":"2026-11-01T10:00:00.000Z","event":{"message_id":"m-3","user_id":"ann","occurred_at":"2026-11-01T09:59:59.000Z","locale":null,"campaign_id":"c-7","recommendation_id":"r-1","placement":"discover","position":3,"type":"conversion","value":9.5}}',
  campaign:
    '{"v":1,"tenant_id":"acme","accepted_at":"2026-11-01T10:00:00.000Z","campaign_id":"c-7","campaign":null}',
  deletion: `{"v":2,"tenant_id":"acme","accepted_at":"2026-11-02T10:00:00.000Z","deletion":{"deletion_id":"${deletion_id}","user_id":"ann"}}`,
};

test('the bytes of every version are read, and written, as they were', () => {
  for (const golden of [GOLDEN.click, GOLDEN.message, GOLDEN.conversion]) {
    const { v: _, ...event } = readEvent(bytes(golden));
    expect(text(eventRecord(event).value)).toBe(golden);
  }
  const { v: ___, ...campaign } = readCampaign(bytes(GOLDEN.campaign));
  expect(text(campaignRecord(campaign).value)).toBe(GOLDEN.campaign);
  const read = readPersonal(bytes(GOLDEN.deletion));
  expect(read).toEqual({
    v: 2,
    tenant_id: 'acme',
    accepted_at: '2026-11-02T10:00:00.000Z',
    deletion: { deletion_id, user_id: 'ann' },
  });
  if (!isDeletion(read)) throw new Error('It is a deletion');
  const { v: __, ...deletion } = read;
  expect(text(deletionRecord(deletion).value)).toBe(GOLDEN.deletion);
});

test('a deletion has the key of its person, and so its place among their events', () => {
  const read = readPersonal(bytes(GOLDEN.deletion));
  if (!isDeletion(read)) throw new Error('It is a deletion');
  expect(deletionRecord(read).key).toBe(eventRecord(readEvent(bytes(GOLDEN.click))).key);
});

test('a build that knows of no deletions stops before one: its version is later than that of events', () => {
  const version = (golden: string) => JSON.parse(golden).v;
  expect(version(GOLDEN.deletion)).toBeGreaterThan(version(GOLDEN.click));
  expect(() => readPersonal(bytes('{"v":3}'))).toThrow(NewerEnvelope);
});

test.each([
  '{"v":2}',
  GOLDEN.deletion.replace(deletion_id, 'none'),
  GOLDEN.deletion.replace('"user_id":"ann"', '"user_id":"a b"'),
  GOLDEN.deletion.replace('}}', '},"more":1}'),
])('a deletion that cannot be read is no bad record, which would be passed over: %s', (golden) => {
  expect(() => readPersonal(bytes(golden))).toThrow(BadDeletion);
});

test('what is neither is a bad record', () => {
  expect(() => readPersonal(bytes('{"v":1}'))).toThrow(BadEnvelope);
  expect(() => readEvent(bytes(GOLDEN.deletion))).toThrow(BadEnvelope);
});
