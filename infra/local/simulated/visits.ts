import { type Campaign, isOn } from '#contract/campaign.ts';
import type { Draft } from './conversations.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';
import { type Offer, themes } from './themes.ts';

const offers = themes.flatMap((theme) => theme.offers);

type Visit = {
  campaigns: readonly Campaign[];
  at_ms: number;
  now_ms: number;
  number: number;
  random: Random;
};

/**
 * Somebody looks at a few campaigns. The more they want one, the likelier they open it, and then take it; what
 * they do not want at all they sometimes wave away.
 */
export function visit(
  people: readonly Person[],
  { campaigns, at_ms, now_ms, number, random }: Visit,
): Draft[] {
  const person = random.weighted(people, ({ activity }) => activity);
  const placement = random.chance(0.7) ? 'discover' : 'continue';
  const shown = new Set<Offer>();
  for (let left = random.whole(4, 6); left > 0; left--) {
    const offer = random.chance(0.55) ? random.weighted(offers, person.wants) : random.pick(offers);
    const campaign = campaigns.find(({ campaign_id }) => campaign_id === offer.id);
    if (campaign && isOn(campaign, at_ms)) shown.add(offer);
  }

  const draft = (
    type: 'impression' | 'click' | 'conversion' | 'dismissal',
    offer: Offer,
    position: number,
    after_s: number,
  ) => {
    const moment_ms = at_ms + after_s * 1000;
    const event = {
      type,
      user_id: person.user_id,
      occurred_at: new Date(moment_ms).toISOString(),
      locale: person.locale,
      campaign_id: offer.id,
      recommendation_id: `seen-${number}`,
      placement,
      position,
      ...(type === 'conversion' ? { value: random.whole(5, 90) } : {}),
    };
    return { at_ms: moment_ms, event: event as Draft['event'], reply_to: null };
  };

  return [...shown]
    .flatMap((offer, at) => {
      const [wanted, position] = [person.wants(offer), at + 1];
      const drafts = [draft('impression', offer, position, at)];
      if (random.chance(0.02 + 0.4 * wanted)) {
        drafts.push(draft('click', offer, position, random.whole(8, 90)));
        if (random.chance(0.25)) drafts.push(draft('conversion', offer, position, random.whole(120, 1500)));
      } else if (!isOfInterest(person, offer) && random.chance(0.07)) {
        drafts.push(draft('dismissal', offer, position, random.whole(5, 40)));
      }
      return drafts;
    })
    .filter((one) => one.at_ms < now_ms);
}

function isOfInterest({ interests }: Person, offer: Offer): boolean {
  return interests.some(({ theme }) => theme.offers.includes(offer));
}
