import { unauthenticated } from './unauthenticated.ts';

const LONGEST = 8192;

/** The token in `Authorization: Bearer …` (RFC 6750). Throws `unauthenticated` where there is none of use. */
export function bearerToken(headers: Headers): string {
  const header = headers.get('Authorization');
  if (!header) throw unauthenticated('Send a token in the header "Authorization: Bearer <token>"');
  if (!/^bearer /i.test(header))
    throw unauthenticated('The Authorization header is not of the form "Bearer <token>"');
  const token = header.slice('bearer '.length).trim();
  if (token.length > LONGEST) throw unauthenticated(`The token is longer than ${LONGEST} characters`);
  return token;
}
