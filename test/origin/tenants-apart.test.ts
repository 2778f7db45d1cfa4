import fc from 'fast-check';
import { expect, test } from 'vitest';
import { did, openWorld, request, said, signal } from './world.ts';

const campaign = (campaign_id: string, text: string) => ({ campaign_id, title: campaign_id, text, tags: [] });
const TALK = ['wifi drops and signal', 'printer and paper', 'games and music'];

/** What one tenant's people did: clicks and messages about campaigns that tenants name alike. */
const history = fc.array(
  fc.record({
    user: fc.constantFrom('ada', 'bob', 'eve'),
    campaign: fc.constantFrom('one', 'two', 'three', 'four'),
    talk: fc.constantFrom(...TALK),
    clicks: fc.boolean(),
  }),
  { maxLength: 40 },
);
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

/** The answers of a tenant that has a process to itself, or shares it with another tenant. */
async function answersOf(own: History, theirs: History | null) {
  const world = await openWorld('acme');
  const fill = async (tenant: typeof world, events: History, texts: readonly string[]) => {
    const names = ['one', 'two', 'three', 'four'];
    await tenant.campaigns(...names.map((id, i) => campaign(id, texts[i % texts.length] as string)));
    const given = events.map(({ user, campaign, talk, clicks }, i) => {
      const at = `2026-11-01T10:${String(i).padStart(2, '0')}:00Z`;
      const event = clicks ? did('click', user, campaign, at) : said(user, talk, campaign, at);
      return { ...event, message_id: `m-${i}` };
    });
    if (given.length > 0) await tenant.events(given);
  };
  if (theirs) await fill(await openWorld('other', {}, world.stores), theirs, [...TALK].reverse());
  await fill(world, own, TALK);
  const answers: unknown[] = [];
  for (const tenant_id of theirs ? ['other', 'acme'] : ['acme']) {
    for (const user_id of ['ada', 'bob', 'new']) {
      for (const placement of ['discover', 'continue']) {
        const asked = request({ user_id, placement, context: 'paper jams' });
        const about = { tenant_id, epochs: { user: 7, tenant: 7 }, signal };
        const { content, degraded } = await world.recommender.recommendations(asked, about);
        if (tenant_id === 'acme') answers.push([user_id, placement, content.items, degraded]);
      }
    }
  }
  return answers;
}

test('what another tenant with the same ids does changes no answer, in no source', async () => {
  await fc.assert(
    fc.asyncProperty(history, history, async (own, theirs) => {
      expect(await answersOf(own, theirs)).toEqual(await answersOf(own, null));
    }),
    { numRuns: 12 },
  );
});
