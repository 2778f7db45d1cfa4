import type { Report } from '../http/report.ts';
import { readSettings, setting } from '../settings.ts';
import { type Embedders, embeddersOf } from './embedders.ts';
import { hashingEmbedder } from './hashing.ts';
import { openHttpEmbedder } from './http.ts';
import type { Embedder } from './port.ts';

const WHICH = { EMBEDDER: setting.embedder };
/** What an embedder over HTTP needs to know. */
export const httpSettings = {
  EMBEDDINGS_URL: setting.embeddings_url,
  EMBEDDINGS_MODEL: setting.embeddings_model,
  EMBEDDINGS_DIMENSION: setting.embeddings_dimension,
  EMBEDDINGS_DIGEST: setting.embeddings_digest,
  EMBEDDINGS_API_KEY: setting.embeddings_api_key,
  EMBEDDINGS_CHARACTERS: setting.embeddings_characters,
  EMBEDDINGS_BATCH: setting.embeddings_batch,
  EMBEDDINGS_CONCURRENCY: setting.embeddings_concurrency,
  EMBEDDINGS_MS: setting.embeddings_ms,
};

type HttpSettings = ReturnType<typeof readSettings<typeof httpSettings>>;
type EmbedderSettings = readonly ({ name: 'hashing' } | { name: 'http'; settings: HttpSettings })[];

/** Which embedders the environment asks for, the usual one first. Throws BadSettings. */
export function embedderSettings(env: Readonly<Record<string, string | undefined>>): EmbedderSettings {
  return readSettings(WHICH, env).EMBEDDER.map((name) =>
    name === 'http' ? { name, settings: readSettings(httpSettings, env) } : { name },
  );
}

/** Opens them. Rejects, and leaves none open, where one cannot be reached or is not what the settings say. */
export async function openEmbedders(
  asked: EmbedderSettings,
  report: Report,
): Promise<Embedders & { close(): Promise<void> }> {
  const opened = new AsyncDisposableStack();
  try {
    const all: Embedder[] = [];
    for (const one of asked) {
      if (one.name === 'hashing') {
        all.push(hashingEmbedder);
        continue;
      }
      const { settings } = one;
      const embedder = await openHttpEmbedder({
        url: settings.EMBEDDINGS_URL,
        model: settings.EMBEDDINGS_MODEL,
        dimension: settings.EMBEDDINGS_DIMENSION,
        digest: settings.EMBEDDINGS_DIGEST,
        api_key: settings.EMBEDDINGS_API_KEY,
        max_characters: settings.EMBEDDINGS_CHARACTERS,
        batch_texts: settings.EMBEDDINGS_BATCH,
        concurrency: settings.EMBEDDINGS_CONCURRENCY,
        request_ms: settings.EMBEDDINGS_MS,
        report,
      });
      opened.defer(() => embedder.close());
      all.push(embedder);
    }
    const [usual, ...beside] = all as [Embedder, ...Embedder[]];
    return { ...embeddersOf(usual, ...beside), close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}
