/** What was learnt: of each word a vector of `dimension` numbers, weighted, and the direction that all texts share. */
export type Table = {
  dimension: number;
  words: readonly string[];
  /** One row a word: its vector of length 1 times its weight. */
  vectors: Float32Array;
  /** Of length 1; taken out of each text's vector. All zero where there is none. */
  common: Float32Array;
};
