export interface PathsOptions {
  places: number;
}
