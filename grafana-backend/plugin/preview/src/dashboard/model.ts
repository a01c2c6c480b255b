import { DataTransformerConfig, FieldConfigSource } from '@grafana/data';
import { DataQuery } from '@grafana/schema';

/** The parts of a dashboard's JSON that the preview reads. */
export interface DashboardModel {
  title: string;
  time: { from: string; to: string };
  panels: PanelModel[];
  templating: { list: VariableModel[] };
}

export interface PanelModel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type?: string; uid?: string };
  targets?: DataQuery[];
  options?: Record<string, unknown>;
  fieldConfig?: FieldConfigSource;
  transformations?: DataTransformerConfig[];
  timeFrom?: string;
}

export interface VariableModel {
  name: string;
  label?: string;
  type: string;
  query?: string | { kind?: string };
  current?: { value?: string | string[] };
  options?: Array<{ value: string; text?: string }>;
  hide?: number;
  multi?: boolean;
}
