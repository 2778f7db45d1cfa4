import type * as v from 'valibot';
import { BOOKMARK_HEADER } from './bookmark.ts';
import type { Campaign } from './campaign.ts';
import type { DeletionAccepted, DeletionStatus, PersonExport } from './deletion.ts';
import type { Event } from './event.ts';
import type { ProblemDetails } from './problem-details.ts';
import type {
  CampaignList,
  PopularQuery,
  Recommendations,
  RecommendationsBody,
  RecommendationsQuery,
} from './recommendation.ts';
import type { Verdict } from './verdict.ts';

/*
 * A client of the public API for apps and servers, on anything that has fetch. It imports types alone, so that it brings
 * no schema with it, and takes fields that it does not know.
 */

/** Edgewise refused, or could not be had. Where `retryable`, the same may go well later. */
export class EdgewiseError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  /** 0 where there was no answer. */
  readonly status: number;
  /** What was answered, where it was problem details. */
  readonly problem: ProblemDetails | null;
  /** When to ask again at the earliest, where it was said. */
  readonly retry_after_ms: number;

  constructor(
    code: string,
    message: string,
    { status = 0, retryable = false, problem = null, retry_after_ms = 0, cause }: Partial<EdgewiseError> = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryable = retryable;
    this.problem = problem;
    this.retry_after_ms = retry_after_ms;
  }
}

export type ClientOptions = {
  /** Where the edge answers, such as https://api.example.com. */
  url: string | URL;
  /** A person's token or a server's API key, or what gives one; asked anew for each request. */
  token: string | (() => string | Promise<string>);
  fetch?: typeof globalThis.fetch;
  /** How long a call may take, repetitions included. */
  deadline_ms?: number;
  /** How often a call is tried: everything here may be said twice, and counts once. */
  attempts?: number;
};

/** `signal` gives the call up; `bookmark`, of something written before, has the answer know of it. */
type CallOptions = { signal?: AbortSignal; bookmark?: string | null };

type Written = Verdict & {
  /** Hand it to a later call, and that one is answered from after this. */
  bookmark: string | null;
};

type Asked<Query extends v.GenericSchema> = Omit<Partial<v.InferInput<Query>>, 'limit'> & { limit?: number };

export type Client = {
  /** Campaigns that fit a person, best first. */
  recommendations(
    user_id: string,
    query?: Asked<typeof RecommendationsQuery>,
    options?: CallOptions,
  ): Promise<Recommendations>;
  /** The same, by what is being said now. */
  recommendationsNow(
    user_id: string,
    body: v.InferInput<typeof RecommendationsBody>,
    options?: CallOptions,
  ): Promise<Recommendations>;
  popular(query?: Asked<typeof PopularQuery>, options?: CallOptions): Promise<CampaignList>;
  similar(campaign_id: string, query?: { limit?: number }, options?: CallOptions): Promise<CampaignList>;
  campaign(campaign_id: string, options?: CallOptions): Promise<Campaign>;
  /** Says what people did. Resolves once it is kept; some may be refused, each with why. */
  sendEvents(events: readonly v.InferInput<typeof Event>[], options?: CallOptions): Promise<Written>;
  putCampaigns(campaigns: readonly v.InferInput<typeof Campaign>[], options?: CallOptions): Promise<Written>;
  deleteCampaign(campaign_id: string, options?: CallOptions): Promise<Written>;
  /** Forgets a person. Resolves once that is kept; `deletion` tells how far it is. */
  forgetPerson(user_id: string, options?: CallOptions): Promise<DeletionAccepted>;
  deletion(deletion_id: string, options?: CallOptions): Promise<DeletionStatus>;
  /** What is kept of a person. */
  exportPerson(user_id: string, options?: CallOptions): Promise<PersonExport>;
};

const DEADLINE_MS = 10_000;
const ATTEMPTS = 3;
const FIRST_WAIT_MS = 200;
const RETRYABLE = new Set([408, 429, 502, 503, 504]);

type Call = CallOptions & {
  method: string;
  path: string;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
};

function addressOf(base: string | URL, { path, query = {} }: Call): URL {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) url.searchParams.append(name, String(one));
    }
  }
  return url;
}

