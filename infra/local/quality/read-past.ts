import { readFile } from 'node:fs/promises';
import { Campaign } from '#contract/campaign.ts';
import { Event } from '#contract/event.ts';
import { Id } from '#contract/ids.ts';
import { parse } from '#contract/parse.ts';
import { Instant } from '#contract/values.ts';
import { openRecords } from '../files/records.ts';
import { Mendable } from '../terminal/mendable.ts';
import type { Question } from './past-question.ts';

/** The questions of a file. Throws a sentence that names the line that is none. */
export async function readQuestions(file: string): Promise<Question[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line, i) => {
    const [user, moment, ...more] = line.split('\t');
    try {
      if (more.length) throw new Error('there are more than two columns');
      return { user_id: parse(Id, user), moment: parse(Instant, moment) };
    } catch (cause) {
      throw new Mendable(`${file}, line ${i + 1}: should be a user, a tab and a moment`, { cause });
    }
  });
}

/** All lines of a file, plain or gzip. Throws a sentence that names the line that is wrong. */
async function readAll<Value>(file: string, parseOne: (json: unknown) => Value): Promise<Value[]> {
  const all: Value[] = [];
  const records = await openRecords(file);
  for await (const lines of records.lines()) {
    for (const { number, bytes } of lines) {
      try {
        all.push(parseOne(JSON.parse(String(bytes))));
      } catch (cause) {
        throw new Mendable(`${file}, line ${number}: ${(cause as Error).message}`, { cause });
      }
    }
  }
  return all;
}

export const readEvents = (file: string) => readAll(file, (json) => parse(Event, json));
export const readCampaigns = (file: string) => readAll(file, (json) => parse(Campaign, json));
