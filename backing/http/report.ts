/** Takes one structured line for the operator. Lines hold neither bodies nor secrets. */
export type Report = (line: Readonly<Record<string, unknown>>) => void;

/** Writes each line as JSON to the standard error. */
export const toStderr: Report = (line) => {
  process.stderr.write(`${JSON.stringify(line)}\n`);
};

const LONGEST = 300;

/**
 * What a line may tell of a failure: its name, code, the first line of its message, where it arose, and the
 * same of its cause. Messages are clipped, since some libraries put whole commands in theirs.
 */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    name,
    ...(typeof code === 'string' ? { code } : {}),
    message: (message.split('\n', 1)[0] ?? '').slice(0, LONGEST),
    at: stack
      ?.split('\n')
      .filter((line) => line.startsWith('    at '))
      .slice(0, 8)
      .map((line) => line.trim()),
    ...(cause === undefined ? {} : { cause: errorFields(cause) }),
  };
}
