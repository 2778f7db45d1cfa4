import type { Crowd } from './crowd.ts';

/** What the shapes differ from, each in its own way: people who talk, and come back to what they know now and then. */
const usual: Crowd = {
  ...{ people: 200, campaigns: 80, topics: 10, days: 60, each: 20, skew: 0.4 },
  ...{ repeats: 0.4, focus: 0.8, drift: 0, sitting: 3, life_days: null, seen: 0, gap: null },
  language: { script: 'latin', about: 0.5 },
};
const clicks = { language: null, seen: 2 };

/** Data of many shapes, by name. On each, what is recommended is held against what anything simple makes of it. */
export const shapes: ReadonlyMap<string, Crowd> = new Map(
  Object.entries({
    usual,
    'no text': { ...usual, ...clicks },
    'no text, nothing twice': { ...usual, ...clicks, repeats: 0 },
    'ratings, all at one sitting': {
      ...{ ...usual, ...clicks, seen: 0, people: 300, campaigns: 600, each: 45, skew: 0.5, days: 200 },
      ...{ repeats: 0, sitting: 60, focus: 0.7 },
    },
    'text, nothing twice': { ...usual, repeats: 0 },
    'text, tastes that drift': { ...usual, drift: 0.5, each: 30 },
    'nearly always again': { ...usual, repeats: 0.9 },
    'text that says nothing': { ...usual, language: { script: 'latin', about: 0 } },
    cyrillic: { ...usual, language: { script: 'cyrillic', about: 0.5 } },
    'no space between words': { ...usual, language: { script: 'han', about: 0.5 } },
    '10 campaigns': { ...usual, campaigns: 10, topics: 4 },
    '3,000 campaigns': { ...usual, campaigns: 3000, topics: 30, people: 300 },
    'few clicks': { ...usual, ...clicks, seen: 6, each: 8 },
    'a week each': { ...usual, life_days: 7, campaigns: 200 },
    'a week each, no text': { ...usual, ...clicks, life_days: 7, campaigns: 200 },
    '2 days': { ...usual, days: 2 },
    'few do nearly all': { ...usual, skew: 0.8, people: 400 },
    'only what is popular': { ...usual, focus: 0 },
    'half a year of silence': { ...usual, days: 365, gap: [120, 300] },
  } satisfies Record<string, Crowd>),
);
