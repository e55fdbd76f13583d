import type { Config } from './schema.js';

/** What depends on a setting. Asked by hashes, resumed runs, evaluations and reports; each setting has one answer for all of them. */
export interface SettingRole {
  /** 'numbers': what a run measures follows from it; 'place': where and how it is carried out; 'label': what it is called. */
  readonly decides: 'numbers' | 'place' | 'label';
  /** A resumed run may have another value: it does not touch what is computed in a step. */
  readonly resumable: boolean;
  /** An evaluation of a run may have another value: it does not say what the encoder is or which images it expects. */
  readonly evaluable: boolean;
}

const role = (decides: SettingRole['decides'], ...may: ReadonlyArray<'resume' | 'evaluate'>): SettingRole => ({
  decides,
  resumable: may.includes('resume'),
  evaluable: may.includes('evaluate'),
});

/** Every group of settings, and those within one whose role is another. */
export const settingRoles: Readonly<Record<keyof Config, SettingRole>> & Readonly<Record<string, SettingRole>> = {
  preset: role('label', 'resume', 'evaluate'),
  method: role('label', 'resume', 'evaluate'),
  seed: role('numbers', 'evaluate'),
  device: role('place', 'evaluate'),
  precision: role('numbers', 'evaluate'),
  threads: role('place', 'evaluate'),
  deterministic: role('place', 'evaluate'),
  data: role('numbers', 'evaluate'),
  'data.path': role('place', 'resume', 'evaluate'),
  'data.name': role('label', 'resume', 'evaluate'),
  // Which images are left out, data.json says.
  'data.brokenLimit': role('place', 'resume', 'evaluate'),
  'data.maxPixels': role('place', 'resume', 'evaluate'),
  // data.json says in words whether they are the same images.
  'data.hash': role('numbers', 'resume', 'evaluate'),
  views: role('numbers'),
  encoder: role('numbers'),
  norm: role('numbers'),
  projector: role('numbers'),
  predictor: role('numbers'),
  target: role('numbers'),
  objective: role('numbers'),
  supervision: role('numbers'),
  optimizer: role('numbers'),
  epochs: role('numbers'),
  batchSize: role('numbers'),
  accumulate: role('numbers'),
  epochBoundary: role('numbers'),
  onlineProbe: role('numbers'),
  evaluation: role('numbers', 'resume', 'evaluate'),
  checkpoint: role('place', 'resume'),
  log: role('place', 'resume'),
};

/** Of the setting at this path, 'data.path' or 'views.view1.0.p'; undefined: there is no such setting. */
export function roleOf(path: string): SettingRole | undefined {
  const keys = path.split('.');
  for (let length = keys.length; length > 0; length -= 1) {
    const found = settingRoles[keys.slice(0, length).join('.')];
    if (found !== undefined) return found;
  }
  return undefined;
}
