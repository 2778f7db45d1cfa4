import type { Source } from '../pipeline/stages.ts';

/** What the placement pins, but for campaigns that had their impressions of the day already. */
export const promoted: Source = {
  name: 'promoted',
  dependency: 'counters',
  local: true,
  by_rule: true,
  async find({ placement: { pins }, shown_today }) {
    const under = pins.filter(
      ({ campaign_id, daily_cap }) => daily_cap === null || (shown_today.get(campaign_id) ?? 0) < daily_cap,
    );
    return new Map(under.map(({ campaign_id }) => [campaign_id, 1]));
  },
};
