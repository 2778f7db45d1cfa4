import { expect, test } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import { embeddingStatus, switchEmbeddings } from '../../infra/local/embeddings/switch.ts';
import { openWorld, topicsOfTalk } from '../origin/world.ts';
import { temporaryFolder } from '../support/folder.ts';
import { otherEmbedder } from '../support/other-embedder.ts';
import { cli } from './support/cli.ts';

const { signal } = new AbortController();
const [usual, other] = [hashingEmbedder.version, otherEmbedder.version];
const embedders = embeddersOf(hashingEmbedder, otherEmbedder);

/** A tenant whose campaigns have vectors of the usual version, and of the others that are given. */
async function tenantWith(...beside: Embedder[]) {
  const world = await openWorld('acme', { embedders: embeddersOf(hashingEmbedder, ...beside) });
  await world.campaigns(...topicsOfTalk);
  const asked = { stores: world.stores, embedders, tenant_id: 'acme', signal };
  const epoch = async () => (await world.stores.answers.read('acme', null, signal)).tenant;
  return { world, asked, epoch };
}

test('a switch writes the row and raises the epoch, there and back', async () => {
  const { asked, epoch } = await tenantWith(otherEmbedder);
  for (const to of [other, usual]) {
    const before = await epoch();
    await switchEmbeddings(asked, { to: to.id, partial: false });
    expect(await asked.stores.versions.current('acme', signal)).toEqual(to);
    expect(await epoch()).toBeGreaterThan(before);
  }
});

test('one that broke off before the epoch was raised can be repeated', async () => {
  const { asked, epoch } = await tenantWith(otherEmbedder);
  const answers = { ...asked.stores.answers, raise: () => Promise.reject(new Error('down')) };
  const broken = { ...asked, stores: { ...asked.stores, answers } };
  await expect(switchEmbeddings(broken, { to: other.id, partial: false })).rejects.toThrow('down');
  const before = await epoch();
  await switchEmbeddings(asked, { to: other.id, partial: false });
  expect(await epoch()).toBeGreaterThan(before);
});

test('a version without campaign vectors, with fewer, or of no embedder is refused, and nothing is changed', async () => {
  const { world, asked, epoch } = await tenantWith();
  const before = await epoch();
  const change = (to: string, partial = false) => switchEmbeddings(asked, { to, partial });
  await expect(change('nonsense')).rejects.toThrow(/nonsense is configured.*hashing-256-v1, folded-64-v1/);
  for (const partial of [false, true])
    await expect(change(other.id, partial)).rejects.toThrow('acme has no campaign vectors of folded-64-v1');

  const [campaign] = await world.stores.catalogue.all('acme', signal);
  if (!campaign) throw new Error('There is no campaign');
  const [vector] = (await otherEmbedder.embed([campaign.text], signal)) as [Float32Array];
  const row = { tenant_id: 'acme', campaign_id: campaign.campaign_id, version: 1, campaign, vector };
  await world.stores.vectors.putCampaigns(other, [row], signal);
  await expect(change(other.id)).rejects.toThrow(
    'Of 4 campaigns of acme, 1 have vectors of folded-64-v1, and 4',
  );
  expect(await world.stores.versions.current('acme', signal)).toBeNull();
  expect(await epoch()).toBe(before);
  await change(other.id, true);
  expect(await world.stores.versions.current('acme', signal)).toEqual(other);
});

test('where somebody else switches in between, it is told, and theirs stays', async () => {
  const { asked } = await tenantWith(otherEmbedder);
  const { versions } = asked.stores;
  const overtaken: typeof versions = {
    ...versions,
    async switch(change, s) {
      await versions.switch({ ...change, to: { ...other, id: 'theirs' } }, s);
      return versions.switch(change, s);
    },
  };
  const stores = { ...asked.stores, versions: overtaken };
  const switching = switchEmbeddings({ ...asked, stores }, { to: other.id, partial: false });
  await expect(switching).rejects.toThrow('Somebody else has switched acme');
  expect((await versions.current('acme', signal))?.id).toBe('theirs');
});

test('the status tells the current version, and of each how many campaigns have vectors', async () => {
  const { asked } = await tenantWith();
  const counted = (version: object, with_vector: number) => ({ version, campaigns: 4, with_vector });
  expect(await embeddingStatus(asked)).toEqual({
    current: usual,
    switched: false,
    versions: [counted(usual, 4), counted(other, 0)],
  });
  const gone = { ...other, id: 'of an embedder that is gone' };
  await asked.stores.versions.switch({ tenant_id: 'acme', from: null, to: gone }, signal);
  expect(await embeddingStatus(asked)).toMatchObject({
    current: gone,
    switched: true,
    versions: [counted(usual, 4), counted(other, 0), counted(gone, 0)],
  });
});

test('the command tells the status of a folder, and refuses in a sentence', async () => {
  const data = await temporaryFolder();
  const status = await cli('embeddings', 'status', '--tenant', 'demo', '--data', data);
  expect(status).toMatchObject({
    code: 0,
    stdout: 'demo has hashing-256-v1, the usual one\nhashing-256-v1: vectors of 0 of 0 campaigns\n',
  });
  const to = ['--to', 'hashing-256-v1', '--data', data];
  expect(await cli('embeddings', 'switch', '--tenant', 'demo', ...to)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'demo has no campaign vectors of hashing-256-v1: let the views write them first\n',
  });
});
