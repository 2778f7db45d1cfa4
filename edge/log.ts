/** A line of the log: what happened, by a stable name, without personal data or secrets. */
type Line = { level: 'info' | 'warn' | 'error'; event: string } & Record<string, unknown>;
export type Log = (line: Line) => void;

/** Writes lines as JSON to the console, where Workers Logs reads their fields. */
export const consoleLog: Log = (line) => {
  if (line.level === 'error') console.error(JSON.stringify(line));
  else console.log(JSON.stringify(line));
};

/**
 * What may be told of a failure: its name and code, and where it came from. Not its message, which may quote
 * what a person sent.
 */
export function traceOf(error: unknown): { error: string; code: string | null; at: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, code: null, at: [] };
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const { code } = error as { code?: unknown };
  return {
    error: error.name,
    code: typeof code === 'string' ? code : null,
    at: at.slice(0, 8).map((line) => line.trim()),
  };
}
