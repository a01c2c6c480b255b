import { createContext, useContext } from 'react';

import { Suggestions } from '../../resources';

/** What every part of the editor needs: the source of suggestions, and the project. */
export interface Editing {
  suggest: Suggestions;
  project: string;
}

const none = () => Promise.resolve([]);
const EditingContext = createContext<Editing>({
  suggest: {
    projects: none,
    dimensions: none,
    events: none,
    properties: none,
    values: none,
    cohorts: none,
    schema: none,
  },
  project: '',
});

export const EditingProvider = EditingContext.Provider;
export const useEditing = () => useContext(EditingContext);
