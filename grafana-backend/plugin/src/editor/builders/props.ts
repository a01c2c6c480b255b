/** What the builder of a type of query is given. */
export interface BuilderProps<Q> {
  query: Q;
  /** Changes some fields of the query. */
  onChange: (change: Partial<Q>) => void;
}
