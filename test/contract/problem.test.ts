import { expect, test } from 'vitest';
import { asProblem, Problem } from '#contract/problem.ts';

test('a problem is answered as RFC 9457 says, and never stored', async () => {
  const errors = [{ pointer: '/limit', detail: 'Too many' }];
  const problem = new Problem('invalid-request', '/limit: Too many', {
    errors,
    headers: { 'Retry-After': '1' },
  });
  const response = problem.toResponse('/v1/events');
  expect(response.status).toBe(422);
  expect(Object.fromEntries(response.headers)).toEqual({
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
    'retry-after': '1',
  });
  expect(await response.json()).toEqual({
    type: 'urn:edgewise:problem:invalid-request',
    title: 'The request does not hold what it should',
    status: 422,
    detail: '/limit: Too many',
    instance: '/v1/events',
    errors,
  });
});

test('its own headers cannot make it something else', () => {
  const headers = { 'Content-Type': 'text/html', 'Cache-Control': 'public' };
  const response = new Problem('not-found', 'No', { headers }).toResponse('/');
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('Cache-Control')).toBe('no-store');
});

test('extra members tell more, and errors are left out where there are none', async () => {
  const body = await new Problem('none-accepted', 'None', { extra: { rejected: [1] } })
    .toResponse('/')
    .json();
  expect(body).toMatchObject({ rejected: [1], status: 422 });
  expect(body).not.toHaveProperty('errors');
});

test('a failure that is no problem tells nothing of the inside, and keeps its cause for the log', async () => {
  const cause = new Error('password hunter2');
  const problem = asProblem(cause);
  expect([problem.status, problem.cause]).toEqual([500, cause]);
  expect(await problem.toResponse('/').text()).not.toContain('hunter2');
  expect(asProblem(problem)).toBe(problem);
});
