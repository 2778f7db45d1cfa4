import type { ViewName } from '#contract/topics.ts';

/** Which versions of a view there are. The first one has the names that are configured; later ones end in their number. */
export type ViewState = {
  view: ViewName;
  /** Raised by each change. */
  revision: number;
  /** The version that answers are made of. */
  serving: number;
  /** Another one beside it, being made or ready to be switched to; null where there is none. */
  beside: number | null;
  /** True where the one beside holds all that the log had lost, so that the views keep both up. */
  keeps_up: boolean;
  /** The highest number that was ever given: none is given twice. */
  newest: number;
};

/** A view that was never made anew. */
export const firstState = (view: ViewName): ViewState => ({
  view,
  revision: 0,
  serving: 1,
  beside: null,
  keeps_up: false,
  newest: 1,
});

/** Which versions of the views there are, and which of them serve: a row a view, the only switch. */
export interface ViewVersions {
  /** A view's row; of one that was never made anew its first state. */
  read(view: ViewName, signal: AbortSignal): Promise<ViewState>;
  /**
   * Writes a view's row if its revision is still that of `from`, and raises it. True where it was written, by this
   * call or by an earlier one of the same change.
   */
  change(
    from: ViewState,
    to: Pick<ViewState, 'serving' | 'beside' | 'keeps_up' | 'newest'>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}
