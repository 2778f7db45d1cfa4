/** What a body may weigh on the wire, and unpacked. */
export const ENCODED_BYTES = 5 * 1024 * 1024;
export const DECODED_BYTES = 20 * 1024 * 1024;

/** How many events or campaigns a JSON body may hold. */
export const BATCH = 500;

/** What one event or campaign may weigh as JSON. */
export const ITEM_BYTES = 256 * 1024;

/** How many of a body's events or campaigns may be refused before all of it is. */
export const REFUSALS = 10_000;

/** How far ahead of our clock, and how far behind it, a live event may have occurred. */
export const AHEAD_MS = 5 * 60_000;
export const BEHIND_MS = 90 * 24 * 3600_000;
