import type { MilvusClient } from '@zilliz/milvus2-sdk-node';

/** What the SDK itself does when another cluster becomes the primary one; it keeps it from its types. */
type Renewable = { createChannelPool(): MilvusClient['channelPool'] };

/**
 * Gives a client new connections; the former ones are closed once their calls have ended, at their deadlines at the latest.
 * A new client would do as well, but reads all of Milvus's protocol again, and holds up everything else in the
 * process for a tenth of a second.
 */
export function renewConnections(client: MilvusClient): void {
  const former = client.channelPool;
  client.channelPool = (client as unknown as Renewable).createChannelPool();
  // What cannot be closed is given up: nobody is lent it any more.
  void (async () => {
    await former.drain();
    await former.clear();
  })().catch(() => {});
}
