/** Props of a query type's builder. */
export interface BuilderProps<Q> {
  query: Q;
  /** Changes some fields of the query. */
  onChange: (change: Partial<Q>) => void;
  /** Runs the query as it is. */
  onRunQuery?: () => void;
}
