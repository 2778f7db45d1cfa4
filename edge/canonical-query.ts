import type { RecommendationRequest } from '#contract/recommendation.ts';

/** The one spelling of a recommendations query: equal questions go to the origin alike. */
export function recommendationsQuery({
  placement,
  limit,
  locale,
  tags,
  exclude,
}: RecommendationRequest): string {
  const query = new URLSearchParams({ placement, limit: String(limit) });
  if (locale !== null) query.append('locale', locale);
  for (const tag of tags) query.append('tags', tag);
  for (const campaign_id of exclude) query.append('exclude', campaign_id);
  return query.toString();
}

/** The same of a popular query. */
export function popularQuery(limit: number, locale: string | null): string {
  const query = new URLSearchParams({ limit: String(limit) });
  if (locale !== null) query.append('locale', locale);
  return query.toString();
}
