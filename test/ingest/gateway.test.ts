import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LogOverloaded, LogUnavailable } from '#backing/log/port.ts';
import { decodeBookmark } from '#contract/bookmark.ts';
import { readCampaign, readEvent } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import {
  ann,
  campaign,
  click,
  message,
  NDJSON,
  openGateway,
  type Sending,
  server,
} from './signed-requests.ts';

const lines = (...values: (object | string)[]) =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');

describe('what is accepted', () => {
  it('is answered with 202 only once the log has it', async () => {
    const written = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    const { send } = openGateway({
      through: (log) => ({
        ...log,
        async append(...args) {
          const places = await log.append(...args);
          written.resolve();
          await mayAnswer.promise;
          return places;
        },
      }),
    });
    let answered = false;
    const answer = send('/v1/events', { events: [message()] }).finally(() => {
      answered = true;
    });
    await written.promise;
    expect(answered).toBe(false);
    mayAnswer.resolve();
    expect((await answer).status).toBe(202);
  });

  it('stands on the log as the contract writes it, accepted at one moment, where the bookmark says', async () => {
    const { send, written } = openGateway();
    const { status, headers, body } = await send('/v1/events', { events: [message(), click()] });
    expect([status, body]).toEqual([202, { accepted: 2, rejected: [] }]);
    const records = await written(topics.events);
    expect(records.map(({ value }) => readEvent(value))).toEqual(
      [message(), click()].map(({ occurred_at, ...event }) => ({
        v: 1,
        tenant_id: 'acme',
        accepted_at: '2026-11-01T10:00:00.000Z',
        event: expect.objectContaining({
          ...event,
          occurred_at: occurred_at.replace('Z', '.000Z'),
          locale: null,
        }),
      })),
    );
    const last = records.at(-1);
    expect(decodeBookmark(headers.get('Edgewise-Bookmark') ?? '')).toEqual([
      ['events', last?.partition, last?.offset],
    ]);
  });

  it('is the same by JSON, by NDJSON, with CRLF and blank lines, and by gzip', async () => {
    const events = [message(), click()];
    const bodies: [string | object, Sending][] = [
      [{ events }, {}],
      [lines(...events), { headers: { 'content-type': NDJSON } }],
      [
        `\r\n${lines(...events).replace('\n', '\r\n\r\n \r\n')}\r\n`,
        { headers: { 'content-type': `${NDJSON}; charset=utf-8` } },
      ],
      [{ events }, { gzip: true }],
      [lines(...events), { gzip: true, headers: { 'content-type': NDJSON } }],
    ];
    const logs = await Promise.all(
      bodies.map(async ([body, sending]) => {
        const { send, written } = openGateway();
        expect((await send('/v1/events', body, sending)).body).toEqual({ accepted: 2, rejected: [] });
        return written(topics.events);
      }),
    );
    for (const records of logs) expect(records).toEqual(logs[0]);
  });

  it('does not wait for what is refused beside it, which is told by its index and line', async () => {
    const { send, written } = openGateway();
    const json = await send('/v1/events', { events: [message({ text: 5 }), message()] });
    expect([json.status, json.body.accepted, json.body.rejected[0].index]).toEqual([202, 1, 0]);
    const ndjson = await send(
      '/v1/events',
      lines('', message({ message_id: 'm-3' }), '', '{"half":', click()),
      {
        headers: { 'content-type': NDJSON },
      },
    );
    expect([ndjson.status, ndjson.body]).toEqual([
      202,
      {
        accepted: 2,
        rejected: [expect.objectContaining({ index: 3, code: 'malformed', message_id: null, pointer: null })],
      },
    ]);
    expect(await written(topics.events)).toHaveLength(3);
  });

  it('may be of any age where it is imported, and has a topic of its own then', async () => {
    const { send, written } = openGateway();
    const old = message({ occurred_at: '2004-11-15T01:00:00Z' });
    expect(
      (await send('/internal/imports', lines(old), { headers: { 'content-type': NDJSON } })).status,
    ).toBe(202);
    expect(await written(topics.imports)).toHaveLength(1);
    expect(await written(topics.events)).toHaveLength(0);
  });

  it('may come from the queue of the edge, and was accepted when that took it', async () => {
    const { send, written } = openGateway();
    const accepted_at = '2026-10-20T10:00:00.000Z';
    const events = [
      message({ occurred_at: '2026-10-20T10:04:00Z' }),
      click({ occurred_at: '2026-07-25T10:00:00Z' }),
    ];
    const queued = { format: 1, tenant_id: 'acme', accepted_at, events };
    expect((await send('/internal/queued', queued)).body).toEqual({ accepted: 2, rejected: [] });
    const records = (await written(topics.events)).map(({ value }) => readEvent(value));
    expect(records.map((record) => record.accepted_at)).toEqual([accepted_at, accepted_at]);
  });

  it('does not come from the queue for another tenant, from a person, or at a moment that cannot have been', async () => {
    const { send, written } = openGateway();
    const queued = { format: 1, tenant_id: 'acme', accepted_at: '2026-11-01T09:00:00Z', events: [message()] };
    for (const [change, sending, status] of [
      [{ tenant_id: 'globex' }, {}, 422],
      [{ format: 2 }, {}, 422],
      [{ events: [] }, {}, 422],
      [{ accepted_at: '2026-10-17T09:59:59Z' }, {}, 422],
      [{ accepted_at: '2026-11-01T10:05:01Z' }, {}, 422],
      [{}, { caller: ann }, 403],
      [{}, { caller: { ...server, scopes: [] } }, 403],
    ] as const) {
      expect((await send('/internal/queued', { ...queued, ...change }, sending)).status).toBe(status);
    }
    expect(await written(topics.events)).toHaveLength(0);
  });

  it('is a campaign, by its address, in a list, or as a deletion, the newest last', async () => {
    const { send, written } = openGateway();
    const { campaign_id: _, ...anonymous } = campaign({ title: 'First' });
    const answers = [
      await send('/v1/campaigns/wifi', anonymous, { method: 'PUT' }),
      await send('/v1/campaigns/wifi', campaign({ title: 'Second' }), { method: 'PUT' }),
      await send('/v1/campaigns', { campaigns: [campaign({ title: 'Third' })] }),
      await send('/v1/campaigns', lines(campaign({ title: 'Fourth' })), {
        headers: { 'content-type': NDJSON },
      }),
      await send('/v1/campaigns/wifi', null, { method: 'DELETE' }),
    ];
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      answers.map(() => [202, { accepted: 1, rejected: [] }]),
    );
    const envelopes = (await written(topics.campaigns)).map(({ value }) => readCampaign(value));
    expect(envelopes.map((one) => one.campaign?.title ?? null)).toEqual([
      'First',
      'Second',
      'Third',
      'Fourth',
      null,
    ]);
    expect(new Set(envelopes.map((one) => one.campaign_id))).toEqual(new Set(['wifi']));
    const bookmark = decodeBookmark(answers.at(-1)?.headers.get('Edgewise-Bookmark') ?? '');
    expect(bookmark).toEqual([['campaigns', expect.any(Number), 4]]);
  });

  it('has an id of any allowed shape in its address', async () => {
    const { send, written } = openGateway();
    for (const id of ['|trey|', '__proto__', 'a,b', '"quoted"']) {
      const { campaign_id: _, ...anonymous } = campaign();
      const put = await send(`/v1/campaigns/${encodeURIComponent(id)}`, anonymous, { method: 'PUT' });
      expect([put.status, put.body]).toEqual([202, { accepted: 1, rejected: [] }]);
    }
    const ids = (await written(topics.campaigns)).map(({ value }) => readCampaign(value).campaign_id);
    expect(ids.sort()).toEqual(['"quoted"', '__proto__', 'a,b', '|trey|']);
  });
});

