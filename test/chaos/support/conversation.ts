import type { Random } from '../../../infra/local/simulated/random.ts';

/** An event as an app sends it: what it does not know it leaves out. */
export type SentEvent = {
  type: 'message' | 'impression' | 'click' | 'conversion' | 'dismissal';
  message_id: string;
  user_id: string;
  occurred_at: string;
  text?: string;
  campaign_id?: string;
  reply_to?: string;
  reply_to_user_id?: string;
  locale?: string;
  value?: number;
};

const PEOPLE = 300;
const CAMPAIGNS = 40;
const DAYS = 30;
const DAY_MS = 86_400_000;
const WORDS = 'wifi drops after suspend driver kernel panic printer queue sound card update boot loop'.split(
  ' ',
);

/** What people say and do, as chance has it: out of order, some of it weeks late, each with an id of its own. */
export function conversation(random: Random, name: string, now_ms: number): () => SentEvent {
  let said = 0;
  const person = () => `person-${random.whole(1, PEOPLE)}`;
  const campaign = () => `campaign-${random.whole(1, CAMPAIGNS)}`;
  return () => {
    const common = {
      message_id: `${name}-${++said}`,
      user_id: person(),
      occurred_at: new Date(now_ms - Math.floor(random.next() ** 4 * DAYS * DAY_MS)).toISOString(),
      ...(random.chance(0.3) && { locale: random.pick(['en', 'de', 'pt-BR']) }),
    };
    if (random.chance(0.5)) {
      return {
        ...common,
        type: 'message',
        text: `${random.some(WORDS, 5).join(' ')} ${said}`,
        ...(random.chance(0.4) && { campaign_id: campaign() }),
        ...(random.chance(0.3) && { reply_to: `${name}-${random.whole(1, said)}` }),
        ...(random.chance(0.2) && { reply_to_user_id: person() }),
      };
    }
    const type = random.pick(['impression', 'click', 'conversion', 'dismissal'] as const);
    return {
      ...common,
      type,
      campaign_id: campaign(),
      ...(type === 'conversion' && { value: random.whole(1, 100) }),
    };
  };
}
