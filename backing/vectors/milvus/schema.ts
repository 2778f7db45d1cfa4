import { DataType, type FieldType } from '@zilliz/milvus2-sdk-node';

/** How vectors are found. What Milvus does not offer at an address, or a dimension does not allow, it refuses. */
export type IndexSettings =
  /** `ef` is raised to the number of hits asked for. */
  | { type: 'HNSW'; m?: number; ef_construction?: number; ef?: number }
  /** `m` divides the dimension. */
  | { type: 'IVF_PQ'; nlist: number; m: number; nbits?: number; nprobe: number }
  | { type: 'DISKANN'; search_list?: number };

/** The longest VARCHAR of Milvus, in bytes. */
const LONGEST_BYTES = 65_535;
const varchar = (name: string, max_length: number): FieldType => ({
  name,
  data_type: DataType.VarChar,
  max_length,
});
const int64 = (name: string): FieldType => ({ name, data_type: DataType.Int64 });
const strings = (name: string, max_length: number, max_capacity: number): FieldType => ({
  name,
  data_type: DataType.Array,
  element_type: DataType.VarChar,
  max_length,
  max_capacity,
});

const common = (dimension: number): FieldType[] => [
  { ...varchar('pk', 32), is_primary_key: true },
  { ...varchar('tenant_id', 64), is_partition_key: true },
  { name: 'vector', data_type: DataType.FloatVector, dim: dimension },
];

/** Ids and locales are never empty, so that empty stands for null. */
export const messageFields = (dimension: number): FieldType[] => [
  ...common(dimension),
  varchar('user_id', 128),
  varchar('message_id', 128),
  varchar('campaign_id', 128),
  varchar('locale', 64),
  varchar('occurred_at', 32),
  int64('occurred_ms'),
  int64('lived_ms'),
  int64('accepted_ms'),
  int64('place'),
];

/** Milvus wants a vector in every collection. */
export const forgottenFields = (dimension: number): FieldType[] => [
  { ...varchar('pk', 64), is_primary_key: true },
  { ...varchar('tenant_id', 64), is_partition_key: true },
  { name: 'vector', data_type: DataType.FloatVector, dim: dimension },
  varchar('forgotten_at', 32),
];

/** A deleted campaign stays as a row, so that an older copy can't bring it back. */
export const campaignFields = (dimension: number): FieldType[] => [
  ...common(dimension),
  varchar('campaign_id', 128),
  int64('version'),
  { name: 'deleted', data_type: DataType.Bool },
  { name: 'active', data_type: DataType.Bool },
  int64('starts_ms'),
  int64('ends_ms'),
  strings('locales', 64, 64),
  strings('campaign', LONGEST_BYTES, 8),
];

/** The vectors' index, to be created. */
export function indexOf(collection_name: string, index: IndexSettings) {
  const made = { collection_name, field_name: 'vector', index_type: index.type, metric_type: 'COSINE' };
  switch (index.type) {
    case 'HNSW':
      return { ...made, params: { M: index.m ?? 16, efConstruction: index.ef_construction ?? 200 } };
    case 'IVF_PQ':
      return { ...made, params: { nlist: index.nlist, m: index.m, nbits: index.nbits ?? 8 } };
    case 'DISKANN':
      return { ...made, params: {} };
  }
}

/** What a search for so many hits is to look at. */
export function searchParams(index: IndexSettings, hits: number): Record<string, number> {
  switch (index.type) {
    case 'HNSW':
      return { ef: Math.max(index.ef ?? 128, hits) };
    case 'IVF_PQ':
      return { nprobe: index.nprobe };
    case 'DISKANN':
      return { search_list: Math.max(index.search_list ?? 100, hits) };
  }
}
