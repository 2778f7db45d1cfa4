import { Campaign } from '#contract/campaign.ts';
import { check } from '#contract/check.ts';
import { campaignRecord } from '#contract/envelope.ts';
import type { Judge } from './judge.ts';

/** Judges campaigns of a tenant, accepted at a moment. */
export function campaignJudge({ tenant_id, now_ms }: { tenant_id: string; now_ms: number }): Judge {
  const accepted_at = new Date(now_ms).toISOString();
  return (value) => {
    const { output: campaign, refusal } = check(Campaign, value);
    if (refusal) return { refusal };
    return {
      record: campaignRecord({ tenant_id, accepted_at, campaign_id: campaign.campaign_id, campaign }),
    };
  };
}
