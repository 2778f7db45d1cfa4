import { type LogEntry, logLevel as levels } from 'kafkajs';
import type { Report } from '../../http/report.ts';

/** kafkajs's lines below this are of no use to an operator; its debugging even holds what is sent. */
export const logLevel = levels.WARN;

/** What its lines may tell beside their message. All else stays out, since it may be anything. */
const FIELDS = ['broker', 'groupId', 'topic', 'partition', 'retryCount', 'retryTime', 'correlationId'];
const LONGEST = 300;

/** Turns the log of kafkajs into the report's lines. */
export const logCreator =
  (report: Report) =>
  () =>
  ({ level, namespace, log }: LogEntry): void => {
    const { message, error } = log;
    report({
      level: level === levels.WARN ? 'warn' : 'error',
      message: `kafkajs: ${firstLine(message)}`,
      namespace,
      ...(typeof error === 'string' ? { error: firstLine(error) } : {}),
      ...Object.fromEntries(FIELDS.flatMap((name) => (name in log ? [[name, log[name]]] : []))),
    });
  };

const firstLine = (text: unknown) => (String(text).split('\n', 1)[0] as string).slice(0, LONGEST);
