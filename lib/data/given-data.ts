import { type OptionCheck, settings } from '../text/options.js';
import { checkDataset } from './check-dataset.js';
import { type DataRecord, describeData, recordHash } from './data-record.js';
import type { Dataset, ImageSource } from './dataset.js';
import type { DataConfig } from './kinds/index.js';

/** For options that take images: takeData() looks into them. */
export const datasetCheck: OptionCheck = {
  ...settings,
  expected: 'a data set: datasetFromArrays() and datasetFromIterable() make one',
};

/** Images that a script gives to a call, in place of settings that say where images lie. */
export interface GivenData {
  readonly data: Dataset<ImageSource>;
  readonly record: DataRecord;
  /** What configurations say of them: `data: { kind: 'custom', name, hash }`. */
  readonly config: DataConfig;
}

/** Checks and names them. Throws ERR_BYOL_DATA, as checkDataset(). */
export async function takeData(data: Dataset<ImageSource>): Promise<GivenData> {
  checkDataset(data);
  const record = await describeData(data);
  return { data, record, config: { kind: 'custom', name: data.name ?? 'images', hash: recordHash(record) } };
}