describe('a refused event is told by a code, a pointer and a detail, and leaves nothing on the log', () => {
  const cases: [string, unknown, object][] = [
    [
      'an unknown field',
      message({ colour: 'red' }),
      { code: 'invalid', pointer: '/colour', detail: 'There is no such field; remove it' },
    ],
    [
      'a missing field',
      { ...message(), text: undefined },
      { code: 'invalid', pointer: '/text', detail: 'This field is required' },
    ],
    [
      'a wrong type',
      message({ text: 5 }),
      { code: 'invalid', pointer: '/text', detail: expect.stringContaining('Expected string') },
    ],
    [
      'a type that is none',
      message({ type: 'shout' }),
      { code: 'invalid', pointer: '/type', detail: expect.stringContaining('"dismissal"') },
    ],
    ['no type', { ...message(), type: undefined }, { code: 'invalid', pointer: '/type' }],
    [
      'an id out of shape',
      message({ user_id: 'a/b' }),
      { code: 'invalid', pointer: '/user_id', detail: expect.stringContaining('printable ASCII') },
    ],
    [
      'an id that is too long',
      message({ message_id: 'm'.repeat(129) }),
      { code: 'invalid', pointer: '/message_id', message_id: null },
    ],
    ['a path of dots as an id', message({ reply_to: '..' }), { code: 'invalid', pointer: '/reply_to' }],
    [
      'the campaign id "popular"',
      click({ campaign_id: 'popular' }),
      { code: 'invalid', pointer: '/campaign_id' },
    ],
    ['a click on nothing', click({ campaign_id: null }), { code: 'invalid', pointer: '/campaign_id' }],
    [
      'empty text',
      message({ text: '' }),
      { code: 'invalid', pointer: '/text', detail: 'Text cannot be empty' },
    ],
    [
      'text over 8 KiB',
      message({ text: 'é'.repeat(4097) }),
      { code: 'invalid', pointer: '/text', detail: expect.stringContaining('8192 bytes') },
    ],
    [
      'half a character',
      message({ text: '\ud83d' }),
      { code: 'invalid', pointer: '/text', detail: expect.stringContaining('lone surrogate') },
    ],
    [
      'a moment without a zone',
      message({ occurred_at: '2026-11-01T10:00:00' }),
      { code: 'invalid', pointer: '/occurred_at', detail: expect.stringContaining('RFC 3339') },
    ],
    [
      'a day that is none',
      message({ occurred_at: '2026-02-30T10:00:00Z' }),
      { code: 'invalid', pointer: '/occurred_at' },
    ],
    [
      'a year past the last that sorts',
      message({ occurred_at: '9999-12-31T23:59:59-10:00' }),
      { code: 'invalid', pointer: '/occurred_at' },
    ],
    ['a position of 0', click({ position: 0 }), { code: 'invalid', pointer: '/position' }],
    ['no object', 5, { code: 'invalid', pointer: '', message_id: null }],
    [
      'a clock far ahead',
      message({ occurred_at: '2026-11-01T10:05:00.001Z' }),
      {
        code: 'too_early',
        pointer: '/occurred_at',
        detail: expect.stringContaining('5 minutes ahead of our clock'),
      },
    ],
    [
      'a moment too far back',
      message({ occurred_at: '2026-08-03T09:59:59.999Z' }),
      { code: 'too_late', pointer: '/occurred_at', detail: expect.stringContaining('90 days') },
    ],
  ];
  it.each(cases)('%s', async (_name, event, rejection) => {
    const { send, size } = openGateway();
    const { status, body, headers } = await send('/v1/events', { events: [event] });
    expect([status, headers.get('Content-Type'), body.type]).toEqual([
      422,
      'application/problem+json',
      'urn:edgewise:problem:none-accepted',
    ]);
    const name = (event as { message_id?: string }).message_id ?? null;
    expect(body.rejected).toEqual([expect.objectContaining({ index: 0, message_id: name, ...rejection })]);
    expect(await size()).toBe(0);
  });

  it('to the millisecond: at the edge of either bound it is accepted', async () => {
    const { send } = openGateway();
    const events = [
      message({ occurred_at: '2026-11-01T10:05:00Z' }),
      click({ occurred_at: '2026-08-03T10:00:00Z' }),
    ];
    expect((await send('/v1/events', { events })).body).toEqual({ accepted: 2, rejected: [] });
  });

  it('an import from ahead of our clock', async () => {
    const { send, size } = openGateway();
    const { body } = await send('/internal/imports', {
      events: [message({ occurred_at: '2026-11-01T10:05:01Z' })],
    });
    expect(body.rejected).toEqual([expect.objectContaining({ code: 'too_early' })]);
    expect(await size()).toBe(0);
  });

  it("another person's event under a person's token", async () => {
    const { send, written } = openGateway();
    const { status, body } = await send(
      '/v1/events',
      { events: [message({ user_id: 'bob' }), message()] },
      { caller: ann },
    );
    expect([status, body.accepted]).toEqual([202, 1]);
    expect(body.rejected).toEqual([
      expect.objectContaining({ index: 0, code: 'not_yours', pointer: '/user_id' }),
    ]);
    expect(await written(topics.events)).toHaveLength(1);
  });

  it('a line that is not UTF-8, is no JSON, or is too long, while those around it are accepted', async () => {
    const { send, written } = openGateway();
    const body = Buffer.concat([
      Buffer.from(`${JSON.stringify(message())}\n{"text":"`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`"}\nno json\n"${'x'.repeat(256 * 1024)}"\n${JSON.stringify(click())}`),
    ]);
    const answer = await send('/v1/events', new Uint8Array(body), { headers: { 'content-type': NDJSON } });
    expect(answer.body).toEqual({
      accepted: 2,
      rejected: ['UTF-8', 'not JSON', 'longer than'].map((words, at) => {
        return {
          index: at + 1,
          message_id: null,
          code: 'malformed',
          pointer: null,
          detail: expect.stringContaining(words),
        };
      }),
    });
    expect(await written(topics.events)).toHaveLength(2);
  });

  it('a campaign, with a pointer to its field', async () => {
    const { send, size } = openGateway();
    const window = { starts_at: '2026-11-02T00:00:00Z', ends_at: '2026-11-01T00:00:00Z' };
    const campaigns = [
      campaign({ status: 'on' }),
      campaign({ tags: ['a', 'b c'] }),
      campaign(window),
      campaign({ boost: -1 }),
    ];
    const { status, body } = await send('/v1/campaigns', { campaigns });
    expect(status).toBe(422);
    expect(body.rejected.map((one: { pointer: string }) => one.pointer)).toEqual([
      '/status',
      '/tags/1',
      '/ends_at',
      '/boost',
    ]);
    expect(await size()).toBe(0);
  });
});

