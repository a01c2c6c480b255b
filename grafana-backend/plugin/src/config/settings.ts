import { DataSourcePluginOptionsEditorProps } from '@grafana/data';

import { FootfallOptions, FootfallSecureOptions } from '../types';

export type ConfigProps = DataSourcePluginOptionsEditorProps<FootfallOptions, FootfallSecureOptions>;

/** The current settings, and how a section changes them. */
export interface Settings {
  url: string;
  json: FootfallOptions;
  changeUrl: (url: string) => void;
  change: (changed: Partial<FootfallOptions>) => void;
  /** Secrets are write-only: the browser only knows whether one is stored. */
  hasSecret: (name: string) => boolean;
  changeSecret: (name: string, value: string) => void;
  resetSecret: (name: string) => void;
}

export function settingsOf({ options, onOptionsChange }: ConfigProps): Settings {
  const { url, jsonData, secureJsonData, secureJsonFields } = options;
  return {
    url: url ?? '',
    json: jsonData,
    changeUrl: (url) => onOptionsChange({ ...options, url }),
    change: (changed) => onOptionsChange({ ...options, jsonData: { ...jsonData, ...changed } }),
    hasSecret: (name) => Boolean(secureJsonFields?.[name]),
    changeSecret: (name, value) =>
      onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, [name]: value } }),
    resetSecret: (name) =>
      onOptionsChange({
        ...options,
        secureJsonFields: { ...secureJsonFields, [name]: false },
        secureJsonData: { ...secureJsonData, [name]: '' },
      }),
  };
}