async function refusalOf(response: Response): Promise<EdgewiseError> {
  const { status, headers } = response;
  const isProblem = headers.get('Content-Type')?.startsWith('application/problem+json');
  const text = await response.text();
  let problem: ProblemDetails | null = null;
  try {
    if (isProblem) problem = JSON.parse(text) as ProblemDetails;
  } catch {
    // What cannot be read says no more than its status.
  }
  const code = problem?.type.split(':').at(-1) ?? 'unreadable';
  const message = problem?.detail ?? `Edgewise answered ${status}`;
  const retry_after_ms = (Number(headers.get('Retry-After')) || 0) * 1000;
  return new EdgewiseError(code, message, {
    status,
    retryable: RETRYABLE.has(status),
    problem,
    retry_after_ms,
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
}

/** A client of one edge for one token. Every call rejects with EdgewiseError, or with the reason of its own signal. */
export function edgewise(options: ClientOptions): Client {
  const { url, token, deadline_ms = DEADLINE_MS, attempts = ATTEMPTS } = options;
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);

  async function once(call: Call, signal: AbortSignal): Promise<Response> {
    const headers = new Headers({
      Authorization: `Bearer ${typeof token === 'string' ? token : await token()}`,
    });
    if (call.body !== undefined) headers.set('Content-Type', 'application/json');
    if (call.bookmark) headers.set(BOOKMARK_HEADER, call.bookmark);
    const body = call.body === undefined ? null : JSON.stringify(call.body);
    const response = await send(addressOf(url, call), { method: call.method, headers, body, signal });
    if (response.ok) return response;
    throw await refusalOf(response);
  }

  async function run<Told>(call: Call, read: (response: Response) => Promise<Told>): Promise<Told> {
    const late = AbortSignal.timeout(deadline_ms);
    const signal = call.signal ? AbortSignal.any([call.signal, late]) : late;
    const until_ms = Date.now() + deadline_ms;
    for (let attempt = 1; ; attempt++) {
      try {
        return await read(await once(call, signal));
      } catch (error) {
        if (call.signal?.aborted) throw call.signal.reason;
        const failure =
          error instanceof EdgewiseError
            ? error
            : new EdgewiseError('unreachable', 'Edgewise cannot be reached, or not in time', {
                retryable: true,
                cause: error,
              });
        const wait_ms = Math.max(failure.retry_after_ms, FIRST_WAIT_MS * 2 ** (attempt - 1));
        const over = attempt >= attempts || Date.now() + wait_ms >= until_ms;
        if (!failure.retryable || over || late.aborted) throw failure;
        await pause(wait_ms, signal).catch(() => {
          throw call.signal?.aborted ? call.signal.reason : failure;
        });
      }
    }
  }

  const read = <Told>(call: Call) => run(call, async (response) => (await response.json()) as Told);
  const write = (call: Call) =>
    run(call, async (response): Promise<Written> => {
      const verdict = (await response.json()) as Verdict;
      return { ...verdict, bookmark: response.headers.get(BOOKMARK_HEADER) };
    });

  const person = (user_id: string) => `/v1/users/${encodeURIComponent(user_id)}/recommendations`;
  const campaign = (campaign_id: string) => `/v1/campaigns/${encodeURIComponent(campaign_id)}`;

  return {
    recommendations: (user_id, query = {}, call = {}) =>
      read({ ...call, method: 'GET', path: person(user_id), query }),
    recommendationsNow: (user_id, body, call = {}) =>
      read({ ...call, method: 'POST', path: person(user_id), body }),
    popular: (query = {}, call = {}) =>
      read({ ...call, method: 'GET', path: '/v1/campaigns/popular', query }),
    similar: (campaign_id, query = {}, call = {}) =>
      read({ ...call, method: 'GET', path: `${campaign(campaign_id)}/similar`, query }),
    campaign: (campaign_id, call = {}) => read({ ...call, method: 'GET', path: campaign(campaign_id) }),
    sendEvents: (events, call = {}) =>
      write({ ...call, method: 'POST', path: '/v1/events', body: { events } }),
    putCampaigns: (campaigns, call = {}) =>
      write({ ...call, method: 'POST', path: '/v1/campaigns', body: { campaigns } }),
    deleteCampaign: (campaign_id, call = {}) =>
      write({ ...call, method: 'DELETE', path: campaign(campaign_id) }),
    forgetPerson: (user_id, call = {}) =>
      read({ ...call, method: 'DELETE', path: `/v1/users/${encodeURIComponent(user_id)}` }),
    deletion: (deletion_id, call = {}) =>
      read({ ...call, method: 'GET', path: `/v1/deletions/${encodeURIComponent(deletion_id)}` }),
    exportPerson: (user_id, call = {}) =>
      read({ ...call, method: 'GET', path: `/v1/users/${encodeURIComponent(user_id)}/export` }),
  };
}
