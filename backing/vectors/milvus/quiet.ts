import type { MilvusClient } from '@zilliz/milvus2-sdk-node';

/**
 * Leaves a client the first of its interceptors, which names user and database. One of the others tries calls again, which
 * nobody is to do here (`maxRetries`), and writes each request and each answer out as text as well, vectors and all, for a
 * log that is off: a tenth of what a search costs. A call that the server does not know is an error of gRPC then, no longer
 * an empty answer.
 */
export function quiet(client: MilvusClient): MilvusClient {
  // The connections that there are already hold the same list.
  client.channelOptions.interceptors?.splice(1);
  return client;
}
