/** A candidate of an answer: what the sources said of it, normalised, and the score that it was ranked by. */
export type ServedCandidate = {
  campaign_id: string;
  features: Readonly<Record<string, number>>;
  score: number;
};

/** An answer as it was given, and what became of it. */
export type ServedAnswer = {
  /** Best first by the model that was in use. */
  candidates: readonly ServedCandidate[];
  /** What was seen of it, by the position it stood at (from 1), and whether it was clicked. */
  seen: readonly { campaign_id: string; position: number; clicked: boolean }[];
};
