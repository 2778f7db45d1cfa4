import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { placements } from '../../../origin/placements.ts';
import { ablation, readTruth } from '../quality/ablation.ts';
import { readCampaigns, readEvents, readQuestions } from '../quality/read-past.ts';
import { replay } from '../quality/replay.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

type Options = {
  events: string;
  campaigns: string;
  questions: string;
  placement: string;
  out: string;
  ablate?: string;
};

/** `evaluate`: the lists to score, from real questions. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('ask the recommender at moments of the past, as the log streams by, and write its lists')
    .requiredOption('--events <file>', 'conversation events, NDJSON, plain or gzip')
    .requiredOption('--campaigns <file>', 'their campaigns, NDJSON')
    .requiredOption('--questions <file>', 'lines of a user, a tab and a moment')
    .requiredOption('--placement <name>', `the placement that is asked: ${[...placements.keys()].join(', ')}`)
    .requiredOption('--out <file>', 'where the lists go: a user, a tab, campaigns, best first')
    .option(
      '--ablate <file>',
      'what came true, by user: tells what each source gives, and which weights would do better',
    )
    .action(async ({ ablate, ...options }: Options) => {
      const told = ablate === undefined ? null : ablation(await readTruth(ablate));
      let shown = 0;
      const past = {
        campaigns: await readCampaigns(options.campaigns),
        events: await readEvents(options.events),
        questions: await readQuestions(options.questions),
        placement: options.placement,
        onRanked: told?.onRanked,
      };
      const { answers, events } = await replay(past, stopSignal(), (done, of) => {
        if (done < of && Date.now() - shown < 1000) return;
        shown = Date.now();
        process.stderr.write(`${done} of ${of} questions\n`);
      });
      const lines = answers.map(({ user_id, campaigns }) => `${user_id}\t${campaigns.join(',')}\n`);
      await writeFile(options.out, lines.join(''));
      if (told) {
        console.table(
          told.table().map(({ sources, ndcg }) => ({ sources, 'NDCG@10': Number(ndcg.toFixed(4)) })),
        );
        console.log(JSON.stringify(told.choice()));
      }
      console.log(`${answers.length} lists in ${options.out}, after ${events} events`);
    });
}
