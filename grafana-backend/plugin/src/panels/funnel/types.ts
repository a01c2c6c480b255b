export interface FunnelOptions {
  bars: 'columns' | 'rows';
  showTimes: boolean;
}
