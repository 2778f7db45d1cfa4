import * as v from 'valibot';
import { CreateKey, ListedKey, ListedKeys, MadeKey, RotateKey } from '#contract/admin.ts';
import { Campaign } from '#contract/campaign.ts';
import { DeletionAccepted, DeletionStatus, PersonExport } from '#contract/deletion.ts';
import { Event } from '#contract/event.ts';
import { CampaignId, Id, Locale, TenantId } from '#contract/ids.ts';
import { BATCH } from '#contract/limits.ts';
import { ListedModels, ModelContent, ModelVersion, ModelVersions } from '#contract/model.ts';
import { PlacementContent, PlacementVersion, PlacementVersions } from '#contract/placement.ts';
import {
  CampaignList,
  PopularQuery,
  Recommendations,
  RecommendationsBody,
  RecommendationsQuery,
  SimilarQuery,
} from '#contract/recommendation.ts';
import { Instant } from '#contract/values.ts';
import { Verdict } from '#contract/verdict.ts';
import { MoveVersion } from '#contract/versioned.ts';
import { TIER_NAMES } from '../../edge/limits/tiers.ts';
import type { RouteName } from '../../edge/routes.ts';

const list = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item), v.minLength(1), v.maxLength(BATCH));

/** The schemas that have names in the document. */
export const components = {
  Instant,
  Id,
  CampaignId,
  Locale,
  Event,
  Campaign,
  CampaignContent: v.omit(Campaign.pipe[0], ['campaign_id']),
  Events: v.strictObject({ events: list(Event) }),
  Campaigns: v.strictObject({ campaigns: list(Campaign) }),
  Verdict,
  RecommendationsBody,
  Recommendations,
  CampaignList,
  DeletionAccepted,
  DeletionStatus,
  PersonExport,
  CreateKey,
  RotateKey,
  ListedKey,
  ListedKeys,
  MadeKey,
  PlacementContent,
  MoveVersion,
  PlacementVersion,
  PlacementVersions,
  ModelContent,
  ListedModels,
  ModelVersion,
  ModelVersions,
  Tenants: v.strictObject({
    tenants: v.array(
      v.strictObject({ tenant_id: TenantId, tier: v.picklist(TIER_NAMES), origins: v.array(v.string()) }),
    ),
  }),
  Health: v.strictObject({ status: v.literal('ok') }),
};
export type ComponentName = keyof typeof components;

/** What a route does and takes, besides what the table of routes says of it. */
export type Operation = {
  summary: string;
  tag: 'Recommendations' | 'Events' | 'Campaigns' | 'People' | 'Administration' | 'About';
  query?: v.GenericSchema;
  body?: { schema: ComponentName; ndjson?: string };
  /** The status of success, and what it holds: a component, or a media type. */
  success: [status: number, content: ComponentName | `${string}/${string}`];
  cached?: true;
};

const EVENT_LINES = 'One event a line, each as in "Event".';
const CAMPAIGN_LINES = 'One campaign a line, each as in "Campaign".';

