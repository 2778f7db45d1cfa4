import { type Cells, normaliseRows } from './cells.ts';
import { distinct, type Observed } from './observed.ts';

/**
 * A map of what is talked about: cells around centres of messages, and for each what those who speak there care
 * about. A search among some hundred cells stands for one among all messages.
 */
export type Talk = {
  dimension: number;
  centres: Float32Array;
  /** Of cell k the campaigns and their share of it from `starts[k]` to `starts[k + 1]`. */
  starts: Uint32Array;
  columns: Uint32Array;
  shares: Float32Array;
  /** For each campaign the direction of what is said about it; all zero where that is too little. */
  campaigns: Float32Array;
};

/** A cell with few messages says little: so many are added to what it has. */
const SMOOTHING = 5;
const CAMPAIGNS_A_CELL = 64;
/** Fewer messages about a campaign give no direction. */
const LEAST_MESSAGES = 3;

/** The map of a tenant's talk, of those of its messages that count: all, or some that others are to be foretold by. */
export function talkOf(
  observed: Observed,
  { centres, cellOf }: Cells,
  counts: (message: number) => boolean = () => true,
): Talk {
  const { campaigns, dimension, vectors, speakers, abouts } = observed;
  const size = campaigns.length;
  const cells = centres.length / dimension;
  const votes = Array.from({ length: cells }, () => new Map<number, number>());
  const sizes = new Float64Array(cells);
  const directions = new Float32Array(size * dimension);
  const said = new Uint32Array(size);
  const cared = new Map<number, number[]>();
  for (let at = 0; at < speakers.length; at++) {
    if (!counts(at)) continue;
    const cell = cellOf[at] as number;
    const speaker = speakers[at] as number;
    const own = cared.get(speaker) ?? distinct(observed, speaker);
    cared.set(speaker, own);
    sizes[cell] = (sizes[cell] as number) + 1;
    const map = votes[cell] as Map<number, number>;
    // Who cares about much says less of each.
    for (const campaign of own) map.set(campaign, (map.get(campaign) ?? 0) + 1 / Math.sqrt(own.length));
    const about = abouts[at] as number;
    said[about] = (said[about] as number) + 1;
    for (let i = 0; i < dimension; i++) {
      const to = about * dimension + i;
      directions[to] = (directions[to] as number) + (vectors[at * dimension + i] as number);
    }
  }
  normaliseRows(directions, dimension);
  said.forEach((count, campaign) => {
    if (count < LEAST_MESSAGES) directions.fill(0, campaign * dimension, (campaign + 1) * dimension);
  });

  const starts = new Uint32Array(cells + 1);
  const [columns, shares]: [number[], number[]] = [[], []];
  votes.forEach((map, cell) => {
    const best = [...map].sort(([a, x], [b, y]) => y - x || a - b).slice(0, CAMPAIGNS_A_CELL);
    for (const [campaign, vote] of best) {
      columns.push(campaign);
      shares.push(vote / ((sizes[cell] as number) + SMOOTHING));
    }
    starts[cell + 1] = columns.length;
  });
  return {
    dimension,
    centres,
    starts,
    columns: Uint32Array.from(columns),
    shares: Float32Array.from(shares),
    campaigns: directions,
  };
}

const CELLS_ASKED = 32;

function similarities(rows: Float32Array, vector: Float32Array): Float64Array {
  const width = vector.length;
  const found = new Float64Array(rows.length / width);
  for (let k = 0, at = 0; k < found.length; k++) {
    let dot = 0;
    for (let i = 0; i < width; i++, at++) dot += (rows[at] as number) * (vector[i] as number);
    found[k] = dot;
  }
  return found;
}

/** What those who talk like that care about: the nearest cells' campaigns, by the cube of how near they are. */
export function caredAbout(talk: Talk, vector: Float32Array): Float64Array {
  const { starts, columns, shares, campaigns, dimension } = talk;
  const near = similarities(talk.centres, vector);
  const asked = near.slice().sort();
  const least = Math.max(0, asked[Math.max(0, asked.length - CELLS_ASKED)] as number);
  const found = new Float64Array(campaigns.length / dimension);
  for (let cell = 0; cell < near.length; cell++) {
    const similarity = near[cell] as number;
    if (similarity < least || similarity <= 0) continue;
    for (let at = starts[cell] as number; at < (starts[cell + 1] as number); at++) {
      const campaign = columns[at] as number;
      found[campaign] = (found[campaign] as number) + similarity ** 3 * (shares[at] as number);
    }
  }
  return found;
}

/** How like what is said about each campaign a vector is. */
export function saidAbout({ campaigns }: Talk, vector: Float32Array): Float64Array {
  return similarities(campaigns, vector);
}
