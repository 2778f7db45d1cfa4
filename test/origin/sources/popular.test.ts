import * as v from 'valibot';
import { expect, test } from 'vitest';
import { Campaign } from '#contract/campaign.ts';
import type { Query } from '../../../origin/pipeline/stages.ts';
import { popular } from '../../../origin/sources/popular.ts';
import { decayed, nothingPopular, popularityOf } from '../../../origin/tenant/popularity.ts';
import { NOW, request, signal } from '../world.ts';

const catalogueOf = (...ids: string[]): Query['catalogue'] =>
  new Map(
    ids.map((campaign_id) => [campaign_id, v.parse(Campaign, { campaign_id, title: 'One', text: 'One' })]),
  );

const clicks = (campaign_id: string, locale: string | null) =>
  ({ campaign_id, day: '2026-10-31', type: 'click', locale, count: 5 }) as const;
const counted = () => popularityOf([decayed([clicks('a', 'de'), clicks('b', null)], NOW)], NOW);

const find = (catalogue: Query['catalogue'], popularity: Query['popularity'], locale: string | null = null) =>
  popular.find({ catalogue, popularity, request: request({ locale }) } as Query, signal);

test('it is found once for all who ask, until counts or catalogue are others', async () => {
  const [catalogue, popularity] = [catalogueOf('a', 'b'), counted()];
  const found = await find(catalogue, popularity);
  expect(await find(catalogue, popularity)).toBe(found);
  expect([...(await find(catalogueOf('a', 'b', 'c'), popularity)).keys()]).toEqual(['a', 'b', 'c']);
  expect(await find(catalogue, counted())).not.toBe(found);
});

test('locales without counts share what is found everywhere, and one with counts has its own', async () => {
  const [catalogue, popularity] = [catalogueOf('a', 'b'), counted()];
  const found = await find(catalogue, popularity);
  expect(await find(catalogue, popularity, 'fr')).toBe(found);
  expect(await find(catalogue, popularity, 'pt-BR')).toBe(found);
  const german = await find(catalogue, popularity, 'de');
  expect(german.get('a')).toBeGreaterThan(german.get('b') as number);
});

test('tenants of whom nothing was counted each have their own campaigns', async () => {
  const [one, other] = [catalogueOf('a'), catalogueOf('b')];
  expect([...(await find(one, nothingPopular)).keys()]).toEqual(['a']);
  expect([...(await find(other, nothingPopular)).keys()]).toEqual(['b']);
  expect([...(await find(one, nothingPopular)).keys()]).toEqual(['a']);
});
