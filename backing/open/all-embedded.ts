import { PORTS } from './ports.ts';

/** The environment that chooses the embedded part behind every port that has one. */
export const ALL_EMBEDDED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(PORTS)
    .filter(({ parts }) => 'embedded' in parts)
    .map(({ variable }) => [variable, 'embedded']),
);
