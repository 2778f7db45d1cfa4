/** What the platform hands the Worker beside its configuration; null where it is not bound. */
export type Bindings = {
  /** Where the popular lists stand. */
  popular: KVNamespace | null;
  /** Where events wait while the gateway is down. */
  events: Queue | null;
};

export function readBindings(env: unknown): Bindings {
  const { POPULAR = null, EVENTS = null } = env as { POPULAR?: KVNamespace; EVENTS?: Queue };
  return { popular: POPULAR, events: EVENTS };
}
