import { randomBytes } from 'node:crypto';
import type { SigningKey } from '#contract/signature.ts';

/** A key that load and gateway share. */
export const newKey = (): SigningKey => ({ id: 'chaos', secret: randomBytes(32).toString('base64url') });
