import { expect, onTestFinished, test } from 'vitest';
import { collect, isSortedByKey } from '../support/dump.ts';

/** A store that can be dumped, and a way to write more lines into it at each call. */
export type Dumped = { dump(): AsyncIterable<string>; write(): Promise<void> };

/** What the dump of every store holds to; stands inside the contract of its port. */
export function dumpContract(open: () => Promise<Dumped>): void {
  test('a dump is sorted by its keys, each once', async () => {
    const { dump, write } = await open();
    await write();
    await write();
    const lines = await collect(dump());
    expect(lines.length).toBeGreaterThan(1);
    expect(isSortedByKey(lines)).toBe(true);
  });

  test('the dump of an empty store is empty', async () => {
    const { dump } = await open();
    expect(await collect(dump())).toEqual([]);
  });

  test('two dumps at once are both whole', async () => {
    const { dump, write } = await open();
    await write();
    const whole = await collect(dump());
    const [one, other] = [dump()[Symbol.asyncIterator](), dump()[Symbol.asyncIterator]()];
    const [ones, others]: [string[], string[]] = [[], []];
    for (let at = 0; at <= whole.length; at++) {
      const [a, b] = [await one.next(), await other.next()];
      if (!a.done) ones.push(a.value);
      if (!b.done) others.push(b.value);
    }
    expect(ones).toEqual(whole);
    expect(others).toEqual(whole);
  });

  test('a dump can be left at any line, and written beside', async () => {
    const { dump, write } = await open();
    await write();
    for await (const _ of dump()) break;
    const unfinished = dump()[Symbol.asyncIterator]();
    onTestFinished(async () => void (await unfinished.return?.()));
    await unfinished.next();
    const before = await collect(dump());
    await write();
    expect((await collect(dump())).length).toBeGreaterThan(before.length);
  });
}