describe('a body that cannot be taken is a problem that says what to mend, and leaves nothing on the log', () => {
  const big = `{"events":[${' '.repeat(5 * 1024 * 1024)}]}`;
  const unpacked = `{"events":[${' '.repeat(20 * 1024 * 1024)}]}`;
  const brackets = '['.repeat(19 * 1024 * 1024);
  const cases: [
    string,
    string,
    Parameters<ReturnType<typeof openGateway>['send']>[1],
    Sending,
    number,
    string,
    RegExp,
  ][] = [
    ['a body that is not JSON', '/v1/events', '{"events":[', {}, 400, 'bad-request', /not JSON/],
    [
      'a JSON body that is not UTF-8',
      '/v1/events',
      new Uint8Array([0x22, 0xc3, 0x28, 0x22]),
      {},
      400,
      'bad-request',
      /UTF-8/,
    ],
    ['no body', '/v1/events', null, {}, 400, 'bad-request', /not JSON/],
    ['a list by another name', '/v1/events', { campaigns: [] }, {}, 422, 'invalid-request', /\/events/],
    [
      'an unknown field beside the list',
      '/v1/events',
      { events: [message()], dry: true },
      {},
      422,
      'invalid-request',
      /^\/dry: There is no such field/,
    ],
    ['a list that is none', '/v1/events', { events: message() }, {}, 422, 'invalid-request', /^\/events/],
    [
      'more than 500 in JSON',
      '/v1/events',
      { events: Array(501).fill(message()) },
      {},
      422,
      'invalid-request',
      /^\/events: At most 500/,
    ],
    ['an empty list', '/v1/events', { events: [] }, {}, 422, 'invalid-request', /nothing to write/],
    [
      'no line',
      '/v1/events',
      '\r\n\n',
      { headers: { 'content-type': NDJSON } },
      422,
      'invalid-request',
      /nothing to write/,
    ],
    ['more than 5 MiB as it comes', '/v1/events', big, {}, 413, 'too-large', /5242880 bytes/],
    [
      'more than 20 MiB unpacked',
      '/v1/events',
      unpacked,
      { gzip: true },
      413,
      'too-large',
      /unpacks to more than 20971520 bytes/,
    ],
    ['a body of brackets', '/v1/events', brackets, { gzip: true }, 413, 'too-large', /values/],
    [
      'no gzip, though it says so',
      '/v1/events',
      { events: [message()] },
      { headers: { 'content-encoding': 'gzip' } },
      400,
      'bad-request',
      /not gzip/,
    ],
    [
      'another encoding',
      '/v1/events',
      { events: [message()] },
      { headers: { 'content-encoding': 'br' } },
      415,
      'unsupported-media-type',
      /gzip/,
    ],
    [
      'another media type',
      '/v1/events',
      { events: [message()] },
      { headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported-media-type',
      /application\/json/,
    ],
    [
      'a campaign that is named otherwise in its address',
      '/v1/campaigns/dns',
      campaign(),
      { method: 'PUT' },
      422,
      'invalid-request',
      /^\/campaign_id: .*path/,
    ],
    [
      'a campaign of an id out of shape',
      '/v1/campaigns/a%20b',
      campaign(),
      { method: 'PUT' },
      422,
      'invalid-request',
      /^\/campaign_id/,
    ],
    [
      'a campaign at a broken escape',
      '/v1/campaigns/%zz',
      campaign(),
      { method: 'PUT' },
      422,
      'invalid-request',
      /^\/campaign_id/,
    ],
    [
      'a campaign called popular',
      '/v1/campaigns/popular',
      null,
      { method: 'DELETE' },
      422,
      'invalid-request',
      /^\/campaign_id/,
    ],
    [
      'a campaign that is none',
      '/v1/campaigns/wifi',
      '5',
      { method: 'PUT' },
      422,
      'invalid-request',
      /Expected Object/,
    ],
    [
      'a campaign in another media type',
      '/v1/campaigns/wifi',
      campaign(),
      { method: 'PUT', headers: { 'content-type': NDJSON } },
      415,
      'unsupported-media-type',
      /json/,
    ],
    [
      'events without their scope',
      '/v1/events',
      { events: [message()] },
      { caller: { ...server, scopes: ['campaigns:write'] } },
      403,
      'forbidden',
      /events:write/,
    ],
    [
      "an import under a person's token",
      '/internal/imports',
      { events: [message()] },
      { caller: ann },
      403,
      'forbidden',
      /own servers/,
    ],
    [
      'a campaign without its scope',
      '/v1/campaigns/wifi',
      null,
      { method: 'DELETE', caller: { ...server, scopes: ['events:write'] } },
      403,
      'forbidden',
      /campaigns:write/,
    ],
    [
      "a campaign under a person's token",
      '/v1/campaigns',
      { campaigns: [campaign()] },
      { caller: { ...server, subject: 'ann' } },
      403,
      'forbidden',
      /own servers/,
    ],
    ['another method', '/v1/events', null, { method: 'GET' }, 405, 'method-not-allowed', /POST/],
    ['another address', '/v1/event', null, { method: 'GET' }, 404, 'not-found', /address/],
  ];
  it.each(cases)('%s', async (_name, path, body, sending, status, kind, detail) => {
    const { send, size, reports } = openGateway();
    const answer = await send(path, body, sending);
    expect([answer.status, answer.body.type]).toEqual([status, `urn:edgewise:problem:${kind}`]);
    expect(answer.body).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
      instance: expect.stringContaining('/'),
    });
    expect(await size()).toBe(0);
    expect(reports).toEqual([]);
  });

  it('gzip that is cut short anywhere', async () => {
    const whole = gzipSync(JSON.stringify({ events: [message()] }));
    const { send, size } = openGateway();
    for (let length = 1; length < whole.length; length++) {
      const { status, body } = await send('/v1/events', new Uint8Array(whole.subarray(0, length)), {
        headers: { 'content-encoding': 'gzip' },
      });
      expect([length, status, body.detail]).toEqual([length, 400, expect.stringContaining('cut short')]);
    }
    expect(await size()).toBe(0);
  });

  it('gzip whose last member tells less than all of them unpack to', async () => {
    const members = [...lines(message(), click())].reduce<string[]>((parts, letter, at) => {
      if (at % 50 === 0) parts.push('');
      parts.push((parts.pop() ?? '') + letter);
      return parts;
    }, []);
    const { send } = openGateway();
    const body = new Uint8Array(Buffer.concat(members.map((part) => gzipSync(part))));
    const answer = await send('/v1/events', body, {
      headers: { 'content-encoding': 'gzip', 'content-type': NDJSON },
    });
    expect([answer.status, answer.body]).toEqual([202, { accepted: 2, rejected: [] }]);
  });

  it('more refusals than can be told', async () => {
    const { send, size } = openGateway();
    const body = `${JSON.stringify(message())}\n${'1\n'.repeat(10_001)}`;
    const answer = await send('/v1/events', body, { headers: { 'content-type': NDJSON } });
    expect([answer.status, answer.body.rejected.length]).toEqual([422, 100]);
    expect(answer.body.detail).toMatch(/More than 10000 were refused, so nothing was written/);
    expect(await size()).toBe(0);
  });

  it('tells no more than a line of what it received', async () => {
    const { send } = openGateway();
    const { body } = await send('/v1/events', { events: [message({ type: 'x'.repeat(100_000) })] });
    expect(body.rejected[0].detail.length).toBeLessThan(400);
  });
});

