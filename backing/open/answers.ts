import { embeddedAnswers } from '../answers/embedded.ts';
import type { Answers } from '../answers/port.ts';
import { openRedisAnswers } from '../answers/redis.ts';
import { setting } from '../settings.ts';
import { type Closable, embedded, port, shared } from './port.ts';

const redis = shared({
  settings: {
    REDIS_URL: setting.redis_url,
    REDIS_PASSWORD: setting.redis_password,
    REDIS_CA: setting.redis_ca,
  },
  check({ REDIS_URL, REDIS_CA }) {
    return REDIS_CA && !REDIS_URL.startsWith('rediss:') ? 'REDIS_CA needs a rediss:// address' : null;
  },
  open({ REDIS_URL: url, REDIS_PASSWORD: password, REDIS_CA: ca }, means): Promise<Answers & Closable> {
    const { clock, report } = means;
    return openRedisAnswers({ url, password, ca, clock, report });
  },
});

/** Answers, and the epochs that the views raise: embedded, they live and end with the process. */
export const answers = port({
  variable: 'ANSWERS',
  users: ['views', 'origin'],
  parts: {
    redis,
    embedded: embedded({
      in_folder: false,
      open: ({ clock }): Answers & Closable => ({ ...embeddedAnswers({ clock }), close() {} }),
    }),
  },
});
