/**
 * Shares one run among all who ask for the same key while it is under way. The run has no caller's signal:
 * it ends on its own time, so a caller that gives up takes nothing from the others.
 */
export function singleFlight<Value>() {
  const flights = new Map<string, Promise<Value>>();
  return (key: string, run: () => Promise<Value>): Promise<Value> => {
    const under_way = flights.get(key);
    if (under_way) return under_way;
    const flight = run().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
}