describe('when the log cannot take it', () => {
  it.each([
    [new LogOverloaded('full'), 'overloaded'],
    [new LogUnavailable('gone'), 'unavailable'],
  ])('%s is a 503 that says when to come again', async (error, kind) => {
    const { send, reports } = openGateway({
      through: (log) => ({
        ...log,
        append: async () => {
          throw error;
        },
      }),
    });
    const { status, headers, body } = await send('/v1/events', { events: [message()] });
    expect([status, body.type]).toEqual([503, `urn:edgewise:problem:${kind}`]);
    expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(reports).toEqual([
      expect.objectContaining({ kind, error: expect.objectContaining({ code: `log_${kind}` }) }),
    ]);
  });

  it('what nobody foresaw is a 500 that tells nothing of the inside, and one line that tells nothing of the body', async () => {
    const { send, reports } = openGateway({
      through: (log) => ({
        ...log,
        append: async () => {
          throw new TypeError('x is undefined');
        },
      }),
    });
    const { status, body } = await send('/v1/events', { events: [message()] });
    expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining('undefined')]);
    expect(reports).toEqual([
      expect.objectContaining({ level: 'error', method: 'POST', path: '/v1/events' }),
    ]);
    expect(JSON.stringify(reports)).not.toContain('wifi');
  });

  it('an answer that is later than its deadline is a 504', async () => {
    const { send } = openGateway({
      through: (log) => ({
        ...log,
        append: async (_topic, _messages, signal) => {
          const late = new Promise((resolve) => signal.addEventListener('abort', resolve));
          if (!signal.aborted) await late;
          throw signal.reason;
        },
      }),
    });
    const { status, body } = await send('/v1/events', { events: [message()] }, { deadline_ms: 1 });
    expect([status, body.type]).toEqual([504, 'urn:edgewise:problem:out-of-time']);
  });
});
