import type { Means } from '#backing/open/port.ts';

/** Takes away all that stands under the prefix or schema that was read. */
export type Remove = (
  read: Readonly<Record<string, unknown>>,
  means: Omit<Means, 'path' | 'suffix'>,
) => Promise<void>;

/** What all schemas, collections or labels are called. */
export type NamesOf = (
  read: Readonly<Record<string, unknown>>,
  means: Omit<Means, 'path' | 'suffix'>,
) => Promise<string[]>;
