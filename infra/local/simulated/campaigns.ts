import type { Campaign } from '#contract/campaign.ts';
import { themes } from './themes.ts';

const DAY_MS = 24 * 3600_000;

/** What is not as with the others, so that every filter has something to leave out. */
function peculiarities(now_ms: number): Record<string, Partial<Campaign>> {
  const at = (days: number) => new Date(now_ms + days * DAY_MS).toISOString();
  return {
    'tax-evening': { status: 'paused' },
    'slug-patrol': { ends_at: at(-2) },
    'gravel-weekend': { ends_at: at(20) },
    'language-holiday': { starts_at: at(7) },
    'fibre-switch': { locales: ['en-GB', 'en-IE'] },
    'seed-calendar': { boost: 1.2 },
  };
}

/** The campaigns of the simulated tenant, as of a moment. */
export function makeCampaigns(now_ms: number): Campaign[] {
  const peculiar = peculiarities(now_ms);
  return themes.flatMap((theme) =>
    theme.offers.map(({ id, title, text, tags }) => ({
      campaign_id: id,
      title,
      text,
      tags: [theme.tag, ...tags],
      locales: [],
      status: 'active' as const,
      starts_at: null,
      ends_at: null,
      boost: 1,
      attributes: { theme: theme.id },
      ...peculiar[id],
    })),
  );
}