export const operations: Record<RouteName, Operation> = {
  health: { summary: 'Whether the edge answers', tag: 'About', success: [200, 'Health'] },
  openapi: { summary: 'This document', tag: 'About', success: [200, 'application/json'] },
  docs: { summary: 'This document, to be read by people', tag: 'About', success: [200, 'text/html'] },
  recommendations: {
    summary: 'Campaigns that fit a person, best first',
    tag: 'Recommendations',
    query: RecommendationsQuery,
    success: [200, 'Recommendations'],
    cached: true,
  },
  recommendations_now: {
    summary: 'Campaigns that fit a person and what is being said now',
    tag: 'Recommendations',
    body: { schema: 'RecommendationsBody' },
    success: [200, 'Recommendations'],
  },
  popular: {
    summary: 'Campaigns that are popular now',
    tag: 'Recommendations',
    query: PopularQuery,
    success: [200, 'CampaignList'],
    cached: true,
  },
  similar: {
    summary: 'Campaigns like a campaign',
    tag: 'Recommendations',
    query: SimilarQuery,
    success: [200, 'CampaignList'],
    cached: true,
  },
  campaign: { summary: 'A campaign', tag: 'Campaigns', success: [200, 'Campaign'] },
  put_campaign: {
    summary: 'Create or replace a campaign; 202 once the log has it',
    tag: 'Campaigns',
    body: { schema: 'CampaignContent' },
    success: [202, 'Verdict'],
  },
  delete_campaign: {
    summary: 'Delete a campaign, whether there is one or not; 202 once the log has it',
    tag: 'Campaigns',
    success: [202, 'Verdict'],
  },
  put_campaigns: {
    summary: 'Create or replace many campaigns; 202 once the log has them',
    tag: 'Campaigns',
    body: { schema: 'Campaigns', ndjson: CAMPAIGN_LINES },
    success: [202, 'Verdict'],
  },
  events: {
    summary: 'Say what people did; 202 once the log has it, and the same event again changes nothing',
    tag: 'Events',
    body: { schema: 'Events', ndjson: EVENT_LINES },
    success: [202, 'Verdict'],
  },
  forget_person: {
    summary: 'Forget a person: 202 once the log has it; what they do afterwards is welcome',
    tag: 'People',
    success: [202, 'DeletionAccepted'],
  },
  export_person: {
    summary: 'What is kept of a person',
    tag: 'People',
    success: [200, 'PersonExport'],
  },
  deletion: {
    summary: 'How far a person is forgotten, store by store; known within seconds of the 202',
    tag: 'People',
    success: [200, 'DeletionStatus'],
  },
  list_keys: {
    summary: 'The API keys of the tenant, ended ones as well',
    tag: 'Administration',
    success: [200, 'ListedKeys'],
  },
  create_key: {
    summary: 'Make an API key; it is told this once',
    tag: 'Administration',
    body: { schema: 'CreateKey' },
    success: [201, 'MadeKey'],
  },
  rotate_key: {
    summary: 'Make a key that may the same, and have the old one expire',
    tag: 'Administration',
    body: { schema: 'RotateKey' },
    success: [201, 'MadeKey'],
  },
  revoke_key: {
    summary: 'Revoke an API key: within a minute it is refused everywhere',
    tag: 'Administration',
    success: [200, 'ListedKey'],
  },
  list_placements: {
    summary: 'The placements of the tenant, and those that every tenant has',
    tag: 'Administration',
    success: [200, 'PlacementVersions'],
  },
  put_placement: {
    summary: 'Add a version of a placement, as a candidate that answers nobody yet',
    tag: 'Administration',
    body: { schema: 'PlacementContent' },
    success: [201, 'PlacementVersion'],
  },
  move_placement: {
    summary: 'Make a version of a placement the live one, or the shadow beside it, or retire it',
    tag: 'Administration',
    body: { schema: 'MoveVersion' },
    success: [200, 'PlacementVersion'],
  },
  list_models: {
    summary: 'The models of the tenant, without what they hold',
    tag: 'Administration',
    success: [200, 'ListedModels'],
  },
  read_model: {
    summary: 'The versions of a model',
    tag: 'Administration',
    success: [200, 'ModelVersions'],
  },
  put_model: {
    summary: 'Add a version of a model, as a candidate that ranks nowhere yet',
    tag: 'Administration',
    body: { schema: 'ModelContent' },
    success: [201, 'ModelVersion'],
  },
  move_model: {
    summary: 'Make a version of a model the live one, or the shadow beside it, or retire it',
    tag: 'Administration',
    body: { schema: 'MoveVersion' },
    success: [200, 'ModelVersion'],
  },
  tenants: {
    summary: 'How much the tenant may ask, and from which web pages',
    tag: 'Administration',
    success: [200, 'Tenants'],
  },
};
