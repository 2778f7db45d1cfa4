import type { Vectors } from '#backing/vectors/port.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/** The vector of a campaign as what the question is about. Tells whether there is one, where that could be read. */
export function likeCampaign(
  vectors: Pick<Vectors, 'campaign'>,
  campaign_id: string,
  told: (known: boolean) => void,
): Hydrator {
  return {
    dependency: 'vectors',
    async hydrate(query, signal) {
      if (!query.version) return {};
      const vector = await vectors.campaign(query.version, query.tenant_id, campaign_id, signal);
      told(vector !== null);
      return { interests: vector ? [{ vector, share: 1 }] : [] };
    },
  };
}
